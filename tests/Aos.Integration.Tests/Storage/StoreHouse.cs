using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>A store of its own, to be closed, damaged and opened again.</summary>
internal sealed class StoreHouse : IAsyncDisposable
{
    private readonly TestStore store;
    private readonly TimeProvider clock;
    private readonly Action<IServiceCollection>? more;
    private ServiceProvider? services;

    internal StoreHouse(TimeProvider? clock = null, Action<IServiceCollection>? more = null)
    {
        this.clock = clock ?? TimeProvider.System;
        this.more = more;
        store = TestStore.Open(Register);
        Open();
    }

    internal IJournal Journal => Get<IJournal>();

    internal TestStore Store => store;

    /// <summary>The embedded store's.</summary>
    internal string File => Path.Combine(store.Data, "aos.db");

    internal T Get<T>()
        where T : notnull => services!.GetRequiredService<T>();

    internal void Open()
    {
        var collection = new ServiceCollection();
        Register(collection, store.Options());
        services = collection.BuildServiceProvider();
        if (store.Kind != TestStoreKind.Sqlite) Join(Get<ICluster>());
    }

    internal async Task CloseAsync()
    {
        if (services is { } open) await open.DisposeAsync();
        services = null;
    }

    /// <summary>A run's events and row as this node writes them.</summary>
    internal JournalAppend Append(RunId run, int expected, int count, DateTimeOffset at) =>
        JournalConformance.Append(run, expected, count, at, owner: Get<ICluster>().Lease.Node);

    /// <summary>Writes behind the store's back.</summary>
    internal void Tamper(string sql) => store.Tamper(sql);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await store.DisposeAsync();
    }

    /// <summary>What a node writes that has not joined is refused.</summary>
    private static void Join(ICluster cluster) => Task.Run(() => cluster.JoinAsync(CancellationToken.None)).GetAwaiter().GetResult();

    private void Register(IServiceCollection services, StorageOptions options)
    {
        services.AddLogging();
        services.AddSingleton(clock);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
        more?.Invoke(services);
    }
}
