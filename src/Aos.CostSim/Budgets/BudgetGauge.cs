using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>How much of its day's money a tenant has spent: of its account of the day, else of the limit from which on alarms are given.</summary>
internal sealed class BudgetGauge : IScraped
{
    private readonly Glance<Uses> glance;

    public BudgetGauge(IMeterFactory factory, IBudgetTables tables, AlarmLimits limits, TimeProvider clock)
    {
        glance = new Glance<Uses>(async cancel => new Uses([.. await tables.DayUsesAsync(clock.GetUtcNow(), limits.Day, TenantLabels.Max, cancel)]), clock);
        factory.Create("Aos.CostSim.Budgets").CreateObservableGauge(
            "nova_tenant_daily_budget_ratio", () => (glance.Known?.All ?? []).Select(use => new Measurement<double>((double)use.Share, TenantLabels.Tag(TenantLabels.Hash(use.Tenant)))), null,
            "Share of its day's limit that a tenant has spent today (UTC), 1 is all of it, by tenant_id; of those that have spent most of theirs.");
    }

    public Task LookAsync(CancellationToken cancel) => glance.LookAsync(cancel);

    private sealed record Uses(ImmutableArray<DayUse> All);
}
