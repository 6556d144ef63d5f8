using Aos.App;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A house without a server, by a clock of the test's own.</summary>
internal sealed class TimedHouse : IAsyncDisposable
{
    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private readonly ServiceProvider services;

    internal TimedHouse()
    {
        services = new ServiceCollection().AddLogging()
            .AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(store.Data, store.Data) { DatabaseUrl = store.Url })
            .AddSingleton<TimeProvider>(Clock).BuildServiceProvider();
        services.GetRequiredService<IRunRows>(); // Opens the store.
    }

    internal ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal Task<int> PassAsync(string chore) => services.GetServices<IChore>().Single(one => one.Name == chore).PassAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
    }
}
