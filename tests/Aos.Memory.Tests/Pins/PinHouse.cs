using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory.Tests;

/// <summary>
/// Two memory rooms on one store: on PostgreSQL each of a node of its own, on the embedded store, which has one node, two rooms of that one with a
/// cache each. Tests share it and have a tenant each.
/// </summary>
public class PinHouse : IAsyncLifetime
{
    private readonly TestStore store;
    private readonly List<ServiceProvider> nodes = [];
    private readonly List<PinBook> rooms = [];
    private int tenants;

    public PinHouse() => store = TestStore.Open(Register);

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 31, 12, 0, 0, TimeSpan.Zero));

    internal TestStore Store => store;

    /// <summary>The time that the first node goes by; that of another may be a moment off.</summary>
    internal DateTimeOffset Now => Get<ICluster>().Now;

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The first node's room.</summary>
    internal IPins Pins => rooms[0];

    internal IPins Other => rooms[1];

    internal IMemory Memory => rooms[0];

    internal IPinAudit Audit => Get<IPinAudit>();

    internal Caller NewTenant() => new(new TenantId($"t{Interlocked.Increment(ref tenants)}"), "key:test", []);

    internal T Get<T>(int node = 0)
        where T : notnull => nodes[Math.Min(node, nodes.Count - 1)].GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            if (nodes.Count == 0 || store.Kind != TestStoreKind.Sqlite)
            {
                var (services, options) = (new ServiceCollection(), store.Options());
                options.MasterKey = new string('m', StorageOptions.MasterKeyCharsMin);
                Register(services, options);
                nodes.Add(services.BuildServiceProvider());
                await nodes[^1].GetRequiredService<ICluster>().JoinAsync(CancellationToken.None);
            }

            rooms.Add(i < nodes.Count ? nodes[^1].GetRequiredService<PinBook>() : ActivatorUtilities.CreateInstance<PinBook>(nodes[0], new PinCache(nodes[0].GetRequiredService<PinOptions>())));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal async Task<Pin> PutAsync(Caller caller, string key, string value, int? ttl = null, IPins? at = null)
    {
        var (made, refusal) = await (at ?? Pins).PutAsync(caller, new PinWish(key, Json.Parse(value), "test", ttl), Cancel);
        Assert.True(refusal is null, refusal?.Message);
        return made!.After;
    }

    internal async Task<string?> CodeAsync(Task<(PinMade? Made, Failure? Refusal)> write) => (await write).Refusal?.Code;

    /// <summary>Whatever the settings are to be.</summary>
    private protected virtual PinOptions Settings() => new();

    /// <summary>In place of the store's.</summary>
    private protected virtual void Replace(IServiceCollection services)
    {
    }

    private void Register(IServiceCollection services, StorageOptions storage)
    {
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(storage).AddMemory(Settings());
        Replace(services);
    }
}

/// <summary>Adds up what the memory counts, by instrument and labels.</summary>
internal sealed class PinCounts : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly Dictionary<string, double> sums = [];

    internal PinCounts(IMeterFactory factory)
    {
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Name == "Aos.Memory" && instrument.Meter.Scope == factory) own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument.Name, 1, tags)); // How often a histogram was told something.
        listener.Start();
    }

    internal double this[string name]
    {
        get
        {
            lock (sums) return sums.GetValueOrDefault(name);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags) name += $" {tag.Value}";
        lock (sums) sums[name] = sums.GetValueOrDefault(name) + value;
    }
}
