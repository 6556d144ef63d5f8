using Aos.Contracts;

namespace Aos.Integration.Tests.Budgets;

/// <summary>What runs do where a budget they share has no room, on every store.</summary>
public sealed class SharedBudgets : IAsyncLifetime
{
    private SpendingHouse house = null!;

    public async ValueTask InitializeAsync()
    {
        house = await SpendingHouse.OpenAsync(nodes: 1);
        house.Till.Price = static _ => 3;
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();

    private static CancellationToken Cancel => SpendingHouse.Cancel;

    [Fact]
    [Trait("id", "D7.1-01")]
    [Trait("id", "D7.1-02")]
    [Trait("id", "D7.1-03")]
    [Trait("id", "D7.1-04")]
    public async Task A_run_without_room_is_paused_with_what_it_has_and_goes_on_when_there_is_room_again()
    {
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Total, 9);
        var run = await house.StartAsync(0, Steps(3));

        var halted = (await house.SettleAsync([run]))[0];

        Assert.Equal(RunStatus.Paused, halted.Status);
        Assert.Equal([StepStatus.Succeeded, StepStatus.Succeeded, StepStatus.Pending], halted.Steps.Select(step => step.Status));
        var why = halted.Pause!.Why!;
        Assert.Equal("ACCOUNT_BUDGET_EXCEEDED", why.Code);
        Assert.Equal("""{"breach_type":"tenant_total","scope":"tenant","period":"total","limit_cents":9,"current_cents":6,"needed_cents":5}""", why.Details!.Value.GetRawText());
        Assert.Equal(0, await house.Nodes[0].ResumeAsync());
        Assert.Equal(halted.Seq, (await house.ReadAsync(run)).Seq);

        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Total, 11);
        Assert.Equal(1, await house.Nodes[0].ResumeAsync());

