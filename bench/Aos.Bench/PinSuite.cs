using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Memory;
using Aos.Storage;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Aos.Bench;

/// <summary>
/// What reading the memory costs with 10,000 entries of a tenant and with 1,000,000, on the embedded store and on PostgreSQL, beside the bare
/// statement in the same run; and what keeping values at hand saves.
/// </summary>
/// <param name="server">URL of any database of a PostgreSQL; null: the embedded store only.</param>
internal sealed class PinSuite(string? server) : IDisposable
{
    private const int Few = 10_000, Many = 1_000_000, Fill = 50_000;
    private const int Asked = 400;

    /// <summary>Most that a figure may grow.</summary>
    private const double Growth = 2;

    private static readonly Caller Caller = new(new TenantId("bench"), "bench", []);
    private readonly string folder = Directory.CreateTempSubdirectory("aos-pins-").FullName;
    private readonly string database = $"pins_{Environment.ProcessId}";
    private readonly List<(string Name, bool IsHeld, List<(double P50, double P99)> At)> table = [];
    private bool isKept = true;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    internal async Task<bool> RunAsync()
    {
        await StoreAsync("sqlite", new StorageOptions { Data = folder });
        if (server is null) return isKept;
        await using var admin = NpgsqlDataSource.Create(PostgresSuite.Connection(server, null));
        await ExecuteAsync(admin, $"CREATE DATABASE {database}");
        try
        {
            var url = new UriBuilder(server) { Path = database }.Uri.AbsoluteUri;
            await StoreAsync("postgres", new StorageOptions { Data = folder, DatabaseUrl = url, MasterKey = new string('m', StorageOptions.MasterKeyCharsMin) });
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync(admin, $"DROP DATABASE {database} WITH (FORCE)");
        }

        return isKept;
    }

    private async Task StoreAsync(string store, StorageOptions storage)
    {
        table.Clear();
        await using (var house = await OpenAsync(storage, 0))
        {
            var count = 0;
            foreach (var size in new[] { Few, Many })
            {
                var started = Stopwatch.GetTimestamp();
                for (; count < size; count += Math.Min(Fill, size - count)) await FillAsync(house, count, Math.Min(count + Fill, size));
                await SettleAsync(storage);
                Console.WriteLine($"{store}: {size:N0} entries after {Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s");
                await MeasureAsync(house, size, storage);
            }
        }

        Print(store);
        await CacheAsync(store, storage);
    }

