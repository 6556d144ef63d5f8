using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aos.Runs;

/// <summary>The door of the runs room.</summary>
public static partial class RunsRoom
{
    public const string Name = "runs";

    public static AosBuilder AddRuns(this AosBuilder aos, RunsOptions? options = null)
    {
        aos.Services.AddSingleton(options ?? new RunsOptions());
        aos.Services.AddSingleton<RunChanges>();
        aos.Services.AddSingleton<RunLog>();
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<RunMeter>();
        aos.Services.AddSingleton<Engine>();
        aos.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Engine>());
        aos.Services.AddSingleton<IRunLoad>(provider => provider.GetRequiredService<RunsDoor>());
        return aos.Door<IRuns, RunsDoor>();
    }
}
