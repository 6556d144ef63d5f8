using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The runs of a database that are over, in the words of its dialect.</summary>
internal interface IEndedRuns
{
    /// <summary>
    /// Whole trees that ended before a time, by the ids of their roots: whoever began first comes first, so that what was taken already
    /// is not looked through again.
    /// </summary>
    /// <param name="max">Roots looked at.</param>
    Task<EndedPage> FindAsync(RunId? after, DateTimeOffset endedBefore, int max, CancellationToken cancel);

    /// <summary>The events of runs as stored, run by run in ascending order of their ids. A run without any is left out.</summary>
    IAsyncEnumerable<(RunId Run, IReadOnlyList<JournalEntry> Entries)> ReadAsync(IReadOnlyList<RunId> runs, CancellationToken cancel);

    /// <summary>
    /// Takes whole trees out of the database in one transaction, if nobody has gone on with one of their runs since they were found.
    /// Replies the runs that left.
    /// </summary>
    /// <param name="file">The file they are in, and where each lies, for the index; null: they are deleted for good.</param>
    Task<IReadOnlyList<RunId>> TakeAsync(IReadOnlyList<EndedTree> trees, FiledRuns? file, CancellationToken cancel);
}

/// <summary>A finished file, and the runs in it.</summary>
/// <param name="File">As if all of its runs were taken.</param>
internal sealed record FiledRuns(ArchiveFile File, IReadOnlyDictionary<RunId, ArchivedRow> Rows);
