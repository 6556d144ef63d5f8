using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The checks of the run rows.</summary>
public sealed partial class JournalConformance
{
    private async Task HidesAsync()
    {
        var run = New();
        await WriteAsync(Mine(run, 0, 1, Now));
        Expect(await rows.GetAsync(TenantId.Default, run, cancel) is not null, "its own tenant does not see it");
        Expect(await rows.GetAsync(Other, run, cancel) is null, "another tenant reads it");
        Expect((await rows.ListAsync(new RunFilter(Other), cancel)).Count == 0, "another tenant lists it");
        Expect((await rows.CountAsync(Other, cancel)).Count == 0, "another tenant counts it");
    }

    private async Task PagesAsync()
    {
        var runs = Enumerable.Range(0, 25).Select(i => new RunId(Guid.CreateVersion7(Now.AddSeconds(i)))).ToList();
        foreach (var run in runs) await WriteAsync(Mine(run, 0, 1, Now));
        var seen = new List<RunId>();
        RunId? before = null;
        while (true)
        {
            var page = await rows.ListAsync(new RunFilter(TenantId.Default, Before: before, Limit: 10), cancel);
            seen.AddRange(page.Select(row => row.Id));
            if (page.Count < 10) break;
            before = page[^1].Id;
        }

        runs.Reverse();
        Expect(seen.SequenceEqual(runs), "the pages are not all runs, newest first");
    }

    private async Task FiltersAsync()
    {
        var (one, two) = (New(), New());
        var first = Mine(one, 0, 1, Now);
        await WriteAsync(first with { Row = first.Row with { AgentId = "b", Workflow = "w", Labels = new Dictionary<string, string> { ["env"] = "prod", ["x"] = "1" } } });
        var second = Mine(two, 0, 1, Now);
        await WriteAsync(second with { Row = second.Row with { Parent = one, Workflow = "v@2.1.0", Status = RunStatus.Failed, Owner = null, Labels = new Dictionary<string, string> { ["env"] = "test" } } });
        async Task OnlyAsync(RunId expected, RunFilter filter) =>
            Expect((await rows.ListAsync(filter, cancel)).Select(row => row.Id).SequenceEqual([expected]), $"{filter} finds something else");
        await OnlyAsync(one, new RunFilter(TenantId.Default, AgentId: "b"));
        await OnlyAsync(one, new RunFilter(TenantId.Default, Workflow: "w"));
        await OnlyAsync(two, new RunFilter(TenantId.Default, Workflow: "v"));
        await OnlyAsync(two, new RunFilter(TenantId.Default, Workflow: "v@2"));
        await OnlyAsync(two, new RunFilter(TenantId.Default, Workflow: "v@2.1.0"));
        await OnlyAsync(one, new RunFilter(TenantId.Default, Labels: new Dictionary<string, string> { ["env"] = "prod", ["x"] = "1" }));
        await OnlyAsync(two, new RunFilter(TenantId.Default, Statuses: [RunStatus.Failed, RunStatus.Cancelled]));
        await OnlyAsync(two, new RunFilter(TenantId.Default, Parent: one));
        Expect((await rows.ListAsync(new RunFilter(TenantId.Default, Labels: new Dictionary<string, string> { ["env"] = "prod", ["x"] = "2" }), cancel)).Count == 0, "labels are not all asked for");
    }

    private async Task ClaimsDueAsync()
    {
        var (late, early, later) = (New(), New(), New());
        await WriteAsync(Park(Mine(late, 0, 1, Now), Now.AddMinutes(2)));
        await WriteAsync(Park(Mine(early, 0, 1, Now), Now.AddMinutes(1)));
        await WriteAsync(Park(Mine(later, 0, 1, Now), Now.AddMinutes(9)));
        Expect(await rows.NextWakeAsync(cancel) == Now.AddMinutes(1), "the nearest wake is another");
        Expect((await rows.ClaimDueAsync(Node, Now.AddMinutes(3), 1, cancel)).Select(row => row.Id).SequenceEqual([early]), "the longest due is not first");
        Expect((await rows.ClaimDueAsync(Node, Now.AddMinutes(3), 9, cancel)).Select(row => row.Id).SequenceEqual([late]), "the rest due is another");
        Expect((await rows.ClaimDueAsync(Node, Now.AddMinutes(3), 9, cancel)).Count == 0, "something was claimed twice");
    }

    private async Task ClaimsOneAsync()
    {
        var (parked, owned) = (New(), New());
        await WriteAsync(Park(Mine(parked, 0, 1, Now), null));
        await WriteAsync(Mine(owned, 0, 1, Now));
        Expect(await rows.ClaimAsync(Node, owned, Taking.Drive, cancel) is null, "an owned run was claimed");
        Expect((await rows.ClaimAsync(Node, parked, Taking.Drive, cancel))?.Id == parked, "a parked run was not claimed");
        Expect(await rows.ClaimAsync(Node, parked, Taking.Drive, cancel) is null, "a run was claimed twice");
        var newer = Park(Mine(New(), 0, 1, Now), Now);
        await WriteAsync(newer with { Row = newer.Row with { MinRule = int.MaxValue } });
        Expect(await rows.ClaimAsync(Node, newer.Row.Id, Taking.Drive, cancel) is null, "a run of unknown rules was claimed");
        Expect((await rows.ClaimDueAsync(Node, Now, 9, cancel)).Count == 0, "a due run of unknown rules was claimed");
        await rows.ReleaseAsync(Node, parked, Now, cancel);
        Expect((await rows.ClaimDueAsync(Node, Now, 9, cancel)).Select(row => row.Id).SequenceEqual([parked]), "a run given back is not due");
    }

