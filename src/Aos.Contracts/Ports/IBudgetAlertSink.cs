using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Is told how the budgets of tenants stand, again and again: who alerts people does it once, and says when it is over.</summary>
public interface IBudgetAlertSink
{
    /// <summary>What throws is told again with the next look.</summary>
    Task SeenAsync(BudgetSight sight, CancellationToken cancel);

    /// <summary>Tenants that are to be looked at although they spend nothing.</summary>
    Task<IReadOnlyList<TenantId>> OpenAsync(DateTimeOffset now, CancellationToken cancel);
}

/// <summary>The budgets of a tenant as they were just seen.</summary>
/// <param name="Standing">Warnings, breaches and halts of periods that are not over. What is not among them any more has room again.</param>
/// <param name="Once">Dear calls and runs, which nothing ends; the same may come again.</param>
public sealed record BudgetSight(TenantId Tenant, IReadOnlyList<BudgetEvent> Standing, IReadOnlyList<BudgetEvent> Once, DateTimeOffset At);
