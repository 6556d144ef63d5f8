using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Aos.Bench;

/// <summary>
/// The same runs on PostgreSQL: product and ceiling side by side at 1, 50, 64 and 1,000 in flight, directly and through PgBouncer, in
/// process and over HTTP, and as two nodes. Each program that is measured has a database of its own.
/// </summary>
/// <param name="rounds">How often each is measured.</param>
/// <param name="scale">Part of the full number of runs.</param>
/// <param name="direct">The server's URL.</param>
/// <param name="bouncer">The same server's through PgBouncer.</param>
/// <param name="peers">The folder of scripts that measure other systems, if any.</param>
internal sealed class PostgresSuite(int rounds, double scale, string direct, string bouncer, string? peers) : IDisposable
{
    private const string Key = "bench-key-of-this-run-only-0123456789";
    private static readonly (int InFlight, int Runs)[] Loads = [(1, 1_000), (50, 20_000), (64, 20_000), (1_000, 30_000)];
    private static readonly (int InFlight, int Runs)[] HttpLoads = [(64, 15_000), (1, 1_000), (50, 12_000), (1_000, 15_000)];
    private readonly Processes processes = new();
    private readonly string folder = Directory.CreateTempSubdirectory("aos-bench-").FullName;
    private readonly SortedDictionary<string, List<double>> figures = new(StringComparer.Ordinal);
    private int databases;

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
            foreach (var (inFlight, runs) in Loads) await LoadAsync(inFlight, Count(runs));
            await HttpAsync();
            if (peers is not null) await PeersAsync(peers);
            await TwoNodesAsync();
        }

        return PostgresReport.Print(figures);
    }

    private async Task LoadAsync(int inFlight, int runs)
    {
        await WithDatabaseAsync(async name => Keep($"ceiling.{inFlight}", await processes.MeasureAsync(processes.Ceiling, "pg", Connection(direct, name), Text(runs), Text(inFlight))));
        await WithDatabaseAsync(async name => Keep($"aos.{inFlight}", await EmbeddedAsync(direct, name, runs, inFlight)));
        if (inFlight >= 64) await EffectsAsync(inFlight, runs);
        await WithDatabaseAsync(async name => Keep($"bouncer.{inFlight}", await EmbeddedAsync(bouncer, name, runs, inFlight)));
    }

    /// <summary>Steps with effects: each one's order and outcome are on record before anything follows from them.</summary>
    private async Task EffectsAsync(int inFlight, int runs) =>
        await WithDatabaseAsync(async name => Keep($"effects.{inFlight}", await processes.SelfAsync(Environment(direct, name), "effects", At(), Text(runs), Text(inFlight))));

    private async Task HttpAsync()
    {
        await WithDatabaseAsync(BareRouteAsync);
        await WithDatabaseAsync(name => ServerAsync("http", direct, name));
        await WithDatabaseAsync(name => ServerAsync("http.bouncer", bouncer, name));
        await WithDatabaseAsync(async name =>
        {
            var port = Text(Processes.FreePort());
            var server = processes.Self([.. Environment(direct, name), ("AOS_API_KEY", Key)], "serve", port, At());
            await Processes.UntilReadyAsync($"http://127.0.0.1:{port}/health", System.Diagnostics.Stopwatch.GetTimestamp());
            Keep("effects.http.64", await processes.SelfAsync("effects-over-http", $"http://127.0.0.1:{port}", Key, Text(Count(15_000)), "64"));
            processes.End(server);
        });
    }

    private async Task BareRouteAsync(string database)
    {
        var port = Text(Processes.FreePort());
        var probe = processes.Start("dotnet", [processes.Ceiling, "serve", "pg", Connection(direct, database), port], []);
        var url = $"http://127.0.0.1:{port}/run";
        await Suite.Until(() => processes.MeasureAsync(processes.Ceiling, "load", url, "5", "1"));
        foreach (var (inFlight, runs) in HttpLoads) Keep($"ceiling.http.{inFlight}", await processes.MeasureAsync(processes.Ceiling, "load", url, Text(Count(runs)), Text(inFlight)));
        processes.End(probe);
    }

    /// <summary>One server under all loads, the first of which warms it up.</summary>
    private async Task ServerAsync(string what, string url, string database)
    {
        var port = Text(Processes.FreePort());
        var server = processes.Aos(["serve", "--port", port, "--data", At()], [.. Environment(url, database), ("AOS_API_KEY", Key)]);
        await Processes.UntilReadyAsync($"http://127.0.0.1:{port}/health", System.Diagnostics.Stopwatch.GetTimestamp());
        var verb = "runs";
        foreach (var (inFlight, runs) in HttpLoads)
        {
            Keep($"aos.{what}.{inFlight}", await processes.SelfAsync(verb, $"http://127.0.0.1:{port}", Key, Text(Count(runs)), Text(inFlight)));
            verb = "runs-of-warm";
        }

        processes.End(server);
    }

    private async Task PeersAsync(string scripts)
    {
        var measured = await new Peers(processes, scripts).RoundAsync(Count(2_000), 64);
        foreach (var line in measured) Keep($"{PostgresReport.Peer}{line.GetProperty("name").GetString()}", line);
        Keep("best.wf_per_s", measured.Max(line => line.GetProperty("wf_per_s").GetDouble()));
    }

    /// <summary>Two processes on one database, with half the load each.</summary>
    private Task TwoNodesAsync() => WithDatabaseAsync(async name =>
    {
        await EmbeddedAsync(direct, name, 10, 1); // Makes the tables.
        var both = await Task.WhenAll(EmbeddedAsync(direct, name, Count(10_000), 32), EmbeddedAsync(direct, name, Count(10_000), 32));
        var together = both.Sum(line => line.GetProperty("wf_per_s").GetDouble());
        Keep("two.wf_per_s", together);
        Console.WriteLine($"  {"two nodes",-40} {together,10:N0}/s");
    });

    private Task<JsonElement> EmbeddedAsync(string url, string database, int runs, int inFlight) =>
        processes.SelfAsync(Environment(url, database), "embedded", At(), Text(runs), Text(inFlight));

    private static (string, string)[] Environment(string url, string database) =>
        [("AOS_DATABASE_URL", new UriBuilder(url) { Path = database }.Uri.AbsoluteUri), ("AOS_MASTER_KEY", Key)];

    private async Task WithDatabaseAsync(Func<string, Task> measure)
    {
        var name = $"bench_{System.Environment.ProcessId}_{databases++}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        try
        {
            await measure(name);
        }
        finally
        {
            await ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Connection(direct, null));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    internal static string Connection(string url, string? database)
    {
        var address = new Uri(url);
        var user = address.UserInfo.Split(':', 2);
        return $"Host={address.Host};Port={address.Port};Username={user[0]};Password={user[1]};Database={database ?? address.AbsolutePath.TrimStart('/')}";
    }

    private string At() => Path.Combine(folder, $"data{databases}-{Guid.NewGuid():N}");

    private int Count(int full) => Math.Max(20, (int)(full * scale));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Keep(string name, JsonElement line)
    {
        foreach (var figure in new[] { "wf_per_s", "p50_ms", "p95_ms", "commits" })
        {
            if (line.TryGetProperty(figure, out var value)) Keep($"{name}.{figure}", value.GetDouble());
        }

        Console.WriteLine($"  {name,-40} {line.GetProperty("wf_per_s").GetDouble(),10:N0}/s  p50 {line.GetProperty("p50_ms").GetDouble(),8:N2} ms  p99 {line.GetProperty("p99_ms").GetDouble(),8:N2} ms");
    }

    private void Keep(string name, double value)
    {
        if (!figures.TryGetValue(name, out var list)) figures[name] = list = [];
        list.Add(value);
    }
}
