using Aos.App.Server;
using Aos.App;
using Aos.Contracts;
using Aos.Identity;
using Aos.Storage;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("aos-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A real server on a free loopback port, with a store of its own.</summary>
internal sealed class House : IAsyncDisposable
{
    private readonly TestStore store = TestStore.Open((services, options) => services.AddHouse(new ConfigurationBuilder().Build(), Of(options, options.Data)));
    private readonly TemporaryFolder workspace = new();
    private WebApplication app = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal TestStore Store => store;

    internal string Data => store.Data;

    internal string Workspace => workspace.Path;

    internal IServiceProvider Services => app.Services;

    /// <summary>The API key that the first start made.</summary>
    internal string Key() => store.Kind == TestStoreKind.Sqlite ? File.ReadAllText(Path.Combine(Data, "api.key")).Trim() : SharedKey.Of(Get<IKeyring>(), made: null);

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <param name="more">Registered beside what the product registers.</param>
    internal static async Task<House> OpenAsync(Action<IServiceCollection>? more = null)
    {
        var house = new House();
        await house.StartAsync(more);
        return house;
    }

    internal async Task RestartAsync(Action<IServiceCollection>? more = null)
    {
        await StopAsync();
        await StartAsync(more);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await store.DisposeAsync();
        workspace.Dispose();
    }

    private static HouseOptions Of(StorageOptions options, string workspace) => new(options.Data, workspace) { DatabaseUrl = options.DatabaseUrl };

    private async Task StartAsync(Action<IServiceCollection>? more)
    {
        app = AosServer.Build("127.0.0.1", 0, Of(store.Options(), Workspace), Unlimited + more);
        await app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    /// <summary>Tests ask without a key and more often than a minute allows.</summary>
    private static void Unlimited(IServiceCollection services) =>
        ((IdentityOptions)services.Last(service => service.ServiceType == typeof(IdentityOptions)).ImplementationInstance!).AnonymousTier = "unlimited";

    private async Task StopAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
