using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>The door of the cost room.</summary>
public static class CostSimRoom
{
    public const string Name = "costsim";

    /// <param name="provenance">What is recorded, and how long it is kept; null: what holds where nothing is set.</param>
    public static AosBuilder AddCostSim(this AosBuilder aos, CostSimOptions options, ProvenanceOptions? provenance = null)
    {
        aos.Services.AddSingleton(options);
        return aos.AddProvenance(provenance ?? new ProvenanceOptions()).AddActuals().AddCostModels().AddCostBreaker(options.Breaker).AddBudgets(options.Alarms).AddCanary(options.Canary).Door<ICosts, CostsDoor>();
    }
}
