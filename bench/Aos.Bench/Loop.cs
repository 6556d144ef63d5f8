using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Text.Json;

namespace Aos.Bench;

/// <summary>A closed loop: so many in flight, each starts the next when it ends. The same loop as the ceiling's.</summary>
internal static class Loop
{
    /// <summary>A round of warming up lasts so long at least: shorter, the compiler may only be about to begin.</summary>
    private static readonly TimeSpan WarmRound = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan WarmMax = TimeSpan.FromSeconds(30);

    /// <summary>Methods compiled in a round when nothing that matters is left to compile: a hundredth of the processors' time.</summary>
    private const int QuietMax = 60;

    /// <summary>Warms up, runs, prints one JSON line: name, n, conc, per_s, p50_ms, p95_ms, p99_ms.</summary>
    internal static async Task MeasureAsync(string name, int runs, int inFlight, Func<int, Task> run, Commits? commits = null, TimeSpan warm = default)
    {
        var warmUp = await WarmAsync(runs, inFlight, run, warm);
        var (allocated, cpu) = (GC.GetTotalAllocatedBytes(), Process.GetCurrentProcess().TotalProcessorTime);
        var committed = commits?.Count ?? 0;
        var watch = Stopwatch.StartNew();
        var latency = await GoAsync(warmUp, runs, inFlight, run);
        watch.Stop();
        Array.Sort(latency);
        double At(double q) => Math.Round(latency[Math.Min(runs - 1, (int)(q * runs))], 3);
        using var writer = new Utf8JsonWriter(Console.OpenStandardOutput());
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteNumber("n", runs);
        writer.WriteNumber("conc", inFlight);
        writer.WriteNumber("wf_per_s", Math.Round(runs / watch.Elapsed.TotalSeconds, 1));
        writer.WriteNumber("p50_ms", At(.5));
        writer.WriteNumber("p95_ms", At(.95));
        writer.WriteNumber("p99_ms", At(.99));
        writer.WriteNumber("cpu_us", Math.Round((Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / runs, 1));
        writer.WriteNumber("alloc_kb", Math.Round((GC.GetTotalAllocatedBytes() - allocated) / 1024.0 / runs, 1));
        if (commits is not null) writer.WriteNumber("commits", Math.Round((commits.Count - committed) / (double)runs, 3));
        writer.WriteString("gcs", $"{GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)} pause {GC.GetTotalPauseDuration().TotalMilliseconds:N0} ms");
        writer.WriteEndObject();
        await writer.FlushAsync();
        Console.WriteLine();
    }

    /// <summary>
    /// A server is long-lived: it is measured once the runtime has compiled for speed what is run often, which takes many seconds on a
    /// few processors. Gives the number of runs made.
    /// </summary>
    /// <param name="atLeast">When the server is another process, whose compiler cannot be asked.</param>
    private static async Task<int> WarmAsync(int runs, int inFlight, Func<int, Task> run, TimeSpan atLeast)
    {
        var (made, watch) = (0, Stopwatch.StartNew());
        while (true)
        {
            var (compiled, began) = (JitInfo.GetCompiledMethodCount(), watch.Elapsed);
            while (watch.Elapsed - began < WarmRound)
            {
                var some = Math.Max(1, runs / 10);
                await GoAsync(made, some, inFlight, run);
                made += some;
            }

            var isQuiet = JitInfo.GetCompiledMethodCount() - compiled <= QuietMax;
            if ((isQuiet && watch.Elapsed >= atLeast) || watch.Elapsed > WarmMax) return made;
        }
    }

    private static async Task<double[]> GoAsync(int first, int runs, int inFlight, Func<int, Task> run)
    {
        var latency = new double[runs];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < runs)
            {
                var start = Stopwatch.GetTimestamp();
                await run(first + i);
                latency[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        })));
        return latency;
    }

    internal static string Text(int i) => i.ToString(CultureInfo.InvariantCulture);
}
