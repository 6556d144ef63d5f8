using System.Diagnostics;
using System.Globalization;
using System.Text;
using Aos.App.Server;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Bench;

/// <summary>What it takes to simulate a plan of 10,000 steps: one that is read already, and one that comes over HTTP.</summary>
internal static class LargePlanSuite
{
    private const int Steps = 10_000;
    private const int Rounds = 21;
    private const int RoundsHttp = 9;
    private const double MillisecondsMax = 20;

    private static readonly string[] Calls =
    [
        """ "skill":"http_call","params":{"url":"https://a.example/items"} """,
        """ "skill":"json_transform","params":{"payload":{"a":1},"mapping":{"b":"a"}} """,
        """ "skill":"llm_invoke","params":{"prompt":"Summarise what was found."} """,
        """ "skill":"kv_set","params":{"key":"k","value":1} """,
    ];

    internal static async Task<bool> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            await using var server = AosServer.Build("127.0.0.1", 0, new HouseOptions(data, Path.Combine(data, "workspace")));
            await server.StartAsync();
            var kept = Measure(server.Services, "a list", List(), null);
            kept &= Measure(server.Services, "a graph", Graph(), null);
            Measure(server.Services, "a list beyond its budget, with alternatives", List(), 1);
            using var http = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };
            http.DefaultRequestHeaders.Add("X-AOS-Key", (await File.ReadAllTextAsync(Path.Combine(data, "api.key"))).Trim());
            await OverHttpAsync(http, "a list over HTTP", List());
            await OverHttpAsync(http, "a graph over HTTP", Graph());
            await server.StopAsync();
            return kept;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <param name="budget">Cents; null: unlimited, and the figure is a promise.</param>
    private static bool Measure(IServiceProvider services, string what, string plan, decimal? budget)
    {
        var (skills, costs) = (services.GetRequiredService<ISkills>(), services.GetRequiredService<ICosts>());
        var reading = skills.ReadPlan(Json.Parse(plan), allowUnknownSkills: true);
        if (reading.Plan is null) throw new InvalidOperationException(reading.Problems[0].Message);
        var request = new SimulationRequest(reading, TenantId.Default, "bench", budget is { } cents ? new Cents(cents) : null, null, 42, null, Json.EmptyObject);
        var (times, cpu) = (new List<double>(), new List<double>());
        for (var round = -Rounds; round < Rounds; round++)
        {
            var (began, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            if (costs.Simulate(request).Steps.Length != Steps) throw new InvalidOperationException("Not all steps were simulated.");
            if (round < 0) continue;
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            cpu.Add((Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
        }

        times.Sort();
        cpu.Sort();
        var holds = times[Rounds / 2] < MillisecondsMax;
        var promise = budget is null ? $"  < {MillisecondsMax:0} ms {(holds ? "yes" : "NO")}" : "";
        Console.WriteLine(FormattableString.Invariant($"{Steps:N0} steps, {what,-44} {times[Rounds / 2],8:N2} ms ({times[5]:N2} to {times[15]:N2}; CPU {cpu[Rounds / 2]:N2}){promise}"));
        return holds;
    }

    private static async Task OverHttpAsync(HttpClient http, string what, string plan)
    {
        var times = new List<double>();
        for (var round = -3; round < RoundsHttp; round++)
        {
            using var body = new StringContent($"{{\"plan\":{plan},\"budget_cents\":null}}", Encoding.UTF8, "application/json");
            var began = Stopwatch.GetTimestamp();
            using var reply = await http.PostAsync("/api/v1/runtime/simulate", body);
            var text = await reply.Content.ReadAsByteArrayAsync();
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (!reply.IsSuccessStatusCode || text.AsSpan().IndexOf("\"feasible\":true"u8) < 0) throw new InvalidOperationException(Encoding.UTF8.GetString(text.AsSpan(0, Math.Min(text.Length, 500))));
        }

        times.Sort();
        Console.WriteLine(FormattableString.Invariant($"{Steps:N0} steps, {what,-44} {times[RoundsHttp / 2],8:N2} ms ({times[0]:N2} to {times[^1]:N2})"));
    }

    private static string List() => $"[{string.Join(',', Enumerable.Range(0, Steps).Select(i => $"{{{Calls[i % Calls.Length]}}}"))}]";

    /// <summary>Ten chains side by side.</summary>
    private static string Graph() => $"{{\"name\":\"p\",\"steps\":[{string.Join(',', Enumerable.Range(0, Steps).Select(Node))}]}}";

    private static string Node(int i) => string.Create(
        CultureInfo.InvariantCulture, $"{{\"id\":\"s{i}\",{(i < 10 ? "" : string.Create(CultureInfo.InvariantCulture, $"\"depends_on\":[\"s{i - 10}\"],"))}{Calls[i % Calls.Length]}}}");
}
