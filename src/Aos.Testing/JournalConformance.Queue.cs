using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The checks of runs in line for a slot.</summary>
public sealed partial class JournalConformance
{
    private static readonly TenantId Third = new("third");

    private async Task OrdersLineAsync()
    {
        var (late, low, high, begun) = (New(), New(), New(), New());
        await QueueAsync(low, priority: -5);
        await QueueAsync(high, priority: 7);
        await QueueAsync(late);
        var later = New();
        await QueueAsync(later);
        await QueueAsync(begun, lane: Lane.Begun, priority: -9);
        await QueueAsync(New(), lane: Lane.Held);
        Expect(await rows.NextWakeAsync(cancel) is null && (await rows.ClaimDueAsync(Node, Now.AddDays(1), 9, cancel)).Count == 0, "runs in line are due");
        Expect(await TurnAsync(2) is [var one, var two] && (one, two) == (begun, high), "begun work, then the highest priority is not first");
        var (third, fourth) = late.CompareTo(later) < 0 ? (late, later) : (later, late);
        Expect((await TurnAsync(9)).SequenceEqual([third, fourth, low]), "the older of equal priority is not next");
        Expect((await TurnAsync(9)).Count == 0, "something was taken twice, or a run that stands still");
    }

    private async Task SharesSlotsAsync()
    {
        foreach (var tenant in new[] { TenantId.Default, Other, Third })
        {
            for (var i = 0; i < (tenant == Other ? 1 : 40); i++) await QueueAsync(New(), tenant);
        }

        var first = (await rows.ClaimQueuedAsync(Node, new QueueTurn("", 4), cancel)).Runs;
        Expect(first.Select(row => row.Tenant).SequenceEqual([TenantId.Default, Other, Third, TenantId.Default]), "tenants do not take turns");
        Expect(first.All(row => row is { Owned: true, Lane: null, HoldsSlot: true }), "what was taken has no slot");
        var next = (await rows.ClaimQueuedAsync(Node, new QueueTurn(TenantId.Default.Value, 1), cancel)).Runs;
        Expect(next is [{ } row] && row.Tenant == Third, "the turn does not go on behind the tenant that was served last");
        var narrow = await rows.ClaimQueuedAsync(Node, new QueueTurn("", 9, TenantsMax: 1), cancel);
        Expect(narrow.LookedTo == TenantId.Default.Value && narrow.Runs.All(run => run.Tenant == TenantId.Default), "more tenants were looked at");
        Expect((await rows.ClaimQueuedAsync(Node, new QueueTurn(Third.Value, 9), cancel)) is { Runs.Count: 0, LookedTo: null }, "there is a tenant behind the last");
    }

    private async Task KeepsTenantLimitAsync()
    {
        await rows.LimitAsync([new RunLimit(TenantId.Default, "", 2), new RunLimit(Other, "", 0)], cancel);
        for (var i = 0; i < 5; i++) await QueueAsync(New());
        await QueueAsync(New(), Other);
        await WriteAsync(Mine(New(), 0, 1, Now)); // Counts in no limit.
        var taken = await TurnAsync(9);
        Expect(taken.Count == 2, $"{taken.Count} were taken where 2 may be");
        Expect((await TurnAsync(9)).Count == 0, "more were taken");
        Expect(await rows.QueuedAsync(TenantId.Default, 99, cancel) == 3 && await rows.QueuedAsync(null, 99, cancel) == 4 && await rows.QueuedAsync(null, 2, cancel) == 2, "those in line are counted otherwise");
        await EndAsync(taken[0]);
        Expect((await TurnAsync(9)).Count == 1, "an ended run's slot is not free");
        await ParkAsync(taken[1]);
        Expect((await TurnAsync(9)).Count == 1, "a waiting run's slot is not free");
        await rows.LimitAsync([new RunLimit(TenantId.Default, "", null), new RunLimit(Other, "", 1)], cancel);
        Expect((await rows.LimitsAsync(cancel)).SequenceEqual([new RunLimit(Other, "", 1)]), "the limits are others");
        Expect((await TurnAsync(9)).Count == 2, "a limit that was taken away, or raised, still holds");
    }

