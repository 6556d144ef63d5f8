using System.Diagnostics;
using System.Globalization;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Aos.Bench;

/// <summary>What each thing costs while the runs stored grow to a million, and what archiving them costs and saves. On PostgreSQL.</summary>
/// <param name="server">URL of any database of the server; the suite makes one of its own.</param>
/// <param name="isQuick">True: it ends at 10,000 runs.</param>
internal sealed class GrowthSuite(string server, bool isQuick) : IDisposable
{
    private const string Key = "bench-key-of-this-run-only-0123456789";
    private const int Asked = 30;
    private readonly long[] sizes = isQuick ? [1, 1_000, 10_000] : [1, 1_000, 10_000, 100_000, 1_000_000];
    private readonly int archived = isQuick ? 5_000 : 100_000;
    private readonly string database = $"growth_{Environment.ProcessId}";
    private readonly Processes processes = new();
    private readonly string folder = Directory.CreateTempSubdirectory("aos-growth-").FullName;
    private readonly List<(string Name, List<string> Values)> table = [];
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    public void Dispose()
    {
        processes.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string Url => new UriBuilder(server) { Path = database }.Uri.AbsoluteUri;

    internal async Task RunAsync()
    {
        await ExecuteAsync($"CREATE DATABASE {database}");
        try
        {
            await GrowAsync();
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync($"DROP DATABASE {database} WITH (FORCE)");
        }
    }

    private async Task GrowAsync()
    {
        Environment.SetEnvironmentVariable("AOS_DATABASE_URL", Url);
        Environment.SetEnvironmentVariable("AOS_MASTER_KEY", Key);
        await EmbeddedAsync(20, 1); // Makes the tables, and the run that the others are copies of.
        await using var source = new NpgsqlDataSourceBuilder(PostgresUrl.Read(Url).ConnectionString).Build();
        var model = await ScalarAsync<Guid>(source, "SELECT id FROM runs ORDER BY id DESC LIMIT 1");
        var fill = new GrowthFill(source);
        await fill.PartitionAsync(now);
        var stored = 0L;
        foreach (var size in sizes)
        {
            var started = Stopwatch.GetTimestamp();
            await fill.AddAsync(model, stored + 1, size, sizes[^1], now);
            stored = size;
            Console.WriteLine($"{size:N0} runs stored after {Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s");
            await MeasureAsync(source);
        }

        Print();
        await ArchiveAsync(source);
    }

    private async Task MeasureAsync(NpgsqlDataSource source)
    {
        var bytes = await ScalarAsync<long>(source, "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relname = 'runs' OR (relname LIKE 'journal%' AND relkind = 'r')");
        var heap = await ScalarAsync<long>(source, "SELECT sum(pg_table_size(oid))::bigint FROM pg_class WHERE relname = 'runs' OR (relname LIKE 'journal%' AND relkind = 'r')");
        var runs = await ScalarAsync<long>(source, "SELECT count(*) FROM runs");
        await using (var house = await OpenAsync())
        {
            var (rows, journal, history, clock) = (house.GetRequiredService<IRunRows>(), house.GetRequiredService<IJournal>(), house.GetRequiredService<IStatusHistory>(), house.GetRequiredService<ICluster>());
            var ids = await IdsAsync(source);
            var filter = new StatusFilter(TenantId.Default);
            await KeepAsync("get a run, ms", i => rows.GetAsync(TenantId.Default, ids[i % ids.Count], default));
            await KeepAsync("its events, ms", i => journal.ReadAsync(ids[i % ids.Count], 0, 1_000, default));
            await KeepAsync("list page of 100, ms", _ => rows.ListAsync(new RunFilter(TenantId.Default), default));
            await KeepAsync("list page of failed, ms", _ => rows.ListAsync(new RunFilter(TenantId.Default, Statuses: [RunStatus.Failed]), default));
            await KeepAsync("children of a run, ms", i => rows.ListAsync(new RunFilter(TenantId.Default, Parent: ids[i % ids.Count]), default));
            await KeepAsync("counts per status, ms", _ => rows.CountAsync(TenantId.Default, default));
            await KeepAsync("status history page, ms", _ => history.ListAsync(filter, false, 50, 0, default), few: 3);
            await KeepAsync("history of one run, ms", i => history.ListAsync(filter with { EntityType = "run", EntityId = ids[i % ids.Count].ToString() }, false, 50, 0, default));
            await KeepAsync("claim what is due, ms", _ => rows.ClaimDueAsync(clock.Lease.Node, clock.Now, 64, default));
            await KeepAsync("nearest wake, ms", _ => rows.NextWakeAsync(default));
            await house.GetRequiredService<ICluster>().LeaveAsync(default);
        }

        await NewRunsAsync(source);
        Row("bytes a run", (double)bytes / runs, "N0");
        Row("of them indexes", (double)(bytes - heap) / runs, "N0");
    }

    /// <summary>What new runs cost beside those that are stored; they are taken away again, so that the number stored stays what it is.</summary>
    private async Task NewRunsAsync(NpgsqlDataSource source)
    {
        var last = await ScalarAsync<Guid>(source, "SELECT id FROM runs ORDER BY id DESC LIMIT 1");
        var line = await EmbeddedAsync(isQuick ? 1_000 : 6_000, 64);
        foreach (var made in new[] { $"journal WHERE run_id > '{last}'", $"runs WHERE id > '{last}'" })
            await ScalarAsync<long>(source, $"WITH made AS (DELETE FROM {made} RETURNING 1) SELECT count(*) FROM made");
        foreach (var relation in new[] { "journal", "runs" })
        {
            await VacuumAsync(source, relation);
            await ExecuteAsync(source, $"REINDEX TABLE {relation}"); // Pages of indexes do not go by themselves.
        }

        Row("new runs/s, 64 in flight", line.GetProperty("wf_per_s").GetDouble(), "N0");
        Row("p50 of a run, ms", line.GetProperty("p50_ms").GetDouble(), "N1");
    }

    private async Task ArchiveAsync(NpgsqlDataSource source)
    {
        await using var house = await OpenAsync();
        var (before, runs) = (await SizeAsync(source), await ScalarAsync<long>(source, "SELECT count(*) FROM runs"));
        var bound = await ScalarAsync<Guid>(source, $"SELECT id FROM runs ORDER BY id OFFSET {archived} LIMIT 1");
        var until = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(bound.ToString("N")[..12], 16));
        await ScalarAsync<object>(source, $"WITH u AS (UPDATE runs SET ended_at = 1 WHERE id < '{bound}' RETURNING 1) SELECT count(*) FROM u");
        var started = Stopwatch.GetTimestamp();
        var report = await house.GetRequiredService<Archivist>().ArchiveAsync(until, default);
        var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await house.GetRequiredService<ICluster>().LeaveAsync(default);
        foreach (var relation in new[] { "runs", "journal", "archived_runs" }) await VacuumAsync(source, relation);
        var index = await ScalarAsync<long>(source, "SELECT pg_total_relation_size('archived_runs')");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"archived {report.Runs:N0} runs, {report.Events:N0} events in {took:N1} s: {report.Runs / took:N0} runs/s; {report.Files} files"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bytes a run: in the database {(double)before / runs:N0}; in files {(double)report.Bytes / report.Runs:N0} and {(double)index / report.Runs:N0} in the index"));
    }

