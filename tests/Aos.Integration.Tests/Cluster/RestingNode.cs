using System.Diagnostics.Metrics;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aos.Integration.Tests.Cluster;

/// <summary>
/// A whole node without its web server, whose time is the test's: that of its heart and, apart from it, that of all else. What it sends to the
/// database is written down with the heart's time.
/// </summary>
internal sealed class RestingNode : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly ManualClock heart;
    private readonly MeterListener listener = new();
    private readonly List<DateTimeOffset> sent = [];

    private RestingNode(ServiceProvider services, ManualClock heart)
    {
        (this.services, this.heart) = (services, heart);
        var own = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Name == "aos_store_statements_total" && ReferenceEquals(instrument.Meter.Scope, own)) listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            lock (sent) sent.Add(heart.GetUtcNow());
        });
        listener.Start();
    }

    /// <summary>When each statement went to the database.</summary>
    internal IReadOnlyList<DateTimeOffset> Sent
    {
        get
        {
            lock (sent) return [.. sent];
        }
    }

    internal NodeId Id => Get<ICluster>().Lease.Node;

    internal IRuns Runs => Get<IRuns>();

    /// <summary>When its heart beats next.</summary>
    internal DateTimeOffset NextBeat => heart.NextDue ?? throw new InvalidOperationException("The heart is not at rest.");

    internal static Caller Caller => OwnerConnection.Owner;

    /// <param name="clock">Of everything but the heart.</param>
    internal static async Task<RestingNode> OpenAsync(TestStore store, string data, ManualClock clock)
    {
        var (services, heart) = (new ServiceCollection(), new ManualClock(clock.GetUtcNow()));
        services.AddLogging();
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(data, data) { DatabaseUrl = store.Url });
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton(_ => new PostgresLease(heart));
        var node = new RestingNode(services.BuildServiceProvider(), heart);
        foreach (var hosted in node.services.GetServices<IHostedService>()) await hosted.StartAsync(CancellationToken.None);
        await new LaterHost(node.services.GetServices<ILater>()).StartAsync(CancellationToken.None);
        await node.RestAsync();
        return node;
    }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal async Task<RunId> StartAsync(string plan)
    {
        var reading = Get<ISkills>().ReadPlan(Json.Parse(plan));
        Assert.True(reading.Plan is not null, string.Join('\n', reading.Problems));
        var reply = await Runs.StartAsync(Caller, new StartRequest("agent", reading.Plan, Json.EmptyObject), TestContext.Current.CancellationToken);
        return Assert.IsType<StartReply.Started>(reply).Run;
    }

    /// <summary>Its time goes on to then; ends when its heart and its chores rest again.</summary>
    internal async Task GoToAsync(DateTimeOffset time)
    {
        while (NextBeat <= time)
        {
            heart.GoTo(NextBeat);
            await RestAsync();
        }

        heart.GoTo(time);
    }

    public async ValueTask DisposeAsync()
    {
        await new LaterHost(services.GetServices<ILater>()).StopAsync(CancellationToken.None);
        foreach (var hosted in services.GetServices<IHostedService>().Reverse()) await hosted.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
        listener.Dispose();
    }

    /// <summary>Between two beats nothing but the pause is timed by the heart's clock, and a pause is of whole seconds.</summary>
    private async Task RestAsync()
    {
        while (true)
        {
            var change = heart.Changed;
            if (IsPause(heart.NextDue - heart.GetUtcNow())) break;
            await change.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        while (Get<ChoreSlot>().Ask.Names.Length == 0) await Task.Yield(); // A pass is short.
    }

    private static bool IsPause(TimeSpan? left) => left?.TotalSeconds is 1 or 10;
}