        Assert.Equal(RunStatus.Succeeded, (await house.SettleAsync([run]))[0].Status);
        Assert.Empty(await house.Nodes[0].Get<ILedger>().WaitingAsync(10, Cancel));
        Assert.Empty(await house.WrongAsync([run]));
        Assert.Null((await ReplayAsync(run)).Reason);
    }

    [Fact]
    [Trait("id", "D7.1-05")]
    public async Task Where_the_account_says_so_the_step_fails_and_its_fallback_stands_in()
    {
        await house.LimitAsync(AccountScope.Skill, "buy", AccountPeriod.Day, 4, fails: true);
        var run = await house.StartAsync(0, """{"name":"p","steps":[{"id":"a","skill":"buy","on_error":{"fallback":"b"}},{"id":"b","skill":"echo","params":{"free":true},"fallback_only":true},{"id":"c","skill":"buy"}]}""");

        var ended = (await house.SettleAsync([run]))[0];

        Assert.Equal((RunStatus.Failed, "ACCOUNT_BUDGET_EXCEEDED"), (ended.Status, ended.End!.Failure!.Code));
        Assert.Equal([StepStatus.Succeeded, StepStatus.Succeeded, StepStatus.Failed], ended.Steps.Select(step => step.Status));
        Assert.Equal(0, house.Till.Charged);
        Assert.Empty(await house.WrongAsync([run]));
        Assert.Null((await ReplayAsync(run)).Reason);
    }

    [Fact]
    [Trait("id", "D7.1-06")]
    public async Task A_run_that_a_person_paused_since_waits_for_a_person()
    {
        await house.LimitAsync(AccountScope.Agent, "agent", AccountPeriod.Month, 5);
        var run = await house.StartAsync(0, Steps(2));
        await house.SettleAsync([run]);
        var engine = house.Nodes[0].Engine;
        await engine.CommandAsync(TenantId.Default, run, new PauseRun("let me look"), Cancel);

        await house.LimitAsync(AccountScope.Agent, "agent", AccountPeriod.Month, 100);

        Assert.Equal(0, await house.Nodes[0].ResumeAsync());
        Assert.Equal("let me look", (await house.ReadAsync(run)).Pause!.Reason);
        Assert.IsType<CommandReply.Done>(await engine.CommandAsync(TenantId.Default, run, new ResumeRun("looked"), Cancel));
        Assert.Equal(RunStatus.Succeeded, (await house.SettleAsync([run]))[0].Status);
    }

    [Fact]
    [Trait("id", "D7.1-07")]
    public async Task Resuming_by_hand_where_there_is_no_room_is_refused_and_changes_nothing()
    {
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Hour, 5);
        var run = await house.StartAsync(0, Steps(2));
        var halted = (await house.SettleAsync([run]))[0];

        var reply = await house.Nodes[0].Engine.CommandAsync(TenantId.Default, run, new ResumeRun("please"), Cancel);

        Assert.Equal("ACCOUNT_BUDGET_EXCEEDED", Assert.IsType<CommandReply.Refused>(reply).Why.Code);
        Assert.Equal(halted.Seq, (await house.ReadAsync(run)).Seq);
    }

    [Fact]
    [Trait("id", "D7.1-08")]
    [Trait("id", "D7.1-09")]
    public async Task A_call_dearer_than_its_bound_is_booked_whole_and_halts_its_accounts()
    {
        house.Till.Price = static _ => 8;
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Day, 100);
        var run = await house.StartAsync(0, Steps(2));

        var halted = (await house.SettleAsync([run]))[0];

        Assert.Equal((RunStatus.Paused, new Cents(8)), (halted.Status, halted.Spent));
        Assert.Contains("is halted", halted.Pause!.Reason, StringComparison.Ordinal);
        var told = Assert.Single(await house.Nodes[0].Get<IBudgetTables>().EventsAsync(TenantId.Default, null, 10, Cancel));
        Assert.Equal(("overrun", new Cents(8), new Cents(5)), (told.Level, told.Spent, told.Most));
        Assert.Empty(await house.WrongAsync([run]));

        house.Till.Price = static _ => 2;
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Day, 100);
        await house.Nodes[0].ResumeAsync();

        Assert.Equal(RunStatus.Succeeded, (await house.SettleAsync([run]))[0].Status);
    }

    [Fact]
    [Trait("id", "D7.2-01")]
    [Trait("id", "D7.2-02")]
    public async Task A_run_that_its_own_budget_ended_keeps_its_results_and_goes_on_with_more()
    {
        var run = await house.StartAsync(0, Steps(3), budget: new Cents(9));
        var ended = (await house.SettleAsync([run]))[0];
        Assert.Equal("RUN_BUDGET_EXCEEDED", ended.End!.Failure!.Code);
        var engine = house.Nodes[0].Engine;

        var less = await engine.CommandAsync(TenantId.Default, run, new RetryRun("more") { Budget = new Cents(6) }, Cancel);
        var more = await engine.CommandAsync(TenantId.Default, run, new RetryRun("more") { Budget = new Cents(20) }, Cancel);

        Assert.Equal("INVALID_INPUT", Assert.IsType<CommandReply.Refused>(less).Why.Code);
        Assert.IsType<CommandReply.Done>(more);
        var again = (await house.SettleAsync([run]))[0];
        Assert.Equal((RunStatus.Succeeded, new Cents(9), new Cents(20), 3), (again.Status, again.Spent, again.Budget!.Value, house.Till.Calls));
        var row = (await house.Nodes[0].Get<IRunRows>().GetAsync(TenantId.Default, run, Cancel))!;
        Assert.Equal((new Cents(20), (int)KernelRule.Raise), (row.Budget!.Value, row.MinRule));
        Assert.Null((await ReplayAsync(run)).Reason);
        Assert.Empty(await house.WrongAsync([run]));
    }

    [Fact]
    [Trait("id", "D7.3-05")]
    [Trait("id", "D7.3-06")]
    public async Task A_cancelled_run_settles_its_calls_at_their_worst_and_frees_what_was_never_ordered()
    {
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Total, 100);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        house.Till.At = _ =>
        {
            asked.TrySetResult();
            return open.Task;
        };
        var run = await house.StartAsync(0, Steps(2));
        await asked.Task.WaitAsync(Cancel);
        var stray = new PaidCall { Call = "s1.-1#1.0.1", Attempt = 1, Agent = "agent", Skill = "buy", Model = "", Bound = new Cents(5), At = DateTimeOffset.UtcNow };
        var ledger = house.Nodes[0].Get<ILedger>();
        var order = new ReserveOrder(run, TenantId.Default, [stray], []);
        Assert.Equal(1, (await ledger.ReserveAsync(house.Nodes[0].Cluster.Lease.Node, order, Cancel)).Fits);
        Assert.Equal(1, (await ledger.ReserveAsync(house.Nodes[0].Cluster.Lease.Node, order, Cancel)).Fits);
        Assert.Equal(10_000_000, house.Ask<long>("SELECT reserved FROM budget_balances WHERE scope = 'tenant' AND period = 'total'"));

        await house.Nodes[0].Engine.CommandAsync(TenantId.Default, run, new CancelRun("enough"), Cancel);
        open.SetResult();

        var ended = (await house.SettleAsync([run]))[0];
        Assert.Equal(new Cents(5), ended.Spent);
        Assert.Equal(5_000_000, house.Ask<long>("SELECT spent FROM budget_balances WHERE scope = 'tenant' AND period = 'total'"));
        Assert.Equal(0, house.Ask<long>("SELECT reserved FROM budget_balances WHERE scope = 'tenant' AND period = 'total'"));
        Assert.Empty(await house.WrongAsync([run]));
        Assert.True((await ledger.ReserveAsync(new NodeId(Guid.NewGuid()), order, Cancel)) is { IsFenced: true } or { IsLost: true });
    }

    [Fact]
    [Trait("id", "D7.1-10")]
    public async Task Without_an_account_everything_is_booked_and_nothing_is_asked_beforehand()
    {
        var run = await house.StartAsync(0, """{"name":"p","steps":[{"id":"l","skill":"buy","for_each":"${{ [1, 2, 3, 4, 5, 6, 7] }}","params":{}},{"id":"o","skill":"once"}]}""");

        var ended = (await house.SettleAsync([run]))[0];

        Assert.Equal((RunStatus.Succeeded, new Cents(24)), (ended.Status, ended.Spent));
        Assert.Empty(await house.WrongAsync([run]));
        var sums = await house.Nodes[0].Get<IBudgetTables>().SumsAsync(TenantId.Default, AccountScope.Skill, byDay: false, "2000-01-01", "2999-01-01", 10, Cancel);
        Assert.Equal([("buy", new Cents(21), 7L), ("once", new Cents(3), 1L)], sums.Select(sum => (sum.Name, sum.Spent, sum.Calls)));
    }

    private static string Steps(int count) =>
        $$"""{"name":"p","steps":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"id":"s{{i}}","skill":"buy"}"""))}}]}""";

    private async Task<MachineReplay> ReplayAsync(RunId run)
    {
        var entries = await house.Nodes[0].Get<IJournal>().ReadAsync(run, 0, 1_000, Cancel);
        RunEvent[] events = [.. entries.Select(entry => Aos.Runs.EventCodec.Decode(run, entry))];
        return MachineReplay.Of(events, (decided, at) => Aos.Runs.EventCodec.Encode(run, at + 1, decided, at == 0 ? ChainHash.Start : entries[at - 1].Chain).Body.Span.SequenceEqual(entries[at].Body.Span));
    }
}
