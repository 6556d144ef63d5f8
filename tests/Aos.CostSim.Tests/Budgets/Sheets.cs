namespace Aos.CostSim.Tests.Budgets;

/// <summary>Whether a call fits, decided over the balances alone: what trackers of spending promise.</summary>
[Trait("store", "none")]
public sealed class Sheets
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly TenantId Acme = new("acme");

    [Fact]
    [Trait("id", "D7.4-01")]
    [Trait("id", "D7.4-02")]
    public void What_nobody_spent_is_nothing_and_spending_adds_up()
    {
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents>());
        var account = Account(AccountScope.Tenant, "", AccountPeriod.Day, 175);

        Assert.Null(sheet.Take(Acme, Call(100), [account]));
        Assert.Null(sheet.Take(Acme, Call(50), [account]));
        Assert.Null(sheet.Take(Acme, Call(25), [account]));

        Assert.Equal(new Cents(175), sheet.Take(Acme, Call(0.000001m), [account])!.Used);
    }

    [Fact]
    [Trait("id", "D7.4-03")]
    public void Three_workers_of_three_calls_get_as_many_as_fit_and_the_others_a_refusal()
    {
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents>());
        var account = Account(AccountScope.Agent, "a", AccountPeriod.Total, 500);

        var replies = Enumerable.Range(0, 9).Select(_ => sheet.Take(Acme, Call(100), [account])).ToList();

        Assert.Equal((5, 4), (replies.Count(reply => reply is null), replies.Count(reply => reply is not null)));
        Assert.All(replies.Skip(5), reply => Assert.Equal(new Cents(500), reply!.Used));
    }

    [Theory]
    [InlineData(AccountScope.Tenant, "", AccountPeriod.Hour, "tenant_hour")]
    [InlineData(AccountScope.Tenant, "", AccountPeriod.Day, "tenant_day")]
    [InlineData(AccountScope.Agent, "a", AccountPeriod.Month, "agent_month")]
    [InlineData(AccountScope.Model, "m", AccountPeriod.Total, "model_total")]
    [InlineData(AccountScope.Skill, "s", AccountPeriod.Day, "skill_day")]
    [Trait("id", "D7.4-04")]
    public void A_refusal_names_account_limit_use_and_need(AccountScope scope, string name, AccountPeriod period, string type)
    {
        var account = Account(scope, name, period, 100);
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents> { [BalanceKey.Of(Acme, account.Key, Noon)] = new(97) });

        var why = sheet.Take(Acme, Call(5), [account])!.Why;

        Assert.Equal(("ACCOUNT_BUDGET_EXCEEDED", type), (why.Code, why.Details!.Value.GetText("breach_type")));
        Assert.Contains("100 cents, of which 97 are spent or reserved", why.Message, StringComparison.Ordinal);
        Assert.Contains("up to 5", why.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D7.4-05")]
    public void Tenants_agents_models_and_periods_do_not_count_in_one_another()
    {
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents>());
        BudgetAccount[] accounts = [Account(AccountScope.Tenant, "", AccountPeriod.Day, 10), Account(AccountScope.Agent, "a", AccountPeriod.Day, 10), Account(AccountScope.Model, "m", AccountPeriod.Day, 10)];
        Assert.Null(sheet.Take(Acme, Call(10), accounts));

        Assert.NotNull(sheet.Take(Acme, Call(1), accounts));
        Assert.Null(sheet.Take(new TenantId("other"), Call(10), accounts));
        Assert.Null(sheet.Take(Acme, Call(10) with { At = Noon.AddDays(1) }, accounts));
        Assert.Null(sheet.Take(new TenantId("third"), Call(10) with { Agent = "b", Model = "n" }, accounts[1..]));
    }

    [Fact]
    [Trait("id", "D7.4-06")]
    public void A_call_refused_by_one_account_is_reserved_in_none()
    {
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents>());
        BudgetAccount[] accounts = [Account(AccountScope.Tenant, "", AccountPeriod.Day, 100), Account(AccountScope.Skill, "s", AccountPeriod.Day, 10)];

        Assert.Equal(AccountScope.Skill, sheet.Take(Acme, Call(11), accounts)!.Account.Key.Scope);

        Assert.Null(sheet.Take(Acme, Call(100) with { Skill = "t" }, accounts));
    }

    [Fact]
    [Trait("id", "D7.4-07")]
    public void Zero_is_zero_no_limit_is_none_and_a_halted_account_pays_nothing()
    {
        var sheet = new BudgetSheet(new Dictionary<BalanceKey, Cents>());
        var open = Account(AccountScope.Tenant, "", AccountPeriod.Day, 0) with { Hard = null, Soft = new Cents(1) };

        Assert.NotNull(sheet.Take(Acme, Call(1), [Account(AccountScope.Tenant, "", AccountPeriod.Day, 0)]));
        Assert.Null(sheet.Take(Acme, Call(1_000_000), [open]));
        Assert.Contains("is halted: look", sheet.Take(Acme, Call(1), [open with { Halted = "look" }])!.Why.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D7.4-08")]
    public void An_agents_own_budget_refuses_with_its_own_code() => Assert.Equal(
        "AGENT_BUDGET_EXCEEDED",
        new BudgetSheet(new Dictionary<BalanceKey, Cents>()).Take(Acme, Call(2), [Account(AccountScope.Agent, "a", AccountPeriod.Total, 1) with { IsAgents = true }])!.Why.Code);

    [Theory]
    [InlineData(7.5, null)]
    [InlineData(79.999999, null)]
    [InlineData(80, "warn")]
    [InlineData(85, "warn")]
    [InlineData(100, "exceeded")]
    [InlineData(110, "exceeded")]
    [Trait("id", "D7.5-01")]
    [Trait("id", "D7.5-02")]
    public void Spending_is_warned_of_from_a_share_on_and_told_when_it_reaches_the_limit(decimal spent, string? level) =>
        Assert.Equal(level, BudgetAlarm.Level(new Cents(spent), new Cents(100), 0.8m));

    private static BudgetAccount Account(AccountScope scope, string name, AccountPeriod period, decimal hard) => new(new AccountKey(scope, name, period)) { Hard = new Cents(hard) };

    private static PaidCall Call(decimal cents) => new() { Call = "s0.-1#1.0.1", Attempt = 1, Agent = "a", Skill = "s", Model = "m", Bound = new Cents(cents), At = Noon };
}
