using System.Data.Common;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A file of ended runs outside the database.</summary>
/// <param name="Name">Path below the archive directory.</param>
/// <param name="Place">Machine and directory it was written to.</param>
/// <param name="Sha256">Of the whole file, 64 hex digits.</param>
/// <param name="EndedFrom">When the first of its runs ended; all ended on one UTC day.</param>
public sealed record ArchiveFile(
    Guid Id, string Name, string Place, long Bytes, string Sha256, long Runs, long Events, DateTimeOffset EndedFrom, DateTimeOffset EndedTo, DateTimeOffset MadeAt);

/// <summary>What a pass over the ended runs did, or would do.</summary>
/// <param name="Skipped">Runs that stay because they, or a run of their tree, are damaged, under way, or too young.</param>
/// <param name="Deleted">Runs that are gone for good.</param>
public sealed record ArchiveReport(long Runs, long Events, long Files, long Bytes, long Skipped, long Deleted);

/// <summary>What a check of an archive file found.</summary>
/// <param name="Reason">Null when all is well.</param>
public sealed record ArchiveVerdict(ArchiveFile File, bool IsHere, string? Reason);

/// <summary>Ended runs in files: written by policy or on demand, read by the same doors as all others.</summary>
public interface IArchive
{
    /// <summary>The youngest age at which a run may be archived or deleted: what it cost today must be counted today.</summary>
    static TimeSpan AgeMin => TimeSpan.FromDays(1);

    /// <summary>Archives the runs that ended before <paramref name="olderThan"/> ago.</summary>
    /// <param name="olderThan">At least <see cref="AgeMin"/>.</param>
    Task<ArchiveReport> ArchiveAsync(TimeSpan olderThan, CancellationToken cancel);

    /// <summary>Counts what <see cref="ArchiveAsync"/> would take; changes nothing.</summary>
    Task<ArchiveReport> CountAsync(TimeSpan olderThan, CancellationToken cancel);

    /// <summary>All files, newest end first.</summary>
    Task<IReadOnlyList<ArchiveFile>> FilesAsync(int limit, CancellationToken cancel);

    /// <summary>Reads every byte of the files that are here: their hash, their blocks, the chain of every run, and the index over them.</summary>
    Task<IReadOnlyList<ArchiveVerdict>> VerifyAsync(CancellationToken cancel);
}

/// <summary>
/// An archived run cannot be read: its file is not here, or is not as it was written. <see cref="Failure"/> says which, and what
/// to do.
/// </summary>
public sealed class ArchiveUnreadableException(Failure failure) : Exception(failure.Message)
{
    public Failure Failure { get; } = failure;
}

/// <summary>A room that keeps rows of its own about runs: they go when a run is deleted for good.</summary>
public interface IForgetsRuns
{
    /// <summary>Deletes them in the transaction that deletes the runs.</summary>
    void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs);
}
