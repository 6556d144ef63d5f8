using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>Where the runs of one compressed block of a file lie, bytes from the file's begin.</summary>
internal readonly record struct ArchiveBlock(long At, int Bytes);

/// <summary>An archived run as the index has it. Goal and labels stand in the file alone.</summary>
/// <param name="Chain">Of its last event: what the file gives must come to it.</param>
internal sealed record ArchivedRow(RunRow Row, byte[] Chain, Guid File, ArchiveBlock Block);

/// <summary>A run and those it started, all of which ended before the asked time. The first one is the root.</summary>
internal sealed record EndedTree(IReadOnlyList<RunRow> Runs)
{
    internal DateOnly EndDay { get; } = DateOnly.FromDateTime(Runs.Max(run => run.EndedAt)!.Value.UtcDateTime);
}

/// <param name="Last">The root to go on after; null: there are no more.</param>
/// <param name="Skipped">Runs of trees that are not over as a whole.</param>
internal sealed record EndedPage(IReadOnlyList<EndedTree> Trees, RunId? Last, int Skipped);
