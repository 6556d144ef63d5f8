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
    private LaterHost? later;

    private Embedded(ServiceProvider services, string data)
    {
        this.services = services;
        Data = data;
        server = new(ServeAsync);
        opening = OpenLaterAsync();
    }

    internal string Data { get; }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal static async Task<Embedded> OpenAsync(HouseOptions options, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), options);
        var provider = services.BuildServiceProvider();
        try
        {
            var meanwhile = Task.Run(() => Prepare(provider), cancel);
            foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(cancel);
            await meanwhile;
            return new Embedded(provider, options.Data);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the first run needs and the store does not: made on another core while the store opens.</summary>
    private static void Prepare(IServiceProvider provider)
    {
        var plan = provider.GetRequiredService<ISkills>().ReadPlan(Json.Parse("""{"name":"none","steps":[{"id":"a","skill":"echo","params":{"a":1}}]}""")).Plan!;
        provider.GetRequiredService<ICosts>().Admit(new SimulationRequest(new PlanReading(plan, [], []), TenantId.Default, null, null, null, 0, null, Json.EmptyObject));
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
    }

    private async Task OpenLaterAsync()
    {
        try
        {
            await Task.Delay(Short, TimeProvider.System, closing.Token);
            later = new LaterHost(services.GetServices<ILater>());
            await later.StartAsync(closing.Token);
            await ListenAsync();
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
