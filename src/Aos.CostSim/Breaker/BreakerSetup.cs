using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim;

/// <summary>What the breaker and its alerts register.</summary>
internal static class BreakerSetup
{
    internal static AosBuilder AddCostBreaker(this AosBuilder aos, BreakerOptions options)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<BreakerMeter>();
        aos.Services.AddSingleton<IScraped, BreakerGauge>();
        aos.Services.AddSingleton<BreakerTable>();
        aos.Services.AddSingleton<AlertQueue>();
        aos.Services.AddSingleton<IDelivery, AlertDelivery>();
        aos.Migrations(BreakerTable.Migration);
        return aos.Chore<BreakerRecovery>().Door<ICostBreaker, CostBreaker>();
    }
}