    private async Task MeasureAsync(ServiceProvider house, int size, StorageOptions storage)
    {
        var (pins, random) = (house.GetRequiredService<IPins>(), new Random(7));
        await using (var bare = Bare(storage))
        {
            await KeepAsync("bare SELECT of a value by its key, ms", false, async _ =>
                await bare.ExecuteScalarAsync<string>("SELECT value FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = "bench", key = Key(random.Next(size)) }));
        }

        await KeepAsync("get, ms", true, async _ => await pins.FindAsync(Caller, Key(random.Next(size)), default));
        await KeepAsync("get of what is not there, ms", true, async i => await pins.FindAsync(Caller, $"none:{i}", default));
        await KeepAsync("page of 100, the newest, ms", true, async _ => await pins.ListAsync(Caller, new PinFilter(null, 100, 0, false), default));
        var deep = new PinPlace(Start + (size / 2), size / 2, null);
        await KeepAsync("page of 100, by cursor in the middle, ms", true, async _ => await pins.ListAsync(Caller, new PinFilter(null, 100, 0, false) { After = deep }, default));
        await KeepAsync("page of 100, by key in the middle, ms", true, async _ => await pins.ListAsync(Caller, new PinFilter(null, 100, 0, false) { Order = PinOrder.Key, After = new PinPlace(0, 0, Key(size / 2)) }, default));
        await KeepAsync("page of a prefix with 100 entries, ms", true, async _ => await pins.ListAsync(Caller, new PinFilter(Key(random.Next(size))[..^2], 100, 0, false), default));
        await KeepAsync("page of a prefix that all have, ms", true, async _ => await pins.ListAsync(Caller, new PinFilter("k:", 100, 0, false), default), 40);
        await KeepAsync("put of a new value, ms", true, async i => await pins.PutAsync(Caller, new PinWish(Key(random.Next(size)), Json.Parse($$"""{"n":{{i}}}"""), "bench", null), default), 100);
        await KeepAsync("increment, ms", true, async _ => await pins.ChangeAsync(Caller, new PinChange("counter", [new PinEdit.Increment("/n", 1)]) { Creates = true }, default), 100);
    }

    /// <summary>A get of what is at hand beside one without a cache, for short and long values.</summary>
    private async Task CacheAsync(string store, StorageOptions storage)
    {
        table.Clear();
        foreach (var bytes in new[] { 0, 64L * 1024 * 1024 })
        {
            await using var house = await OpenAsync(storage, bytes);
            var pins = house.GetRequiredService<IPins>();
            foreach (var length in new[] { 100, 10_000, 500_000 })
            {
                for (var i = 0; i < 20; i++) await pins.PutAsync(Caller, new PinWish($"long:{length}:{i}", Json.Parse($$"""{"list":[{{string.Join(',', Enumerable.Range(0, length / 10).Select(n => $"\"{n:0000000}\""))}}]}"""), "bench", null), default);
                await KeepAsync($"get of {length:N0} bytes, ms", false, async i => await pins.FindAsync(Caller, $"long:{length}:{i % 20}", default), 200);
            }
        }

        Console.WriteLine($"\n{store,-58} {"no cache",12} {"at hand",12} {"saves",8}");
        foreach (var (name, _, at) in table) Console.WriteLine($"{name,-58} {at[0].P50,12:N3} {at[1].P50,12:N3} {1 - (at[1].P50 / at[0].P50),8:P0}");
    }

    private void Print(string store)
    {
        Console.WriteLine($"\n{store,-58} {"10,000 p50",12} {"p99",10} {"1,000,000 p50",14} {"p99",10} {"ratio",8}  promise");
        foreach (var (name, isHeld, at) in table)
        {
            var ratio = at[1].P50 / at[0].P50;
            isKept &= !isHeld || ratio <= Growth;
            Console.WriteLine($"{name,-58} {at[0].P50,12:N3} {at[0].P99,10:N3} {at[1].P50,14:N3} {at[1].P99,10:N3} {ratio,8:N2}  {(!isHeld ? "" : ratio <= Growth ? "<= 2 yes" : "<= 2 NO")}");
        }
    }

    private async Task KeepAsync(string name, bool isHeld, Func<int, Task> act, int times = Asked)
    {
        for (var i = 0; i < times / 10; i++) await act(i);
        var taken = new double[times];
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await act(i);
            taken[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(taken);
        var found = table.FindIndex(row => row.Name == name);
        if (found < 0) table.Add((name, isHeld, []));
        table[found < 0 ? ^1 : found].At.Add((taken[times / 2], taken[times * 99 / 100]));
    }

    private const long Start = 638_000_000_000_000_000;

    private static string Key(int number) => number.ToString("'k:'0000000", CultureInfo.InvariantCulture);

    /// <summary>Entries of some hundred bytes, each a tick newer than the one before.</summary>
    private static Task FillAsync(ServiceProvider house, int from, int to) => house.GetRequiredService<IDatabase>().For(Caller.Tenant).WriteAsync(
        (connection, transaction) =>
        {
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"""
                    WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to - 1})
                    INSERT INTO memory_pins (tenant_id, key, id, version, bytes, source, created_at, updated_at, value)
                    SELECT 'bench', 'k:' || substr('0000000' || i, length('0000000' || i) - 6), i + 1, i + 1, 216, 'bench', {Start} + i, {Start} + i,
                      @head || i || '"' || @tail FROM n
                    """),
                new { head = """{"lang":"de","name":"entry """, tail = $",\"text\":\"{new string('x', 160)}\"}}" }, transaction);
            return connection.Execute(
                "INSERT INTO memory_usage (tenant_id, pins, bytes, last_id, last_version) VALUES ('bench', @to, 0, @to, @to) ON CONFLICT (tenant_id) DO UPDATE SET pins = excluded.pins, last_id = excluded.last_id, last_version = memory_usage.last_version + @to",
                new { to = (long)to }, transaction);
        },
        default);

    private static async Task SettleAsync(StorageOptions storage)
    {
        if (storage.DatabaseUrl is not { } url) return;
        await using var source = new NpgsqlDataSourceBuilder(PostgresUrl.Read(url).ConnectionString).Build();
        await ExecuteAsync(source, "VACUUM (ANALYZE) memory_pins");
        await ExecuteAsync(source, "CHECKPOINT");
    }

    private static DbConnection Bare(StorageOptions storage)
    {
        DbConnection connection = storage.DatabaseUrl is { } url
            ? new NpgsqlConnection(PostgresUrl.Read(url).ConnectionString)
            : new SqliteConnection($"Data Source={Path.Combine(storage.Data, "aos.db")};Mode=ReadOnly");
        connection.Open();
        return connection;
    }

    private static async Task<ServiceProvider> OpenAsync(StorageOptions storage, long cache)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(storage).AddMemory(new PinOptions { EntriesMax = 10 * Many, BytesMax = 1L << 40, CacheBytes = cache });
        var house = services.BuildServiceProvider();
        await house.GetRequiredService<ICluster>().JoinAsync(default);
        return house;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
