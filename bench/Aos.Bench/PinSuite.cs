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
/// What the memory costs with 10,000 entries of a tenant and with 1,000,000, on the embedded store and on PostgreSQL, beside the bare statement;
/// and what keeping values at hand saves. Both sizes are asked in turns, so that what the machine does to one it does to the other.
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
    private readonly Random random = new(7);
    private bool isKept = true;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    internal async Task<bool> RunAsync()
    {
        await StoreAsync("sqlite", name => new StorageOptions { Data = Directory.CreateDirectory(Path.Combine(folder, name)).FullName });
        if (server is null) return isKept;
        await using var admin = NpgsqlDataSource.Create(PostgresSuite.Connection(server, null));
        string[] databases = [.. new[] { "few", "many" }.Select(name => $"pins_{name}_{Environment.ProcessId}")];
        try
        {
            foreach (var database in databases) await ExecuteAsync(admin, $"CREATE DATABASE {database}");
            await StoreAsync("postgres", name => new StorageOptions
            {
                Data = folder, DatabaseUrl = new UriBuilder(server) { Path = $"pins_{name}_{Environment.ProcessId}" }.Uri.AbsoluteUri, MasterKey = new string('m', StorageOptions.MasterKeyCharsMin),
            });
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            foreach (var database in databases) await ExecuteAsync(admin, $"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        }

        return isKept;
    }

    private async Task StoreAsync(string store, Func<string, StorageOptions> storage)
    {
        await using (var few = await FilledAsync(storage("few"), Few))
        await using (var many = await FilledAsync(storage("many"), Many)) await MeasureAsync(store, few, many);
        await using (var bare = await OpenAsync(storage("few"), Few, 0))
            await CacheAsync(store, bare);
    }

    private async Task MeasureAsync(string store, PinSide few, PinSide many)
    {
        Console.WriteLine($"\n{store + ", ms",-58} {"10,000 p50",12} {"p99",10} {"1,000,000 p50",14} {"p99",10} {"ratio",8}  promise");
        await LineAsync("bare SELECT of a value by its key", (side, _) => side.BareAsync(Key(random.Next(side.Size))), isHeld: false);
        await LineAsync("get", (side, _) => side.Pins.FindAsync(Caller, Key(random.Next(side.Size)), default));
        await LineAsync("get of what is not there", (side, i) => side.Pins.FindAsync(Caller, $"none:{i}", default));
        await LineAsync("page of 100, the newest", (side, _) => side.Pins.ListAsync(Caller, new PinFilter(null, 100, 0, false), default));
        await LineAsync("page of 100, by cursor in the middle", (side, _) =>
            side.Pins.ListAsync(Caller, new PinFilter(null, 100, 0, false) { After = new PinPlace(Start + (side.Size / 2), side.Size / 2, null) }, default));
        await LineAsync("page of 100, by key in the middle", (side, _) =>
            side.Pins.ListAsync(Caller, new PinFilter(null, 100, 0, false) { Order = PinOrder.Key, After = new PinPlace(0, 0, Key(side.Size / 2)) }, default));
        await LineAsync("page of a prefix with 100 entries", (side, _) => side.Pins.ListAsync(Caller, new PinFilter(Key(random.Next(side.Size))[..^2], 100, 0, false), default));
        await LineAsync("page of a prefix that all have", (side, _) => side.Pins.ListAsync(Caller, new PinFilter("k:", 100, 0, false), default), 60);
        await LineAsync("put of a new value", (side, i) => side.Pins.PutAsync(Caller, new PinWish(Key(random.Next(side.Size)), Json.Parse($$"""{"n":{{i}}}"""), "bench", null), default), 200);
        await LineAsync("increment", (side, _) => side.Pins.ChangeAsync(Caller, new PinChange("counter", [new PinEdit.Increment("/n", 1)]) { Creates = true }, default), 200);

        async Task LineAsync(string name, Func<PinSide, int, Task> act, int times = Asked, bool isHeld = true)
        {
            var (a, b) = await InTurnsAsync(few, many, act, times);
            var ratio = b.P50 / a.P50;
            isKept &= !isHeld || ratio <= Growth;
            Console.WriteLine($"{name,-58} {a.P50,12:N3} {a.P99,10:N3} {b.P50,14:N3} {b.P99,10:N3} {ratio,8:N2}  {(!isHeld ? "" : ratio <= Growth ? "<= 2 yes" : "<= 2 NO")}");
        }
    }

    /// <summary>A get of what is at hand beside one without a cache, for short and long values.</summary>
    private static async Task CacheAsync(string store, PinSide bare)
    {
        // Of the embedded store there is one node: the other side has a cache of its own before the same tables.
        var cached = bare with { Pins = ActivatorUtilities.CreateInstance<PinBook>(bare.House, new PinCache(new PinOptions { CacheBytes = 64 * 1024 * 1024 })) };
        Console.WriteLine($"\n{store + ", ms",-58} {"no cache p50",12} {"at hand p50",12} {"saves",8}");
        foreach (var length in new[] { 100, 10_000, 500_000 })
        {
            var value = Json.Parse($$"""{"list":[{{string.Join(',', Enumerable.Range(0, length / 10).Select(n => $"\"{n:0000000}\""))}}]}""");
            for (var i = 0; i < 20; i++) await bare.Pins.PutAsync(Caller, new PinWish($"long:{length}:{i}", value, "bench", null), default);
            var (a, b) = await InTurnsAsync(bare, cached, (side, i) => side.Pins.FindAsync(Caller, $"long:{length}:{i % 20}", default), Asked);
            Console.WriteLine($"{$"get of {length:N0} bytes",-58} {a.P50,12:N3} {b.P50,12:N3} {1 - (b.P50 / a.P50),8:P0}");
        }
    }

    private static async Task<((double P50, double P99) A, (double P50, double P99) B)> InTurnsAsync(PinSide a, PinSide b, Func<PinSide, int, Task> act, int times)
    {
        var taken = new[] { new double[times], new double[times] };
        for (var i = -times / 2; i < times; i++)
        {
            for (var side = 0; side < 2; side++)
            {
                var started = Stopwatch.GetTimestamp();
                await act(side == 0 ? a : b, Math.Abs(i));
                if (i >= 0) taken[side][i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        }

        foreach (var side in taken) Array.Sort(side);
        return ((taken[0][times / 2], taken[0][times * 99 / 100]), (taken[1][times / 2], taken[1][times * 99 / 100]));
    }

    private static async Task<PinSide> FilledAsync(StorageOptions storage, int size)
    {
        var side = await OpenAsync(storage, size, 0);
        for (var count = 0; count < size; count += Fill) await FillAsync(side.House, count, Math.Min(count + Fill, size));
        if (storage.DatabaseUrl is { } url)
        {
            await using var source = new NpgsqlDataSourceBuilder(PostgresUrl.Read(url).ConnectionString).Build();
            await ExecuteAsync(source, "VACUUM (ANALYZE) memory_pins");
        }

        return side;
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

    private static async Task<PinSide> OpenAsync(StorageOptions storage, int size, long cache)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(storage).AddMemory(new PinOptions { EntriesMax = 10 * Many, BytesMax = 1L << 40, CacheBytes = cache });
        var house = services.BuildServiceProvider();
        await house.GetRequiredService<ICluster>().JoinAsync(default);
        DbConnection bare = storage.DatabaseUrl is { } url
            ? new NpgsqlConnection(PostgresUrl.Read(url).ConnectionString)
            : new SqliteConnection($"Data Source={Path.Combine(storage.Data, "aos.db")};Mode=ReadOnly");
        await bare.OpenAsync();
        return new PinSide(house, house.GetRequiredService<IPins>(), bare, size);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>A store with so many entries.</summary>
internal sealed record PinSide(ServiceProvider House, IPins Pins, DbConnection Bare, int Size) : IAsyncDisposable
{
    internal Task BareAsync(string key) => Bare.ExecuteScalarAsync<string>("SELECT value FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = "bench", key });

    public async ValueTask DisposeAsync()
    {
        await Bare.DisposeAsync();
        await House.DisposeAsync();
    }
}
