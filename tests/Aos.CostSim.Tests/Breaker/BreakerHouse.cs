using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Egress;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>
/// Several cost rooms on one database: on PostgreSQL each of a node of its own, on the embedded store, which has one node, all of that one. The breaker
/// opens after three failures above 0.2.
/// </summary>
internal sealed class BreakerHouse : IAsyncDisposable
{
    private readonly TestStore store;
    private readonly List<ServiceProvider> nodes = [];
    private readonly List<CostBreaker> rooms = [];
    private readonly Action<BreakerOptions>? set;

    private BreakerHouse(Action<BreakerOptions>? set)
    {
        this.set = set;
        store = TestStore.Open(Register);
    }

    internal ManualClock Clock { get; } = new();

    internal RecordedAudit Audit { get; } = new();

    /// <summary>The time that the rooms go by.</summary>
    internal DateTimeOffset Now => nodes[0].GetRequiredService<ICluster>().Now;

    internal IReadOnlyList<CostBreaker> Rooms => rooms;

    internal ICostBreaker Breaker => rooms[0];

    internal TestStore Store => store;

    internal static Caller Admin { get; } = new(TenantId.Default, "key:admin", []) { IsHouse = true };

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static async Task<BreakerHouse> OpenAsync(Action<BreakerOptions>? set = null, int rooms = 1)
    {
        var house = new BreakerHouse(set);
        for (var i = 0; i < rooms; i++) await house.JoinAsync();
        return house;
    }

    internal T Get<T>(int node = 0)
        where T : notnull => nodes[Math.Min(node, nodes.Count - 1)].GetRequiredService<T>();

    /// <summary>Reports of this drift, one after the other.</summary>
    internal async Task<BreakerIncident?> DriftAsync(double score, int times = 1, Guid? probe = null)
    {
        BreakerIncident? last = null;
        for (var i = 0; i < times; i++) last = await Breaker.ReportAsync(Report(score, probe), Cancel) ?? last;
        return last;
    }

    internal static BreakerReport Report(double score, Guid? probe = null, int schemaErrors = 0) => new(score, 1, Json.Parse("""{"verdict":"mismatch"}"""), schemaErrors, probe);

    /// <summary>Every room delivers what is due, again and again, with time going on, until nothing waits any more.</summary>
    internal async Task DeliverAsync(int roundsMax = 40)
    {
        for (var i = 0; i < roundsMax && (await Breaker.AlertsAsync(Cancel)).Pending > 0; i++)
        {
            await Task.WhenAll(nodes.Select(node => node.GetRequiredService<OutboxPost>().PassAsync(Cancel)));
            Clock.Advance(TimeSpan.FromSeconds(1 << Math.Min(i / 2, 12)));
        }
    }

    internal async Task<int> WriteAsync(string sql)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(Cancel);
    }

    internal async Task<long> CountAsync(string sql)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
    }

    private async Task JoinAsync()
    {
        if (nodes.Count == 0 || store.Kind != TestStoreKind.Sqlite)
        {
            var services = new ServiceCollection();
            var options = store.Options();
            options.MasterKey = new string('m', StorageOptions.MasterKeyCharsMin);
            Register(services, options);
            nodes.Add(services.BuildServiceProvider());
            await nodes[^1].GetRequiredService<ICluster>().JoinAsync(Cancel);
        }

        rooms.Add(rooms.Count < nodes.Count ? nodes[^1].GetRequiredService<CostBreaker>() : ActivatorUtilities.CreateInstance<CostBreaker>(nodes[0]));
    }

    private void Register(IServiceCollection services, StorageOptions storage)
    {
        var breaker = new BreakerOptions { Instance = $"node-{nodes.Count}" };
        set?.Invoke(breaker);
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IAudit>(Audit);
        new AosBuilder(services, new ConfigurationBuilder().Build())
            .AddStorage(storage)
            .AddEgress(new EgressOptions { Allow = ["127.0.0.1"] })
            .AddCostBreaker(breaker);
    }
}

/// <summary>Keeps what is put on record.</summary>
internal sealed class RecordedAudit : IAudit
{
    private readonly ConcurrentQueue<AuditEntry> entries = new();

    internal IReadOnlyList<AuditEntry> Entries => [.. entries];

    public ValueTask WriteAsync(AuditEntry entry, CancellationToken cancel)
    {
        entries.Enqueue(entry);
        return ValueTask.CompletedTask;
    }

    public Task<(IReadOnlyList<AuditRow> Rows, long Total)> ListAsync(AuditFilter filter, CancellationToken cancel) =>
        Task.FromResult<(IReadOnlyList<AuditRow>, long)>(([.. Entries.Select((entry, i) => new AuditRow(i, entry))], entries.Count));

    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => Task.FromResult(new AuditVerdict(entries.Count, 0, null));

    public Task<long> ForgetAsync(TimeSpan olderThan, CancellationToken cancel) => Task.FromResult(0L);
}
