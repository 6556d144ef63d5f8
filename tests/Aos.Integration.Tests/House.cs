using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
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
    private readonly TemporaryFolder folder = new();
    private WebApplication app = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal string Data => Path.Combine(folder.Path, "data");

    internal IServiceProvider Services => app.Services;

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    internal static async Task<House> OpenAsync()
    {
        var house = new House();
        await house.StartAsync();
        return house;
    }

    internal async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    private async Task StartAsync()
    {
        app = AosServer.Build("127.0.0.1", 0, new HouseOptions(Data, Path.Combine(folder.Path, "workspace")));
        await app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    private async Task StopAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
