using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>The door of the cost room.</summary>
public static class CostSimRoom
{
    public const string Name = "costsim";

    public static AosBuilder AddCostSim(this AosBuilder aos, CostSimOptions options)
    {
        aos.Services.AddSingleton(options);
        return aos.AddCostModels().AddCostBreaker(options.Breaker).AddBudgets(options.Alarms).Door<ICosts, CostsDoor>();
    }
}
