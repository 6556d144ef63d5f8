using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aos.CostSim;

internal static class ProvenanceWiring
{
    internal static AosBuilder AddProvenance(this AosBuilder aos, ProvenanceOptions options)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<ProvenanceMeter>();
        aos.Services.AddSingleton<ProvenanceLog>();
        aos.Services.AddSingleton<ProvenanceBuffer>();
        aos.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ProvenanceBuffer>());
        aos.Services.AddSingleton<SimulationRecorder>();
        aos.Services.AddSingleton<ProvenanceBackfill>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<ProvenanceTable>());
        return aos.Migrations(ProvenanceTable.Migration).Chore<ProvenanceRetention>().Door<IProvenance, ProvenanceTable>();
    }
}
