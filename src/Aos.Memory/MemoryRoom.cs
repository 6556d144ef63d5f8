using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory;

/// <summary>The door of the memory room.</summary>
public static class MemoryRoom
{
    public const string Name = "memory";

    public static AosBuilder AddMemory(this AosBuilder aos)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<PinMeter>();
        aos.Services.AddSingleton<PinTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<PinTable>());
        return aos.Migrations(PinTable.Migration).Chore<PinSweep>().Door<IMemory, PinBook>();
    }
}
