using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>Registers the cost models, what is asked beside them, and the counts of calls.</summary>
internal static class ModelsWiring
{
    internal static AosBuilder AddCostModels(this AosBuilder aos)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<ShadowMeter>();
        aos.Services.AddSingleton<ICostModel>(provider => new CoefficientModel(provider.GetRequiredService<CostSimOptions>().Models.Coefficients));
        aos.Services.AddSingleton<CallTable>();
        aos.Services.AddSingleton<CallRates>();
        aos.Services.AddSingleton<ICallRates>(provider => provider.GetRequiredService<CallRates>());
        aos.Services.AddSingleton<IChore>(provider => provider.GetRequiredService<CallRates>());
        aos.Services.AddSingleton<ShadowWorker>();
        aos.Services.AddSingleton<ILater>(provider => provider.GetRequiredService<ShadowWorker>());
        aos.Migrations(CallTable.Migration, SimulationMemory.Counts);
        return aos.Chore<CallRetention>().Door<ICostModels, ModelDesk>().Door<ISimulationMemory, SimulationMemory>();
    }
}
