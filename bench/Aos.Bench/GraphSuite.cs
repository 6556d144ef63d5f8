using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Aos.Bench;

/// <summary>
/// Big runs, each size twice the one before: what a step or an item costs must not grow with their number. Beside each the ceiling: as
/// many appends by the bare appender, with as many in flight.
/// </summary>
/// <param name="server">The PostgreSQL to measure on too, or null.</param>
internal sealed class GraphSuite(int rounds, bool isQuick, string? server) : IDisposable
{
    /// <summary>What a step or item may cost at the greatest size, in parts of what it costs at the smallest: more is noise no longer.</summary>
    private const double GrowthMax = 1.25;

    /// <summary>Below it a figure is the fixed cost and the noise of its machine: milliseconds, or megabytes, which the collector takes as it likes.</summary>
    private const double Floor = 64;

    private const string Key = "bench-key-of-this-run-only-0123456789";
    private static readonly string[] Times = ["run_ms", "run_mb", "peak_mb", "read_ms", "replay_ms", "trace_ms", "list_ms"];
    private readonly Processes processes = new();
    private readonly string folder = Directory.CreateTempSubdirectory("aos-bench-").FullName;
    private readonly Dictionary<(string Store, string Kind, int Size, string Figure), List<double>> figures = [];
    private int databases;

    private (string Kind, int[] Sizes)[] Loads => isQuick
        ? [("graph", [250, 1_000]), ("items", [1_250, 10_000]), ("pure", [1_250, 10_000])]
        : [("graph", [250, 500, 1_000, 2_000]), ("items", [1_250, 2_500, 5_000, 10_000, 20_000]), ("pure", [1_250, 2_500, 5_000, 10_000, 20_000])];

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
            foreach (var (kind, sizes) in Loads)
            {
                foreach (var size in sizes)
                {
                    await SqliteAsync(kind, size);
                    if (server is not null) await PostgresAsync(kind, size);
                }
            }
        }

        var linear = true;
        foreach (var store in server is null ? ["sqlite"] : new[] { "sqlite", "postgres" })
        {
            foreach (var (kind, sizes) in Loads) linear &= Print(store, kind, sizes);
        }

        Console.WriteLine(linear ? "nothing grows faster than its number" : "NOT everything grows with its number only");
        return linear;
    }

    private async Task SqliteAsync(string kind, int size)
    {
        var line = await processes.SelfAsync("graph-one", At(), kind, Text(size));
        Keep("sqlite", kind, size, line);
        await CeilingAsync("sqlite", kind, size, line, "sqlite", At() + ".db");
    }

    private async Task PostgresAsync(string kind, int size)
    {
        var name = $"bench_{System.Environment.ProcessId}_{databases++}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        await ExecuteAsync($"CREATE DATABASE {name}_bare");
        var url = new UriBuilder(server!) { Path = name }.Uri.AbsoluteUri;
        var line = await processes.SelfAsync([("AOS_DATABASE_URL", url), ("AOS_MASTER_KEY", Key)], "graph-one", At(), kind, Text(size));
        Keep("postgres", kind, size, line);
        await CeilingAsync("postgres", kind, size, line, "pg", PostgresSuite.Connection(server!, name + "_bare"));
        await ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
        await ExecuteAsync($"DROP DATABASE {name}_bare WITH (FORCE)");
    }

    /// <summary>The bare appender's runs make five appends each.</summary>
    private async Task CeilingAsync(string store, string kind, int size, JsonElement line, string what, string target)
    {
        var runs = Math.Max(100, (int)(line.GetProperty("events").GetDouble() / 5));
        var bare = await processes.MeasureAsync(processes.Ceiling, what, target, Text(runs), Text(GraphRun.Width));
        Keep(store, kind, size, "bare_ms", line.GetProperty("events").GetDouble() / 5 / bare.GetProperty("wf_per_s").GetDouble() * 1_000);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {store,-9} {kind,-6} {size,7:N0}  run {line.GetProperty("run_ms").GetDouble(),9:N0} ms  replay {line.GetProperty("replay_ms").GetDouble(),8:N0} ms  peak {line.GetProperty("peak_mb").GetDouble(),7:N0} MB"));
    }

    private bool Print(string store, string kind, int[] sizes)
    {
        Console.WriteLine();
        var what = kind == "graph" ? "steps of a graph" : kind == "items" ? "items with an effect" : "items without an effect";
        Console.WriteLine($"| {store}, {what} | {string.Join(" | ", sizes.Select(size => size.ToString("N0", CultureInfo.InvariantCulture)))} | one of them, last : first |");
        Console.WriteLine($"|---|{string.Concat(sizes.Select(_ => "---|"))}---|");
        var linear = true;
        foreach (var figure in Times.Append("bare_ms"))
        {
            var values = sizes.Select(size => Median(figures[(store, kind, size, figure)])).ToArray();
            var growth = Math.Max(values[^1], Floor) / sizes[^1] / (Math.Max(values[0], Floor) / sizes[0]);
            linear &= growth <= GrowthMax || figure == "bare_ms";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Name(figure)} | {string.Join(" | ", values.Select(value => value.ToString(value < 10 ? "N2" : "N0", CultureInfo.InvariantCulture)))} | {growth:N2}{(growth > GrowthMax && figure != "bare_ms" ? " NO" : "")} |"));
        }

        return linear;
    }

    private static string Name(string figure) => figure switch
    {
        "run_ms" => "run, ms",
        "run_mb" => "allocated for it, MB",
        "peak_mb" => "peak of memory above the process before it, MB",
        "read_ms" => "read from its journal, ms",
        "replay_ms" => "replayed and verified, ms",
        "trace_ms" => "its trace exported, ms",
        "list_ms" => "page of runs with it, ms",
        _ => "ceiling: as many bare appends, ms",
    };

    private void Keep(string store, string kind, int size, JsonElement line)
    {
        foreach (var figure in Times) Keep(store, kind, size, figure, line.GetProperty(figure).GetDouble());
    }

    private void Keep(string store, string kind, int size, string figure, double value)
    {
        if (!figures.TryGetValue((store, kind, size, figure), out var list)) figures[(store, kind, size, figure)] = list = [];
        list.Add(value);
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresSuite.Connection(server!, null));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private string At() => Path.Combine(folder, Guid.NewGuid().ToString("N"));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
