using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Shared budgets over the tables of the ledger.</summary>
internal sealed class BudgetsDoor(IBudgetTables tables, ILedger ledger, ISkills skills, TimeProvider clock) : IBudgets
{
    /// <summary>Names or days of one answer.</summary>
    private const int RowsMax = 1_000;

    /// <summary>Newest calls that an answer by run looks at.</summary>
    private const int CallsMax = 100_000;

    public Task<IReadOnlyList<BudgetStanding>> ListAsync(TenantId tenant, CancellationToken cancel) => tables.StandingAsync(tenant, clock.GetUtcNow(), cancel);

    public async Task<Failure?> SetAsync(Caller caller, TenantId tenant, BudgetAccount account, CancellationToken cancel) =>
        await tables.PutAsync(tenant, account, caller.Principal, clock.GetUtcNow(), cancel) ? null : FailureCatalog.Fail("QUOTA_EXHAUSTED", $"Tenant {tenant} has as many budgets as it may have. Remove some that are not needed.");

    public Task<bool> RemoveAsync(TenantId tenant, AccountKey account, CancellationToken cancel) => tables.RemoveAsync(tenant, account, cancel);

    public Task<IReadOnlyList<BudgetEvent>> EventsAsync(TenantId tenant, DateTimeOffset? before, int max, CancellationToken cancel) => tables.EventsAsync(tenant, before, max, cancel);

    public Task<IReadOnlyList<SpendSum>> SpentAsync(TenantId tenant, SpentBy by, int days, CancellationToken cancel)
    {
        var today = clock.GetUtcNow();
        var (first, last) = (Day(today.AddDays(1 - days)), Day(today));
        return by switch
        {
            SpentBy.Run => tables.RunsAsync(tenant, first, last, CallsMax, RowsMax, cancel),
            SpentBy.Day => tables.SumsAsync(tenant, AccountScope.Tenant, byDay: true, first, last, RowsMax, cancel),
            SpentBy.Agent => tables.SumsAsync(tenant, AccountScope.Agent, byDay: false, first, last, RowsMax, cancel),
            SpentBy.Model => tables.SumsAsync(tenant, AccountScope.Model, byDay: false, first, last, RowsMax, cancel),
            _ => tables.SumsAsync(tenant, AccountScope.Skill, byDay: false, first, last, RowsMax, cancel),
        };
    }

    /// <summary>Today is not over, and a day without any spending has no row: it counts as zero once there was spending before it.</summary>
    public async Task<SpendForecast?> ForecastAsync(TenantId tenant, int ahead, CancellationToken cancel)
    {
        var today = clock.GetUtcNow();
        var spent = (await tables.SumsAsync(tenant, AccountScope.Tenant, byDay: true, Day(today.AddDays(-SpendForecast.DaysMax)), Day(today.AddDays(-1)), RowsMax, cancel))
            .ToDictionary(day => day.Name, day => day.Spent, StringComparer.Ordinal);
        var days = Enumerable.Range(1, SpendForecast.DaysMax).Select(back => Day(today.AddDays(-back))).Reverse()
            .SkipWhile(day => !spent.ContainsKey(day)).Select(day => spent.GetValueOrDefault(day)).ToList();
        return SpendForecast.Of(days, ahead);
    }

    public async Task<MomentFact?> MomentAsync(TenantId tenant, string agent, Plan plan, CancellationToken cancel)
    {
        var accounts = await ledger.AccountsAsync(tenant, cancel);
        if (accounts.Count == 0 || PaidCalls.First(plan, skills.For(plan).Terms, agent, clock.GetUtcNow()) is not { } first) return null;
        if (!accounts.Any(account => account.Key.Covers(first) && (account.Hard is not null || account.Halted is not null))) return null;
        // What is left changes with every call, whether it is enough seldom does: a fact is only what the answer depends on.
        return await ledger.LookAsync(tenant, first, [], cancel) is { } breach
            ? new MomentFact("shared_budget", $"used up: {breach.Account.Key.Type}", null, breach.Why)
            : new MomentFact("shared_budget", "enough");
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
