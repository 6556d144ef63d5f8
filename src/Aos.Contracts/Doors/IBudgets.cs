using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Budgets that runs share, and what was spent. Every call names its tenant.</summary>
public interface IBudgets
{
    /// <summary>All accounts with what is used of them now.</summary>
    Task<IReadOnlyList<BudgetStanding>> ListAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>Sets an account as given; one that was halted is open again. It holds on all nodes within a second. A refusal: there are too many.</summary>
    Task<Failure?> SetAsync(Caller caller, TenantId tenant, BudgetAccount account, CancellationToken cancel);

    /// <summary>False: there is no such account.</summary>
    Task<bool> RemoveAsync(TenantId tenant, AccountKey account, CancellationToken cancel);

    /// <summary>What was said of budgets, the newest first.</summary>
    Task<IReadOnlyList<BudgetEvent>> EventsAsync(TenantId tenant, DateTimeOffset? before, int max, CancellationToken cancel);

    /// <summary>What was spent in the last days, today's included.</summary>
    /// <param name="by">What the sums are of.</param>
    /// <param name="days">1 to 400.</param>
    Task<IReadOnlyList<SpendSum>> SpentAsync(TenantId tenant, SpentBy by, int days, CancellationToken cancel);

    /// <summary>What the next days may cost, by the whole days before today. Null: there are fewer than 7 since the first spending.</summary>
    Task<SpendForecast?> ForecastAsync(TenantId tenant, int ahead, CancellationToken cancel);

    /// <summary>Whether shared budgets would let a plan begin now; null: no account has anything to do with it.</summary>
    Task<MomentFact?> MomentAsync(TenantId tenant, string agent, Plan plan, CancellationToken cancel);
}

/// <summary>What spending is added up by. On the wire in lower case.</summary>
public enum SpentBy { Day, Agent, Model, Skill, Run }
