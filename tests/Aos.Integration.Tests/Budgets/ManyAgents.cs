using Aos.Testing;

namespace Aos.Integration.Tests.Budgets;

/// <summary>Many agents on several nodes spend from one budget while nodes die at every point around reservation, append, call and settlement.</summary>
public sealed class ManyAgents
{
    private const int Agents = 64;

    /// <summary>Cents; what all runs want is more.</summary>
    private const int Limit = 400;

    private const string Plan = """
        {"name":"p","steps":[{"id":"a","skill":"buy","depends_on":[]},{"id":"b","skill":"buy","depends_on":[]},{"id":"c","skill":"buy","depends_on":["a","b"]},{"id":"d","skill":"echo","depends_on":["c"]},{"id":"e","skill":"buy","depends_on":["d"]}]}
        """;

    [Fact]
    [Trait("id", "D7.3-01")]
    [Trait("id", "D7.3-02")]
    [Trait("id", "D7.3-03")]
    [Trait("id", "D7.3-04")]
    public async Task Sixty_four_agents_never_exceed_the_budget_by_a_cent_whatever_dies()
    {
        await using var house = await SpendingHouse.OpenAsync();
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Day, Limit);
        var chance = new Random(20261127);
        house.Dies = _ =>
        {
            lock (chance) return house.Deaths < 24 && chance.Next(25) == 0;
        };

        var runs = await Task.WhenAll(Enumerable.Range(0, Agents).Select(i => house.StartAsync(i, Plan, $"agent-{i}")));
        var halted = await house.SettleAsync(runs);
        while (await house.Nodes[0].ResumeAsync() > 0) halted = await house.SettleAsync(runs); // Some found no room only while others were under way.

        Assert.InRange(house.Deaths, 10, 30);
        Assert.InRange(house.Till.Charged, Limit - Till.Bound + 1, Limit);
        Assert.InRange(house.Ask<long>("SELECT spent + reserved FROM budget_balances WHERE scope = 'tenant' AND period <> 'total'"), 0, Limit * 1_000_000L);
        Assert.Contains(halted, state => state.Pause?.Why is { Code: "ACCOUNT_BUDGET_EXCEEDED" });
        Assert.Empty(await house.WrongAsync(runs));

        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Day, 10 * Limit);
        await house.Nodes[0].ResumeAsync();
        var ended = await house.SettleAsync(runs);

        Assert.All(ended, state => Assert.Equal(RunStatus.Succeeded, state.Status));
        Assert.Empty(await house.WrongAsync(runs));
        Assert.Equal(4 * Agents, house.Till.Calls);
        Assert.Equal(house.Till.Charged * 1_000_000L, house.Ask<long>("SELECT sum(actual) FROM ledger WHERE state = 1"));
        Assert.Equal(0, house.Ask<long>("SELECT count(*) FROM ledger WHERE state = 0"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("id", "D7.3-09")]
    public async Task A_ledger_with_a_mistake_is_seen(int mistake)
    {
        await using var house = await SpendingHouse.OpenAsync();
        house.Planted = (Mistake)mistake;
        await house.LimitAsync(AccountScope.Tenant, "", AccountPeriod.Day, 40);

        var runs = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => house.StartAsync(i, Plan)));
        await house.SettleAsync(runs);

        var wrong = await house.WrongAsync(runs);
        Assert.Equal(house.Planted != Mistake.None, house.Till.Charged > 40 || wrong.Count > 0);
    }

    [Fact]
    [Trait("id", "D7.4-09")]
    [Trait("id", "D7.3-10")]
    public async Task Of_an_agents_last_cents_no_two_nodes_get_the_same_and_a_runs_end_gives_back_what_it_never_used()
    {
        await using var house = await SpendingHouse.OpenAsync();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        house.Till.At = _ => open.Task;
        var runs = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => house.StartAsync(i, """{"name":"p","steps":[{"id":"a","skill":"buy"}]}""")));
        var own = new BudgetAccount(new AccountKey(AccountScope.Agent, "x", AccountPeriod.Total)) { Hard = new Cents(12), IsAgents = true };
        var call = new PaidCall { Call = "s9.-1#1.0.1", Attempt = 1, Agent = "x", Skill = "buy", Model = "", Bound = new Cents(5), At = DateTimeOffset.UtcNow };

        var replies = await Task.WhenAll(runs.Select((run, i) => house.Nodes[i % house.Nodes.Count]).Select((node, i) =>
            node.Get<Contracts.ILedger>().ReserveAsync(node.Cluster.Lease.Node, new Contracts.ReserveOrder(runs[i], TenantId.Default, [call], [own]), SpendingHouse.Cancel)));

        Assert.Equal(2, replies.Sum(reply => reply.Fits));
        Assert.All(replies.Where(reply => reply.Fits == 0), reply => Assert.Equal("AGENT_BUDGET_EXCEEDED", reply.Breach!.Why.Code));
        open.SetResult();
        Assert.All(await house.SettleAsync(runs), state => Assert.Equal(RunStatus.Succeeded, state.Status));
        Assert.Equal(2, house.Ask<long>("SELECT count(*) FROM ledger WHERE state = 2"));
        Assert.Equal(0, house.Ask<long>("SELECT sum(reserved) FROM budget_balances"));
        Assert.Empty(await house.WrongAsync(runs));
    }
}
