using Aos.Contracts;
using StackExchange.Redis;

namespace Aos.Storage;

/// <summary>
/// The one way to Redis. It connects when it is first needed and again by itself whenever the connection is lost; while there is
/// none, calls fail at once. An answer that takes longer than <see cref="RedisOptions.Timeout"/> counts as none.
/// </summary>
internal sealed class RedisDoor(RedisOptions options, TimeProvider clock) : IAsyncDisposable
{
    private const int ConnectMs = 2_000;
    private readonly Lock gate = new();
    private Task<ConnectionMultiplexer>? connecting;

    /// <summary>A slot was given back by some node: the key it stood under.</summary>
    internal event Action<string>? Freed;

    /// <summary>All keys of a house stand in one hash slot, so that a script may touch several of them on a Redis Cluster too.</summary>
    internal string Key(string kind, string value) => $"{{{options.Prefix}}}:{kind}:{value}";

    internal string Channel => Key("freed", "");

    public override string ToString() => options.ToString();

    public async ValueTask DisposeAsync()
    {
        if (connecting is { IsCompletedSuccessfully: true } made) await (await made).DisposeAsync();
    }

    /// <summary>Runs a script by its hash; a Redis that does not know it (any more) is given its text.</summary>
    /// <exception cref="Exception">Redis is not there, did not answer in time, or refused.</exception>
    internal Task<RedisResult> ScriptAsync(string script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancel) =>
        AskAsync(database => database.ScriptEvaluateAsync(script, keys, arguments, CommandFlags.DemandMaster), cancel);

    internal Task<RedisValue> GetAsync(string key, CancellationToken cancel) => AskAsync(database => database.StringGetAsync(key), cancel);

    internal Task<bool> SetAsync(string key, ReadOnlyMemory<byte> value, TimeSpan lifetime, CancellationToken cancel) =>
        AskAsync(database => database.StringSetAsync(key, value, lifetime), cancel);

    /// <summary>Asks for nothing but an answer; opens the connection.</summary>
    internal async Task PingAsync(CancellationToken cancel)
    {
        var open = await ConnectedAsync();
        await open.GetDatabase().PingAsync().WaitAsync(options.Timeout, clock, cancel);
    }

    private async Task<T> AskAsync<T>(Func<StackExchange.Redis.IDatabase, Task<T>> ask, CancellationToken cancel)
    {
        var open = await ConnectedAsync().WaitAsync(options.Timeout, clock, cancel);
        return await ask(open.GetDatabase()).WaitAsync(options.Timeout, clock, cancel);
    }

    private Task<ConnectionMultiplexer> ConnectedAsync()
    {
        lock (gate) return connecting is null or { IsFaulted: true } ? connecting = ConnectAsync() : connecting;
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var settings = new ConfigurationOptions
        {
            EndPoints = { { options.Host, options.Port } },
            User = options.User,
            Password = options.Password,
            Ssl = options.IsTls,
            SslHost = options.IsTls ? options.Host : null,
            DefaultDatabase = options.Database,
            ClientName = "aos",
            AbortOnConnectFail = false,
            BacklogPolicy = BacklogPolicy.FailFast,
            ConnectTimeout = ConnectMs,
            AsyncTimeout = (int)options.Timeout.TotalMilliseconds * 2,
            ReconnectRetryPolicy = new LinearRetry(500),
            IncludeDetailInExceptions = false,
        };
        var open = await ConnectionMultiplexer.ConnectAsync(settings);
        // Goes on by itself whenever the connection comes back; it may not be there yet.
        await open.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Channel), (_, key) => Freed?.Invoke(key.ToString()), CommandFlags.FireAndForget);
        return open;
    }
}
