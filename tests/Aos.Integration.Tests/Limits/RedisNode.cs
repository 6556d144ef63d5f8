using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Aos.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Integration.Tests.Limits;

/// <summary>The shared limits of one node, with a connection of its own to a Redis.</summary>
internal sealed class RedisNode : IAsyncDisposable, ILogger<LimitLog>
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly RedisDoor door;

    internal RedisNode(string url, int nodes = 1)
    {
        var (options, problem) = RedisOptions.Read(name => name == "AOS_REDIS_URL" ? url : null);
        Assert.Null(problem);
        var clock = TimeProvider.System;
        var meter = new LimitMeter(services.GetRequiredService<IMeterFactory>());
        door = new RedisDoor(options!, clock);
        var store = new RedisLimits(door);
        Link = new StoreLink(store, new LimitLog(this), meter, clock);
        Limits = new SharedLimits(store, Link, new LocalLimits(clock), new NodeCount(_ => Task.FromResult(nodes), clock), meter);
        Cache = new RedisCache(door, Link, meter);
    }

    internal RedisDoor Door => door;

    internal StoreLink Link { get; }

    internal SharedLimits Limits { get; }

    internal RedisCache Cache { get; }

    /// <summary>Lines of the log, in order.</summary>
    internal ConcurrentQueue<string> Lines { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        await door.DisposeAsync();
        await services.DisposeAsync();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));
}
