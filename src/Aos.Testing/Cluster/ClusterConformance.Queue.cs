using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The checks of slots that several nodes take.</summary>
public sealed partial class ClusterConformance
{
    private async Task LimitsAtOnceAsync()
    {
        await first.Rows.LimitAsync([new RunLimit(TenantId.Default, "", 3), new RunLimit(TenantId.Default, "b", 1)], cancel);
        var left = 24;
        for (var i = 0; i < left; i++) await QueueAsync(i % 2 == 0 ? first : second, i % 3 == 0 ? "b" : "");
        while (left > 0)
        {
            // Each asks twice at once, for more than there are slots.
            var turns = await Task.WhenAll(new[] { first, second, first, second }.Select(side => side.Rows.ClaimQueuedAsync(side.Node, new QueueTurn("", 5), cancel)));
            var taken = turns.SelectMany(turn => turn.Runs).ToList();
            var holding = (await first.Rows.ListAsync(new RunFilter(TenantId.Default, Limit: 1000), cancel)).Where(row => row.HoldsSlot).ToList();
            Expect(taken.Count > 0 && taken.Select(row => row.Id).Order().SequenceEqual(holding.Select(row => row.Id).Order()), "the runs with slots are not those that were taken");
            Expect(holding.Count <= 3 && holding.Count(row => row.Scope == "b") <= 1, $"{holding.Count} runs have slots, {holding.Count(row => row.Scope == "b")} of them of one agent");
            left -= taken.Count;
            foreach (var row in taken) await EndAsync(row);
        }
    }

    private async Task DrivesWithinLimitsAsync()
    {
        await first.Rows.LimitAsync([new RunLimit(TenantId.Default, "", 2)], cancel);
        for (var round = 0; round < Rounds; round++)
        {
            await QueueAsync(first, "");
            var (one, two) = (await ParkAsync(first, null), await ParkAsync(second, null));
            await Task.WhenAll(
                first.Rows.ClaimAsync(first.Node, one, Taking.Drive, cancel), second.Rows.ClaimAsync(second.Node, two, Taking.Drive, cancel),
                first.Rows.ClaimQueuedAsync(first.Node, new QueueTurn("", 9), cancel), second.Rows.ClaimQueuedAsync(second.Node, new QueueTurn("", 9), cancel));
            var holding = (await first.Rows.ListAsync(new RunFilter(TenantId.Default, Limit: 1000), cancel)).Where(row => row.HoldsSlot).ToList();
            Expect(holding.Count == 2, $"{holding.Count} runs have slots where 2 may");
            foreach (var row in holding) await EndAsync(row);
        }
    }

    private async Task KeepsSlotsAsync()
    {
        await first.Rows.LimitAsync([new RunLimit(TenantId.Default, "", 2)], cancel);
        for (var i = 0; i < 5; i++) await QueueAsync(second, "");
        var taken = (await first.Rows.ClaimQueuedAsync(first.Node, new QueueTurn("", 9), cancel)).Runs;
        var visited = await QueueAsync(second, "");
        Expect(taken.Count == 2 && await first.Rows.ClaimAsync(first.Node, visited, Taking.VisitUnbegun, cancel) is not null, "two slots were not given");
        await kill();
        Expect((await second.Rows.ClaimQueuedAsync(second.Node, new QueueTurn("", 9), cancel)).Runs.Count == 0, "a dead node's slots were given away while its runs are under way");
        var orphans = await second.Rows.ClaimOrphansAsync(second.Node, 9, cancel);
        Expect(orphans.Select(row => row.Id).Order().SequenceEqual(taken.Select(row => row.Id).Order()) && orphans.All(row => row.HoldsSlot), "its runs were not taken over with their slots");
        Expect(await second.Rows.GetAsync(TenantId.Default, visited, cancel) is { Owned: false, Lane: Lane.New, Adoptions: 0 }, "a run it visited is not in line again");
        await EndAsync(orphans[0]);
        Expect((await second.Rows.ClaimQueuedAsync(second.Node, new QueueTurn("", 9), cancel)).Runs.Count == 1, "the slot of an ended run is not free");
    }

    private async Task TellsOfLineAsync()
    {
        var told = new List<bool>();
        void Note(Pulse pulse)
        {
            lock (told) told.Add(pulse.HasQueue);
        }

        second.Cluster.Pulsed += Note;
        await beat();
        lock (told) Expect(told.Count > 0 && !told.Contains(true), "a node was told of a line that is not there");
        await QueueAsync(first, "");
        await beat(); // One that was under way may have looked before.
        await beat();
        lock (told) Expect(told[^1], "a node was not told of a run in line");
        second.Cluster.Pulsed -= Note;
    }

    private async Task<RunId> QueueAsync(ClusterSide side, string scope)
    {
        var append = Of(side.Node, New(), 0, 1);
        var row = append.Row with { Owner = null, Status = RunStatus.Queued, Lane = Lane.New, Scope = scope, AgentId = scope.Length > 0 ? scope : append.Row.AgentId };
        await WriteAsync(side, append with { Row = row });
        return row.Id;
    }

    private async Task EndAsync(RunRow row)
    {
        var side = row.Owner == first.Node ? first : second;
        var end = Of(side.Node, row.Id, row.Seq, 1);
        await WriteAsync(side, end with { Row = end.Row with { Owner = null, Status = RunStatus.Succeeded, Scope = row.Scope, AgentId = row.AgentId } });
    }
}
