using System.Text.Json;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.App.Cli;

/// <summary>
/// The rooms in this process, for as long as one command takes. A command that lives longer opens the data directory's
/// socket, so that other processes need not wait for it.
/// </summary>
internal sealed class Embedded : IAsyncDisposable
{
    /// <summary>How long a command lives before others may want to talk to it.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private readonly ServiceProvider services;
    private readonly CancellationTokenSource closing = new();
    private readonly Lazy<Task<WebApplication>> server;
    private readonly Task opening;
    private readonly bool isShared;
    private LaterHost? later;

    private Embedded(ServiceProvider services, HouseOptions options)
    {
        this.services = services;
        isShared = Composition.IsShared(options);
        // A node on a database speaks for itself alone: its socket is for this process.
        Data = isShared ? Directory.CreateTempSubdirectory("aos-").FullName : options.Data;
        server = new(ServeAsync);
        opening = OpenLaterAsync();
    }

    /// <summary>Where its socket lies.</summary>
    internal string Data { get; }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal static async Task<Embedded> OpenAsync(HouseOptions options, Task<JsonElement>? plan, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), options);
        var provider = services.BuildServiceProvider();
        try
        {
            var meanwhile = plan is null ? Task.CompletedTask : Task.Run(() => PrepareAsync(provider, plan), cancel);
            foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(cancel);
            await meanwhile;
            return new Embedded(provider, options);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Reads and judges the plan on another core while the store opens. What comes of it is asked for again when the run starts;
    /// by then everything that takes part in it has been loaded.
    /// </summary>
    private static async Task PrepareAsync(IServiceProvider provider, Task<JsonElement> plan)
    {
        try
        {
            var reading = provider.GetRequiredService<ISkills>().ReadPlan(await plan);
            provider.GetRequiredService<ICosts>().Admit(new SimulationRequest(reading, TenantId.Default, null, null, null, 0, null, Json.EmptyObject));
        }
        catch (PlanFileException)
        {
            // Whoever awaits the plan tells it.
        }
    }

    /// <summary>Returns once the socket takes connections.</summary>
    internal Task ListenAsync() => server.Value;

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await opening;
        if (server.IsValueCreated)
        {
            await using var app = await server.Value;
            await app.StopAsync();
        }

        if (later is { } begun) await begun.StopAsync(CancellationToken.None);
        foreach (var hosted in services.GetServices<IHostedService>().Reverse()) await hosted.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
        closing.Dispose();
        if (isShared) Directory.Delete(Data, recursive: true);
    }

    private async Task OpenLaterAsync()
    {
        try
        {
            await Task.Delay(Short, TimeProvider.System, closing.Token);
            later = new LaterHost(services.GetServices<ILater>());
            await later.StartAsync(closing.Token);
            if (!isShared) await ListenAsync();
        }
        catch (OperationCanceledException)
        {
            // The command was short.
        }
    }

    private async Task<WebApplication> ServeAsync()
    {
        var app = AosServer.BuildOver(services, Data);
        await app.StartAsync();
        return app;
    }
}
