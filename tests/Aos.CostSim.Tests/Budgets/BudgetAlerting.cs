using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>Whoever is on duty is told once that a budget comes near its limit, reached it or is halted, and that there is room again.</summary>
public sealed class BudgetAlerting : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private static readonly AccountKey Day = new(AccountScope.Tenant, "", AccountPeriod.Day);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly HashSet<Guid> sent = [];
    private AlertPeer peer = null!;
    private ModelHouse house = null!;
    private BudgetAlerts alerts = null!;

    public async ValueTask InitializeAsync()
    {
        peer = await AlertPeer.OpenAsync();
        house = new ModelHouse(new CostSimOptions { Breaker = new BreakerOptions { AlertmanagerUrl = peer.Url, RunbookUrl = "https://runbooks.example/aos/costsim-circuit-breaker" } });
        alerts = Looker();
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "D8.4-01")]
    [Trait("id", "D8.4-02")]
    public async Task A_warning_becomes_a_breach_and_ends_with_it_when_the_limit_is_raised()
    {
        await LimitAsync(soft: 100);
        await SpendAsync(85);
        await LookAsync();
        await LookAsync(); // Told already.
        var warned = Assert.Single(peer.Alerts);
        Assert.Equal("alertname=BudgetWarning severity=p3 component=costsim tenant_id=acme scope=tenant period=2026-03-31", warned.Labels);
        Assert.Equal("https://runbooks.example/aos/costsim-budgets", warned.Annotation("runbook_url"));
        Assert.Contains("85", warned.Annotation("description"), StringComparison.Ordinal);
        Assert.True(warned.Ends > warned.Starts.AddDays(300));

        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await SpendAsync(16);
        await LookAsync();
        Assert.Equal(["BudgetWarning", "BudgetExceeded", "BudgetWarning"], peer.Alerts.Select(alert => alert.Label("alertname")));
        Assert.Equal("p2", peer.Alerts[1].Label("severity"));
        Assert.Equal((warned.Labels, warned.Starts, house.Clock.GetUtcNow()), (peer.Alerts[2].Labels, peer.Alerts[2].Starts, peer.Alerts[2].Ends));

        await LimitAsync(soft: 1_000);
        await LookAsync();
        await LookAsync();
        Assert.Equal((4, peer.Alerts[1].Labels, house.Clock.GetUtcNow()), (peer.Alerts.Count, peer.Alerts[3].Labels, peer.Alerts[3].Ends));
        Assert.Null(peer.Complaint);
        Assert.Equal(4, (await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, cancel)).Count);
    }

    [Fact]
    [Trait("id", "D8.4-03")]
    public async Task A_new_period_ends_it_although_nobody_spends_anything_more()
    {
        await LimitAsync(hard: 100);
        await SpendAsync(100);
        await LookAsync();
        house.Clock.Advance(TimeSpan.FromHours(11));
        await LookAsync();
        Assert.Equal("BudgetExceeded", Assert.Single(peer.Alerts).Label("alertname"));

        house.Clock.Advance(TimeSpan.FromHours(2));
        await LookAsync();
        await LookAsync();

        Assert.Equal((2, peer.Alerts[0].Labels), (peer.Alerts.Count, peer.Alerts[1].Labels));
        Assert.Equal(new DateTimeOffset(2026, 4, 1, 1, 0, 0, TimeSpan.Zero), peer.Alerts[1].Ends);
    }

    [Fact]
    [Trait("id", "D8.4-04")]
    public async Task A_dear_call_is_told_once_also_by_a_process_that_has_just_started()
    {
        await SpendAsync(150);
        await LookAsync();
        alerts = Looker();
        house.Clock.Advance(TimeSpan.FromMinutes(30));
        await LookAsync();

        var dear = Assert.Single(peer.Alerts);
        Assert.Equal(("BudgetCallDear", "p3", TimeSpan.FromHours(1)), (dear.Label("alertname"), dear.Label("severity"), dear.Ends - dear.Starts));
        Assert.NotNull(dear.Label("run_id"));

        house.Clock.Advance(TimeSpan.FromDays(3)); // Its row goes; nothing is sent for it.
        await LookAsync();
        Assert.Empty(await house.Get<IBudgetAlertSink>().OpenAsync(house.Clock.GetUtcNow(), cancel));
        Assert.Single(peer.Alerts);
    }

    [Fact]
    [Trait("id", "D8.4-05")]
    public async Task A_halted_account_wakes_somebody_until_it_is_set_again()
    {
        await LimitAsync(hard: 1_000);
        await SpendAsync(1);
        await house.Get<IDatabase>().ForHouse.WriteAsync((connection, transaction) =>
        {
            using var halt = connection.CreateCommand();
            (halt.Transaction, halt.CommandText) = (transaction, "UPDATE budget_accounts SET halted = 'A call cost more than its bound.', halted_at = 1 WHERE tenant_id = 'acme'");
            return halt.ExecuteNonQuery();
        }, cancel);
        await LookAsync();
        var halted = Assert.Single(peer.Alerts);
        Assert.Equal(("BudgetHalted", "p1", "A call cost more than its bound."), (halted.Label("alertname"), halted.Label("severity"), halted.Annotation("description")));

        await LimitAsync(hard: 1_000);
        await LookAsync();
        Assert.Equal((2, halted.Labels, house.Clock.GetUtcNow()), (peer.Alerts.Count, peer.Alerts[1].Labels, peer.Alerts[1].Ends));
    }

    [Fact]
    [Trait("id", "D8.4-06")]
    public async Task Two_that_see_the_same_tell_it_once_and_tenants_do_not_wait_for_each_other()
    {
        var at = house.Clock.GetUtcNow();
        BudgetEvent Seen(string tenant) => new(new TenantId(tenant), "account:tenant_day::2026-03-31", "exceeded", "tenant", "", "2026-03-31", null, new Cents(10), new Cents(10), "Reached.", at);
        var sink = house.Get<IBudgetAlertSink>();

        await Task.WhenAll(Enumerable.Range(0, 8).SelectMany(_ => new[] { "acme", "rival" }).Select(tenant => Task.Run(() => sink.SeenAsync(new BudgetSight(new TenantId(tenant), [Seen(tenant)], [], at), cancel), cancel)));

        var laid = await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 20, cancel);
        Assert.Equal(["alertmanager:budgets:acme", "alertmanager:budgets:rival"], laid.Select(row => row.Item.Endpoint).Order(StringComparer.Ordinal));
        Assert.Empty(await house.Get<IOutbox>().ListAsync(Acme, null, 20, cancel)); // The address of the Alertmanager is the house's matter.
    }

    [Fact]
    [Trait("id", "D8.4-07")]
    public async Task Without_an_address_nothing_is_laid_by()
    {
        await using var quiet = new ModelHouse();
        var sink = quiet.Get<IBudgetAlertSink>();
        var at = quiet.Clock.GetUtcNow();
        await sink.SeenAsync(new BudgetSight(Acme, [new BudgetEvent(Acme, "s", "warn", "tenant", "", "2026-03-31", null, new Cents(1), new Cents(1), "m", at)], [], at), cancel);

        Assert.Empty(await sink.OpenAsync(at, cancel));
        Assert.Empty(await quiet.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, cancel));
    }

    [Fact]
    [Trait("id", "D8.1-08")]
    public async Task The_share_of_a_day_is_told_of_those_that_have_spent_most_of_theirs()
    {
        var tables = house.Get<IBudgetTables>();
        await LimitAsync(hard: 100, soft: 50);
        await SpendAsync(40);
        await house.Get<ILedger>().ChargeAsync(new TenantId("rival"), "a", "llm_invoke", new Cents(300), house.Clock.GetUtcNow(), cancel);
        await house.Get<ILedger>().ChargeAsync(new TenantId("before"), "a", "llm_invoke", new Cents(300), house.Clock.GetUtcNow().AddDays(-1), cancel);

        Assert.Equal([new DayUse(Acme, 0.8m), new DayUse(new TenantId("rival"), 0.3m)], await tables.DayUsesAsync(house.Clock.GetUtcNow(), new Cents(1_000), 10, cancel));
        Assert.Equal([new DayUse(Acme, 0.8m)], await tables.DayUsesAsync(house.Clock.GetUtcNow(), new Cents(1_000), 1, cancel));
        await LimitAsync(hard: 0);
        Assert.Equal(0.04m, (await tables.DayUsesAsync(house.Clock.GetUtcNow(), new Cents(1_000), 10, cancel))[1].Share);
    }

    private BudgetAlerts Looker() => ActivatorUtilities.CreateInstance<BudgetAlerts>(house.Get<IServiceProvider>());

    private Task LimitAsync(decimal? hard = null, decimal? soft = null) => house.Get<IBudgetTables>().PutAsync(
        Acme, new BudgetAccount(Day) { Hard = hard is { } most ? new Cents(most) : null, Soft = soft is { } said ? new Cents(said) : null }, "test", house.Clock.GetUtcNow(), cancel);

    private Task SpendAsync(decimal cents) => house.Get<ILedger>().ChargeAsync(Acme, "a", "llm_invoke", new Cents(cents), house.Clock.GetUtcNow(), cancel);

    /// <summary>A look, and what it has to say goes out in its order. Not by the post: on a shared store that one goes by the database's clock.</summary>
    private async Task LookAsync()
    {
        await alerts.PassAsync(cancel);
        var delivery = house.Get<IEnumerable<IDelivery>>().Single(one => one.Kind == AlertQueue.Kind);
        foreach (var row in (await house.Get<IOutbox>().ListAsync(TenantId.Default, OutboxState.Waiting, 100, cancel)).Where(row => sent.Add(row.Item.Id)))
            Assert.Null(await delivery.DeliverAsync(row.Item, cancel));
    }
}
