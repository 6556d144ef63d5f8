using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Aos.Bench;

/// <summary>Product and ceiling side by side, interleaved, in rounds; the figures are medians.</summary>
internal sealed class Suite(int rounds, double scale) : IDisposable
{
    private const string Key = "bench-key-of-this-run-only";
    private readonly Processes processes = new();
    private readonly string folder = Directory.CreateTempSubdirectory("aos-bench-").FullName;
    private readonly SortedDictionary<string, List<double>> figures = new(StringComparer.Ordinal);

    public void Dispose()
    {
        processes.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    internal async Task<bool> RunAsync()
    {
        for (var round = 1; round <= rounds; round++)
        {
            Console.WriteLine($"round {round} of {rounds}");
            await EmbeddedAsync(round);
            await HttpAsync(round);
            await SimulateAsync(round);
            await StartAsync(round);
        }

        return Report.Print(figures);
    }

    private async Task EmbeddedAsync(int round)
    {
        Keep("ceiling.embedded", await processes.MeasureAsync(processes.Ceiling, "sqlite", At($"ceiling{round}.db"), Count(40_000), "64"));
        Keep("aos.embedded", await processes.SelfAsync("embedded", At($"embedded{round}"), Count(40_000), "64"));
    }

    private async Task HttpAsync(int round)
    {
        var port = Processes.FreePort().ToString(CultureInfo.InvariantCulture);
        var probe = processes.Start("dotnet", [processes.Ceiling, "serve", "sqlite", At($"serve{round}.db"), port], []);
        var url = $"http://127.0.0.1:{port}/run";
        await Until(() => processes.MeasureAsync(processes.Ceiling, "load", url, "5", "1"));
        Keep("ceiling.http", await processes.MeasureAsync(processes.Ceiling, "load", url, Count(10_000), "64"));
        Keep("ceiling.http1", await processes.MeasureAsync(processes.Ceiling, "load", url, Count(1_000), "1"));
        processes.End(probe);

        var (server, at) = await ServeAsync($"http{round}");
        Keep("aos.http", await processes.SelfAsync("runs", at, Key, Count(30_000), "64"));
        Keep("aos.http1", await processes.SelfAsync("runs", at, Key, Count(2_000), "1"));
        processes.End(server);
    }

    private async Task SimulateAsync(int round)
    {
        var port = Processes.FreePort().ToString(CultureInfo.InvariantCulture);
        var probe = processes.Start("dotnet", [processes.Ceiling, "ok", port], []);
        await Processes.UntilReadyAsync($"http://127.0.0.1:{port}/", Stopwatch.GetTimestamp());
        Keep("ceiling.ok", await processes.SelfAsync("get", $"http://127.0.0.1:{port}/", Count(100_000), "32"));
        processes.End(probe);

        var (server, at) = await ServeAsync($"simulate{round}");
        Keep("aos.simulate", await processes.SelfAsync("simulate", at, Key, Count(100_000), "32"));
        processes.End(server);
    }

    private async Task StartAsync(int round)
    {
        var started = Stopwatch.GetTimestamp();
        var (server, _) = await ServeAsync($"start{round}");
        Keep("aos.start", Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        processes.End(server);
        Keep("aos.version", await TimeAsync("version"));
        await TimeAsync("run", Sample(), "--data", At($"run{round}"));
        Keep("aos.run", await StartedAsync("run", Sample(), "--data", At($"run{round}")));
    }

    private string Sample() => Path.Combine(processes.Root, "samples", "invoices", "plan.yaml");

    /// <summary>From the call to the line that names the run: by then it stands in the journal and its first step is on its way.</summary>
    private async Task<double> StartedAsync(params string[] arguments)
    {
        var named = new TaskCompletionSource<double>();
        var started = Stopwatch.GetTimestamp();
        var process = processes.Aos(arguments, line =>
        {
            if (line?.StartsWith("run ", StringComparison.Ordinal) == true) named.TrySetResult(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        processes.End(process);
        return await named.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    private async Task<double> TimeAsync(params string[] arguments)
    {
        var started = Stopwatch.GetTimestamp();
        var process = processes.Aos(arguments);
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (process.ExitCode != 0) throw new InvalidOperationException($"aos {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        processes.End(process);
        return time;
    }

    /// <summary>The server as shipped, with its defaults and one key; answered its first 200.</summary>
    private async Task<(Process Server, string Url)> ServeAsync(string name)
    {
        var port = Processes.FreePort().ToString(CultureInfo.InvariantCulture);
        var started = Stopwatch.GetTimestamp();
        var server = processes.Aos(["serve", "--port", port, "--data", At(name)], ("AOS_API_KEY", Key));
        var url = $"http://127.0.0.1:{port}";
        await Processes.UntilReadyAsync($"{url}/health", started);
        return (server, url);
    }

    internal static async Task Until(Func<Task> attempt)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                await attempt();
                return;
            }
            catch (InvalidOperationException) when (i < 20)
            {
                await Task.Delay(100);
            }
        }
    }

    private string At(string name) => Path.Combine(folder, name);

    private string Count(int full) => ((int)(full * scale)).ToString(CultureInfo.InvariantCulture);

    private void Keep(string name, JsonElement line)
    {
        foreach (var figure in new[] { "wf_per_s", "p50_ms", "p99_ms" }) Keep($"{name}.{figure}", line.GetProperty(figure).GetDouble());
        Console.WriteLine($"  {name,-18} {line.GetProperty("wf_per_s").GetDouble(),10:N0}/s  p50 {line.GetProperty("p50_ms").GetDouble(),8:N2} ms  p99 {line.GetProperty("p99_ms").GetDouble(),8:N2} ms");
    }

    private void Keep(string name, double value)
    {
        if (!figures.TryGetValue(name, out var list)) figures[name] = list = [];
        list.Add(value);
        if (!name.Contains("_", StringComparison.Ordinal)) Console.WriteLine($"  {name,-18} {value,10:N0} ms");
    }
}
