using System.Text;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Bench;

/// <summary>Durable runs of three steps, in this process, as the product does them: read, admitted, budgeted, journaled step by step.</summary>
internal static class Embedded
{
    internal static async Task RunAsync(string data, int runs, int inFlight, string skill)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(data, Path.Combine(data, "workspace")));
        Act.Add(services);
        await using var house = services.BuildServiceProvider();
        foreach (var hosted in house.GetServices<IHostedService>().Concat(house.GetServices<ILater>())) await hosted.StartAsync(CancellationToken.None);
        var (doors, skills) = (house.GetRequiredService<IRuns>(), house.GetRequiredService<ISkills>());
        var caller = new Caller(TenantId.Default, "bench", ["admin"]);
        var commits = Commits.Listen();
        await Loop.MeasureAsync(house.GetRequiredService<ICluster>().IsShared ? "aos.postgres" : "aos.sqlite", runs, inFlight, async i =>
        {
            var plan = PlanReader.Read(Json.Parse(Encoding.UTF8.GetBytes(Bodies.Plan(i, skill))), skills.Terms).Plan!;
            var started = (StartReply.Started)await doors.StartAsync(caller, new StartRequest("bench", plan, Json.EmptyObject, Budget: new Cents(100)), CancellationToken.None);
            var state = await doors.WaitAsync(caller, started.Run, TimeSpan.FromSeconds(30), CancellationToken.None);
            if (state!.Status != RunStatus.Succeeded) throw new InvalidOperationException($"Run {started.Run} is {state.Status}.");
        }, commits);
        foreach (var hosted in house.GetServices<ILater>().Concat(house.GetServices<IHostedService>())) await hosted.StopAsync(CancellationToken.None);
    }
}
