using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>What the canary registers.</summary>
internal static class CanaryWiring
{
    internal static AosBuilder AddCanary(this AosBuilder aos, CanaryOptions options)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<CanaryMeter>();
        aos.Services.AddSingleton<CanaryTable>();
        aos.Services.AddSingleton<CanaryLeases>();
        aos.Services.AddSingleton<GoldenShelf>();
        aos.Services.AddSingleton<CanaryRun>();
        return aos.Migrations(CanaryTable.Migration, GoldenShelf.Migration).Chore<CanaryChore>().Chore<CanaryRetention>().Door<ICanary, CanaryDesk>();
    }
}
