using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>Shared budgets of the cost room.</summary>
internal static class BudgetsWiring
{
    internal static AosBuilder AddBudgets(this AosBuilder aos, AlarmLimits limits)
    {
        aos.Services.AddSingleton(limits);
        aos.Services.AddSingleton<IScraped, BudgetGauge>();
        aos.Services.AddSingleton<IBudgetAlertSink, BudgetAlertQueue>();
        aos.Migrations(BudgetAlertQueue.Migration);
        aos.Chore<BudgetAlerts>();
        return aos.Door<IBudgets, BudgetsDoor>();
    }
}
