using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory;

/// <summary>The door of the memory room.</summary>
public static class MemoryRoom
{
    public const string Name = "memory";

    /// <param name="redact">What is hidden in an entry before it is written.</param>
    public static AosBuilder AddMemory(this AosBuilder aos, Redaction redact = Redaction.None)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<PinMeter>();
        aos.Services.AddSingleton(new PinRedaction(redact));
        aos.Services.AddSingleton<PinTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<PinTable>());
        aos.AddRecall(redact);
        return aos.Migrations(PinTable.Migration).Chore<PinSweep>().Door<IMemory, PinBook>();
    }
}
