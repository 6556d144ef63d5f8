using System.Text.Json;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Bench;

/// <summary>
/// What a call of a skill without effects costs beyond the skill itself: the product's registry, with all its rules, beside the same skill called as an object,
/// its input read from the same JSON and its output written to it, and beside the object alone, which already has its input and whose output nobody writes.
/// Rounds of all three alternate, so that what the machine does to one it does to the others.
/// </summary>
internal static class ExecutorSuite
{
    private const int Rounds = 21;
    private const int Calls = 20_000;
    private const double MicrosecondsMax = 20;

    private static readonly (string Name, string Parameters)[] Sizes =
    [
        ("a message", """{"message":"hello"}"""),
        ("1 KB in 12 members", $$"""{{{string.Join(',', Enumerable.Range(0, 12).Select(i => $"\"member_{i}\":{{\"text\":\"{new string('x', 40)}\",\"number\":{i},\"list\":[1,2,3]}}"))}}}"""),
    ];

    internal static async Task<bool> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            var services = new ServiceCollection();
            services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
            services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(data, Path.Combine(data, "workspace")));
            await using var house = services.BuildServiceProvider();
            var skills = house.GetRequiredService<ISkills>();
            Console.WriteLine($"{"one call of echo, CPU",-22} {"registry",10} {"skill",10} {"beyond it",10} {"object",8}  {"bytes",8} {"skill",8} {"object",8}");
            var kept = true;
            foreach (var (name, parameters) in Sizes) kept &= await MeasureAsync(skills, name, Json.Parse(parameters));
            return kept;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<bool> MeasureAsync(ISkills skills, string name, JsonElement parameters)
    {
        var echo = new Echo();
        var input = parameters.Deserialize(echo.Input)!;
        var call = new SkillCall(TenantId.Default, null, "step", "bench", "key", 1, TimeSpan.FromSeconds(30)) { Written = parameters };
        var (whole, part, bare) = (new List<Cost>(), new List<Cost>(), new List<Cost>());
        // The runtime compiles what is called often once more, in the background: as many rounds again before any counts.
        for (var round = -Rounds; round < Rounds; round++)
        {
            var registry = await CostAsync(async () =>
            {
                if (!(await skills.InvokeAsync("echo", parameters, call, CancellationToken.None)).Ok) throw new InvalidOperationException("echo failed.");
            });
            var skill = await CostAsync(async () =>
            {
                var output = (await echo.InvokeAsync(parameters.Deserialize(echo.Input)!, call, CancellationToken.None)).Output!;
                if (JsonSerializer.SerializeToElement(output, echo.Output).ValueKind != JsonValueKind.Object) throw new InvalidOperationException("echo gave nothing.");
            });
            var alone = await CostAsync(async () =>
            {
                if ((await echo.InvokeAsync(input, call, CancellationToken.None)).Output is null) throw new InvalidOperationException("echo gave nothing.");
            });
            if (round < 0) continue;
            whole.Add(registry);
            part.Add(skill);
            bare.Add(alone);
        }

        var beyond = Median(whole.Zip(part, (registry, skill) => registry.Microseconds - skill.Microseconds));
        var holds = beyond < MicrosecondsMax;
        Console.WriteLine(FormattableString.Invariant(
            $"{name,-22} {Median(whole.Select(cost => cost.Microseconds)),7:N2} µs {Median(part.Select(cost => cost.Microseconds)),7:N2} µs {beyond,7:N2} µs {Median(bare.Select(cost => cost.Microseconds)),5:N2} µs  {Median(whole.Select(cost => cost.Bytes)),8:N0} {Median(part.Select(cost => cost.Bytes)),8:N0} {Median(bare.Select(cost => cost.Bytes)),8:N0}  < {MicrosecondsMax:N0} µs {(holds ? "yes" : "NO")}"));
        return holds;
    }

    /// <summary>CPU time of this process, collector included: nothing here waits for anything, and what else the machine does counts less in it than in the time that passes.</summary>
    private static async Task<Cost> CostAsync(Func<Task> once)
    {
        var (bytes, before) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
        for (var i = 0; i < Calls; i++) await once();
        return new Cost((Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Calls, (GC.GetTotalAllocatedBytes() - bytes) / (double)Calls);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    /// <summary>Of one call.</summary>
    private readonly record struct Cost(double Microseconds, double Bytes);
}
