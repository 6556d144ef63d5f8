using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory;

/// <summary>Registers the entries by key, their rules, cache and record.</summary>
internal static class PinWiring
{
    internal static AosBuilder AddPins(this AosBuilder aos, PinOptions options)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton(new PinRedaction(options.Redact));
        aos.Services.AddSingleton<PinMeter>();
        aos.Services.AddSingleton<PinCache>();
        aos.Services.AddSingleton<PinTable>();
        aos.Services.AddSingleton<PinWriter>();
        aos.Services.AddSingleton<PinRemover>();
        aos.Services.AddSingleton<RuleTable>();
        aos.Services.AddSingleton<PinAuditTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<PinTable>());
        aos.Services.AddSingleton<IMemory>(provider => provider.GetRequiredService<PinBook>());
        return aos.Migrations(PinSchema.First, PinSchema.Versions, PinAuditTable.Migration, RuleTable.Migration).Chore<PinSweep>().Chore<PinAuditRetention>().Door<IPinAudit, PinAuditBook>().Door<IPins, PinBook>().Door<IMemoryRules, RuleBook>();
    }
}
