using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Bench;

/// <summary>One big run in a process of its own: made, listed, read and replayed, with the time and memory of each.</summary>
internal static class GraphRun
{
    /// <summary>Steps or items in flight at once.</summary>
    internal const int Width = 100;

    private const int Asked = 5;
    private const long Mega = 1024 * 1024;
    private static readonly Caller Caller = new(TenantId.Default, "bench", ["admin"]);

    /// <param name="kind"><c>graph</c>: steps with an effect in columns of <see cref="Width"/>; <c>items</c>, <c>pure</c>: one <c>for_each</c> with and without effect.</param>
    internal static async Task RunAsync(string data, string kind, int size)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(data, Path.Combine(data, "workspace")));
        Act.Add(services);
        await using var house = services.BuildServiceProvider();
        foreach (var hosted in house.GetServices<IHostedService>().Concat(house.GetServices<ILater>())) await hosted.StartAsync(CancellationToken.None);
        for (var i = 0; i < 5; i++) await MakeAsync(house, kind, 200);
        foreach (var warm in Enumerable.Repeat(await MakeAsync(house, kind, 200), 3)) await LookAsync(house, warm, []);
        await MeasureAsync(house, kind, size);
        foreach (var hosted in house.GetServices<ILater>().Concat(house.GetServices<IHostedService>())) await hosted.StopAsync(CancellationToken.None);
    }

    private static async Task MeasureAsync(ServiceProvider house, string kind, int size)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var (allocated, resident, started) = (GC.GetTotalAllocatedBytes(precise: true), Environment.WorkingSet, Stopwatch.GetTimestamp());
        var run = await MakeAsync(house, kind, size);
        figures["run_ms"] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        figures["run_mb"] = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Mega;
        GC.Collect();
        await LookAsync(house, run, figures);
        using var self = Process.GetCurrentProcess();
        figures["peak_mb"] = Math.Max(0, (double)(self.PeakWorkingSet64 - resident) / Mega);
        using var writer = new Utf8JsonWriter(Console.OpenStandardOutput());
        writer.WriteStartObject();
        foreach (var (name, value) in figures) writer.WriteNumber(name, Math.Round(value, 3));
        writer.WriteEndObject();
        await writer.FlushAsync();
        Console.WriteLine();
    }

    private static async Task<RunId> MakeAsync(ServiceProvider house, string kind, int size)
    {
        var (doors, skills) = (house.GetRequiredService<IRuns>(), house.GetRequiredService<ISkills>());
        var reading = PlanReader.Read(Json.Parse(Encoding.UTF8.GetBytes(kind == "graph" ? Graph(size) : Items(kind == "pure" ? "echo" : Act.Name))), skills.Terms);
        var plan = reading.Plan ?? throw new InvalidOperationException(string.Join('\n', reading.Problems));
        var inputs = kind == "graph" ? Json.EmptyObject : Rows(size);
        var started = await doors.StartAsync(Caller, new StartRequest("bench", plan, inputs), CancellationToken.None) as StartReply.Started
            ?? throw new InvalidOperationException("The run was refused.");
        var state = await doors.WaitAsync(Caller, started.Run, TimeSpan.FromMinutes(10), CancellationToken.None);
        return state!.Status == RunStatus.Succeeded ? started.Run : throw new InvalidOperationException($"Run {started.Run} is {state.Status}: {state.End?.Failure}");
    }

    /// <summary>Each question several times; the figure is the median.</summary>
    private static async Task LookAsync(ServiceProvider house, RunId run, SortedDictionary<string, double> figures)
    {
        var (runs, rows, traces) = (house.GetRequiredService<IRuns>(), house.GetRequiredService<IRunRows>(), house.GetRequiredService<ITraces>());
        var filter = new RunFilter(TenantId.Default, Limit: 100);
        figures["list_ms"] = await MedianAsync(async () => await rows.ListAsync(filter, CancellationToken.None));
        figures["read_ms"] = await MedianAsync(async () => await runs.ReadAsync(Caller, run, CancellationToken.None));
        figures["replay_ms"] = await MedianAsync(async () =>
        {
            var verdict = await traces.ReplayAsync(Caller, run, new ReplayOrder(ReplayMode.Mock, true, TimeSpan.FromMinutes(10)), CancellationToken.None);
            if (!verdict!.Success) throw new InvalidOperationException($"The replay differs: {verdict.Error}");
        });
        figures["trace_ms"] = await MedianAsync(async () => await traces.ExportAsync(Caller, run, new System.Buffers.ArrayBufferWriter<byte>(), CancellationToken.None));
        figures["events"] = (await rows.GetAsync(TenantId.Default, run, CancellationToken.None))!.Seq;
    }

    private static async Task<double> MedianAsync(Func<Task> ask)
    {
        var times = new List<double>();
        for (var i = 0; i < Asked; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await ask();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    /// <summary>Each step waits for the one a column before it and takes its result.</summary>
    private static string Graph(int size)
    {
        var text = new StringBuilder("""{"name":"graph","steps":[""");
        for (var i = 0; i < size; i++)
        {
            var (before, v) = i < Width
                ? ("", i.ToString(CultureInfo.InvariantCulture))
                : (string.Create(CultureInfo.InvariantCulture, $"\"s{i - Width}\""), string.Create(CultureInfo.InvariantCulture, $"\"${{{{ steps.s{i - Width}.result.echo.v }}}}\""));
            text.Append(CultureInfo.InvariantCulture, $$"""{{(i == 0 ? "" : ",")}}{"id":"s{{i}}","depends_on":[{{before}}],"skill":"act","params":{"i":0,"v":{{v}},"ok":true} }""");
        }

        return text.Append("]}").ToString();
    }

    private static string Items(string skill) => $$$"""
        {"name":"items","inputs":{"rows":{"type":"array"}},"steps":[
          {"id":"all","for_each":"${{ inputs.rows }}","as":"row","max_parallel":100,"skill":"{{{skill}}}","params":{"i":0,"ok":true,"v":"${{ row.n }}"}},
          {"id":"n","skill":"echo","params":{"i":0,"ok":true,"v":"${{ len(steps.all.results) }}"}}]}
        """;

    private static JsonElement Rows(int size) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("rows");
        for (var i = 0; i < size; i++)
        {
            writer.WriteStartObject();
            writer.WriteNumber("n", i);
            writer.WriteString("name", string.Create(CultureInfo.InvariantCulture, $"row number {i}"));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