    private async Task FindsOwnAsync()
    {
        var runs = new List<RunId> { New(), New(), New() };
        foreach (var run in runs) await WriteAsync(Mine(run, 0, 1, Now));
        await WriteAsync(Park(Mine(New(), 0, 1, Now), null));
        runs.Sort();
        Expect((await rows.OwnedAsync(Node, null, 2, cancel)).Select(row => row.Id).SequenceEqual(runs.Take(2)), "the first page is another");
        Expect((await rows.OwnedAsync(Node, runs[1], 9, cancel)).Select(row => row.Id).SequenceEqual(runs.Skip(2)), "the rest is another");
    }

    private async Task FindsIdleAsync()
    {
        var (owned, over) = (New(), New());
        await WriteAsync(Mine(owned, 0, 1, Now));
        var ended = Park(Mine(over, 0, 1, Now), null);
        await WriteAsync(ended with { Row = ended.Row with { Status = RunStatus.Failed } });
        var idle = new List<RunId> { New(), New(), New() };
        foreach (var run in idle) await WriteAsync(Park(Mine(run, 0, 1, Now), null));
        idle.Sort();
        Expect((await rows.IdleAsync(TenantId.Default, null, 2, cancel)).Select(row => row.Id).SequenceEqual(idle.Take(2)), "the first page of idle runs is another");
        Expect((await rows.IdleAsync(null, idle[1], 9, cancel)).Select(row => row.Id).SequenceEqual(idle.Skip(2)), "the rest of the idle runs is another");
        Expect((await rows.IdleAsync(new TenantId("nobody"), null, 9, cancel)).Count == 0, "idle runs of another tenant were found");
    }

    private async Task ReleasesAsync()
    {
        var (running, over) = (New(), New());
        await WriteAsync(Mine(running, 0, 1, Now));
        var end = Mine(over, 0, 1, Now);
        await WriteAsync(end with { Row = end.Row with { Status = RunStatus.Succeeded } });
        Expect(await rows.ReleaseAllAsync(Node, cancel) == 1, "not one run was released");
        Expect(await journal.AppendAsync(Mine(running, 1, 1, Now), cancel) is AppendReply.Fenced, "a run that was given back was appended to");
        Expect((await rows.ClaimDueAsync(Node, Now, 9, cancel)) is [{ Adoptions: 0 } row] && row.Id == running && row.Owner == Node, "not the running one is due");
        var next = Mine(running, 1, 1, Now);
        await WriteAsync(next with { Row = next.Row with { Adoptions = 3 } });
        Expect((await rows.GetAsync(TenantId.Default, running, cancel))!.Adoptions == 3, "an append does not write the adoptions");
    }

    private async Task SetsAsideAsync()
    {
        var run = New();
        await WriteAsync(Park(Mine(run, 0, 1, Now), Now));
        await rows.SetAsideAsync(Node, Other, run, "STORE_CORRUPT", cancel);
        Expect((await rows.GetAsync(TenantId.Default, run, cancel))!.Status == RunStatus.Waiting, "another tenant set it aside");
        await rows.SetAsideAsync(Node, TenantId.Default, run, "STORE_CORRUPT", cancel);
        Expect(await rows.GetAsync(TenantId.Default, run, cancel) is { Status: RunStatus.Quarantined, FailureCode: "STORE_CORRUPT", Owned: false }, "it is not set aside");
        Expect((await rows.ClaimDueAsync(Node, Now, 9, cancel)).Count == 0, "it is due");
    }

    private async Task CountsAsync()
    {
        await WriteAsync(Mine(New(), 0, 1, Now));
        await WriteAsync(Mine(New(), 0, 1, Now));
        await WriteAsync(Park(Mine(New(), 0, 1, Now), null));
        var counts = await rows.CountAsync(TenantId.Default, cancel);
        Expect(counts.Count == 2 && counts[RunStatus.Running] == 2 && counts[RunStatus.Waiting] == 1, "the counts are others");
    }

    private async Task FindsByRootAndTimeAsync()
    {
        var (first, second) = (Park(Mine(New(), 0, 1, Now), null), Park(Mine(New(), 0, 1, Now), null));
        var (root, earlier) = (new string('a', 64), Now - TimeSpan.FromDays(1));
        first = first with { Row = first.Row with { RootHash = root, CreatedAt = earlier } };
        await WriteAsync(first);
        await WriteAsync(second);
        await ExpectFoundAsync(new RunFilter(TenantId.Default), first, second);
        await ExpectFoundAsync(new RunFilter(TenantId.Default) { RootHash = root }, first);
        await ExpectFoundAsync(new RunFilter(Other) { RootHash = root });
        await ExpectFoundAsync(new RunFilter(TenantId.Default) { From = earlier + TimeSpan.FromTicks(1) }, second);
        await ExpectFoundAsync(new RunFilter(TenantId.Default) { From = earlier, To = earlier }, first);
        await ExpectFoundAsync(new RunFilter(TenantId.Default, Statuses: [RunStatus.Running]) { To = Now });
    }

    private async Task ExpectFoundAsync(RunFilter filter, params JournalAppend[] runs)
    {
        var found = (await rows.ListAsync(filter, cancel)).Select(row => row.Id).ToHashSet();
        Expect(found.SetEquals(runs.Select(run => run.Row.Id)), "a filter finds others");
        Expect(await rows.CountAsync(filter with { Limit = 1 }, cancel) == runs.Length, "a filter counts others");
    }
}