    private async Task KeepAsync(string name, Func<int, Task> ask, int few = Asked)
    {
        var times = new List<double>();
        for (var i = -2; i < few; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await ask(i + 2);
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        times.Sort();
        Row(name, times[times.Count / 2], "N2");
    }

    private void Row(string name, double value, string format)
    {
        var row = table.Find(one => one.Name == name);
        if (row.Values is null) table.Add(row = (name, []));
        row.Values.Add(value.ToString(format, CultureInfo.InvariantCulture));
        Console.WriteLine($"  {name,-26} {row.Values[^1],12}");
    }

    private void Print()
    {
        Console.WriteLine($"| runs stored | {string.Join(" | ", sizes.Select(size => size.ToString("N0", CultureInfo.InvariantCulture)))} |");
        Console.WriteLine($"|---|{string.Concat(sizes.Select(_ => "---|"))}");
        foreach (var (name, values) in table) Console.WriteLine($"| {name} | {string.Join(" | ", values)} |");
    }

    private static async Task<List<RunId>> IdsAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand($"SELECT id FROM runs WHERE id > (SELECT id FROM runs ORDER BY id LIMIT 1) ORDER BY id LIMIT {Asked}");
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<RunId>();
        while (await reader.ReadAsync()) ids.Add(new RunId(reader.GetGuid(0)));
        return ids;
    }

    private async Task<ServiceProvider> OpenAsync()
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(At(), At()));
        var house = services.BuildServiceProvider();
        await house.GetRequiredService<ICluster>().JoinAsync(default);
        return house;
    }

    private Task<System.Text.Json.JsonElement> EmbeddedAsync(int runs, int inFlight) => processes.SelfAsync(
        [("AOS_DATABASE_URL", Url), ("AOS_MASTER_KEY", Key)], "embedded", At(), runs.ToString(CultureInfo.InvariantCulture), inFlight.ToString(CultureInfo.InvariantCulture));

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresSuite.Connection(server, null));
        await ExecuteAsync(source, sql);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    private static Task<long> SizeAsync(NpgsqlDataSource source) =>
        ScalarAsync<long>(source, "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relname = 'runs' OR (relname LIKE 'journal%' AND relkind = 'r')");

    private static Task VacuumAsync(NpgsqlDataSource source, string relation) => ExecuteAsync(source, $"VACUUM (ANALYZE) {relation}");

    private static async Task<T> ScalarAsync<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private string At() => Path.Combine(folder, Guid.NewGuid().ToString("N"));
}
