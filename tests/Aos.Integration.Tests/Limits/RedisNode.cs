using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Aos.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Integration.Tests.Limits;

/// <summary>The shared limits of one node.</summary>
internal class SharedNode : IAsyncDisposable, ILogger<LimitLog>
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    internal SharedNode(ILimitStore store, int nodes = 1)
    {
        var clock = TimeProvider.System;
        Meter = new LimitMeter(services.GetRequiredService<IMeterFactory>());
        Link = new StoreLink(store, new LimitLog(this), Meter, clock);
        Limits = new SharedLimits(store, Link, new LocalLimits(clock), new NodeCount(_ => Task.FromResult(nodes), clock), Meter);
    }

    internal StoreLink Link { get; }

    internal SharedLimits Limits { get; }

    /// <summary>Lines of the log, in order.</summary>
    internal ConcurrentQueue<string> Lines { get; } = new();

    private protected LimitMeter Meter { get; }

    public virtual async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        await services.DisposeAsync();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));
}

/// <summary>The same with a connection of its own to a Redis.</summary>
internal sealed class RedisNode : SharedNode
{
    internal RedisNode(string url, int nodes = 1)
        : this(Opened(url), nodes)
    {
    }

    private RedisNode(RedisDoor door, int nodes)
        : base(new RedisLimits(door), nodes) =>
        (Door, Cache) = (door, new RedisCache(door, Link, Meter));

    internal RedisDoor Door { get; }

    internal RedisCache Cache { get; }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Door.DisposeAsync();
    }

    private static RedisDoor Opened(string url)
    {
        var (options, problem) = RedisOptions.Read(name => name == "AOS_REDIS_URL" ? url : null);
        Assert.Null(problem);
        return new RedisDoor(options!, TimeProvider.System);
    }
}
