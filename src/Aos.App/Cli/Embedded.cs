using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.App.Cli;

/// <summary>The house in this process, for as long as one command takes.</summary>
internal sealed class Embedded : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private Embedded(ServiceProvider services) => this.services = services;

    internal static Caller Owner { get; } = new(TenantId.Default, "owner", Enum.GetValues<Permission>().ToHashSet());

    internal IRuns Runs => services.GetRequiredService<IRuns>();

    internal IRunRows Rows => services.GetRequiredService<IRunRows>();

    internal ISkills Skills => services.GetRequiredService<ISkills>();

    internal IJournal Journal => services.GetRequiredService<IJournal>();

    /// <summary>Runs a command in the house; what stops the house from opening is told, exit code 5.</summary>
    internal static async Task<int> InAsync(HouseOptions options, Func<Embedded, Task<int>> work, CancellationToken cancel)
    {
        if (Composition.Unavailable() is { } unavailable) return CommandLine.Fail(5, unavailable);
        try
        {
            await using var house = await OpenAsync(options, cancel);
            return await work(house);
        }
        catch (Exception e) when (e is DataDirectoryHeldException or StoreCorruptException or JournalUnavailableException or JournalCorruptException)
        {
            return CommandLine.Fail(5, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hosted in services.GetServices<IHostedService>()) await hosted.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
    }

    private static async Task<Embedded> OpenAsync(HouseOptions options, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), options);
        var provider = services.BuildServiceProvider();
        try
        {
            foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(cancel);
            return new Embedded(provider);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }
}