    private async Task KeepsAgentLimitAsync()
    {
        await rows.LimitAsync([new RunLimit(TenantId.Default, "slow", 1), new RunLimit(TenantId.Default, "", 4)], cancel);
        for (var i = 0; i < 30; i++) await QueueAsync(New(), agent: "slow", scope: "slow", priority: 9);
        await QueueAsync(New());
        var taken = (await rows.ClaimQueuedAsync(Node, new QueueTurn("", 99), cancel)).Runs;
        Expect(taken.Select(row => row.AgentId).Order(StringComparer.Ordinal).SequenceEqual(["a", "slow"]), "an agent's limit does not hold, or holds up another agent");
        await rows.LimitAsync([new RunLimit(TenantId.Default, "slow", 9)], cancel);
        Expect((await TurnAsync(99)).Count == 2, "an agent's runs do not count in its tenant's limit");
    }

    private async Task QueuesDueAsync()
    {
        await rows.LimitAsync([new RunLimit(TenantId.Default, "", 1)], cancel);
        var (waiting, other) = (New(), New());
        await QueueAsync(New(), priority: 100);
        await WriteAsync(Park(Mine(waiting, 0, 1, Now), Now));
        await WriteAsync(Park(Mine(other, 0, 1, Now, Other), Now));
        var due = await rows.ClaimDueAsync(Node, Now, 9, cancel);
        Expect(due.Single(row => row.Id == other).Owned && due.Single(row => row.Id == waiting) is { Owned: false, Lane: Lane.Begun, WakeAt: null }, "a due run of a limited tenant is not in line");
        Expect((await TurnAsync(9)).SequenceEqual([waiting]), "who has begun is not ahead of who has not");
        Expect(await rows.GetAsync(TenantId.Default, waiting, cancel) is { HoldsSlot: true, Scope: "" }, "it takes no slot");
        await rows.ReleaseAsync(Node, waiting, Now, cancel);
        Expect((await TurnAsync(9)).Count == 1, "what was given back still holds its slot");
    }

    private async Task VisitsAsync()
    {
        await rows.LimitAsync([new RunLimit(TenantId.Default, "", 1)], cancel);
        var (working, waiting, queued) = (New(), New(), New());
        await QueueAsync(working);
        Expect((await TurnAsync(9)).SequenceEqual([working]), "the only slot was not given");
        await WriteAsync(Park(Mine(waiting, 0, 1, Now), null));
        await QueueAsync(queued);
        Expect(await rows.ClaimAsync(Node, waiting, Taking.Drive, cancel) is null, "a run was driven without a slot");
        Expect(await rows.GetAsync(TenantId.Default, waiting, cancel) is { Owned: false, Lane: Lane.Begun }, "it did not get in line");
        Expect(await rows.ClaimAsync(Node, waiting, Taking.VisitUnbegun, cancel) is null, "a run that has begun was visited as one that has not");
        Expect(await rows.ClaimAsync(Node, waiting, Taking.Visit, cancel) is { Owned: true, HoldsSlot: false }, "it cannot be visited");
        Expect(await rows.ClaimAsync(Node, queued, Taking.VisitUnbegun, cancel) is { Owned: true, HoldsSlot: false, Lane: Lane.New }, "a queued run cannot be visited");
        await rows.ReleaseAsync(Node, working, Now.AddDays(1), cancel);
        await rows.ReleaseAsync(Node, waiting, Now.AddDays(1), cancel);
        Expect(await rows.ClaimAsync(Node, waiting, Taking.Drive, cancel) is { HoldsSlot: true }, "a free slot was not given");
    }

    private async Task QueueAsync(RunId run, TenantId? tenant = null, string agent = "a", string scope = "", Lane lane = Lane.New, int priority = 0)
    {
        var append = Mine(run, 0, 1, Now, tenant);
        var status = lane switch { Lane.New => RunStatus.Queued, Lane.Held => RunStatus.Paused, _ => RunStatus.Waiting };
        await WriteAsync(append with { Row = append.Row with { Owner = null, AgentId = agent, Scope = scope, Lane = lane, Priority = priority, Status = status } });
    }

    private async Task<List<RunId>> TurnAsync(int max) => [.. (await rows.ClaimQueuedAsync(Node, new QueueTurn("", max), cancel)).Runs.Select(row => row.Id)];

    private async Task EndAsync(RunId run)
    {
        var end = Mine(run, 1, 1, Now);
        await WriteAsync(end with { Row = end.Row with { Owner = null, Status = RunStatus.Succeeded, Scope = "" } });
    }

    private async Task ParkAsync(RunId run)
    {
        var park = Mine(run, 1, 1, Now);
        await WriteAsync(Park(park with { Row = park.Row with { Scope = "" } }, null));
    }
}
