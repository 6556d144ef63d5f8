using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What both dialects do alike with trees of ended runs.</summary>
internal static class EndedTrees
{
    internal static EndedPage Page(IReadOnlyList<RunRow> roots, ILookup<RunId, RunRow> descendants, DateTimeOffset endedBefore, int max)
    {
        var (trees, skipped) = (new List<EndedTree>(roots.Count), 0);
        foreach (var root in roots)
        {
            EndedTree tree = new([root, .. descendants[root.Id].OrderBy(run => run.Id)]);
            if (tree.Runs.All(run => run.Status.IsOver() && !run.Owned && run.EndedAt < endedBefore)) trees.Add(tree);
            else skipped += tree.Runs.Count;
        }

        return new EndedPage(trees, roots.Count < max ? null : roots[^1].Id, skipped);
    }

    /// <summary>Trees of which every run is still as it was found.</summary>
    internal static List<RunRow> Whole(IReadOnlyList<EndedTree> trees, IReadOnlySet<RunId> held) =>
        [.. trees.Where(tree => tree.Runs.All(run => held.Contains(run.Id))).SelectMany(tree => tree.Runs).OrderBy(run => run.Id)];

    /// <summary>What agents spent in these runs; child runs are part of their parents. In one order, so that two who add up stand in line.</summary>
    internal static IReadOnlyList<(TenantId Tenant, string Agent, long Micros)> Spending(IEnumerable<RunRow> runs) =>
    [
        .. runs.Where(run => run.Parent is null && run.AgentId.Length == 36).GroupBy(run => (run.Tenant, run.AgentId))
            .Select(group => (group.Key.Tenant, group.Key.AgentId, group.Sum(run => run.Spent.ToMicros())))
            .Where(sum => sum.Item3 > 0).OrderBy(sum => sum.Tenant.Value, StringComparer.Ordinal).ThenBy(sum => sum.AgentId, StringComparer.Ordinal),
    ];

    /// <summary>The file without the runs that did not leave the database after all.</summary>
    internal static ArchiveFile Left(FiledRuns file, IReadOnlyList<RunRow> runs) =>
        file.File with { Runs = runs.Count, Events = runs.Sum(run => (long)run.Seq) };
}
