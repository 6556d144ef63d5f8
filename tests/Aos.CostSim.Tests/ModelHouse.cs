using Aos.Contracts;
using Aos.Egress;
using Aos.Memory;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>The rooms of cost and memory over a store of their own, with a clock that stands still.</summary>
internal sealed class ModelHouse : IAsyncDisposable
{
    private readonly CostSimOptions options;
    private readonly TestStore store;
    private readonly ServiceProvider services;

    internal ModelHouse(CostSimOptions? options = null)
    {
        this.options = options ?? new CostSimOptions();
        store = TestStore.Open(Register);
        var collection = new ServiceCollection();
        Register(collection, store.Options());
        services = collection.BuildServiceProvider();
        if (store.Kind != TestStoreKind.Sqlite) Task.Run(() => Get<ICluster>().JoinAsync(CancellationToken.None)).GetAwaiter().GetResult();
    }

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 31, 12, 0, 0, TimeSpan.Zero));

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
    }

    private void Register(IServiceCollection to, StorageOptions storage)
    {
        to.AddLogging();
        to.AddSingleton<TimeProvider>(Clock);
        new AosBuilder(to, new ConfigurationBuilder().Build()).AddStorage(storage).AddEgress(new EgressOptions { Allow = ["127.0.0.1"] }).AddMemory().AddCostSim(options);
    }
}
