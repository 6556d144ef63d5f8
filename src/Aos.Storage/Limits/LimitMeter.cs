using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>Counts what was asked of the limits, and whether the store behind them answers.</summary>
internal sealed class LimitMeter
{
    private readonly Counter<long> asked;
    private readonly Counter<long> changes;
    private readonly Counter<long> cache;

    public LimitMeter(IMeterFactory factory)
    {
        Meter = factory.Create("Aos.Limits");
        asked = Meter.CreateCounter<long>("aos_limit_asks_total", null, "Tokens and slots asked for, by who answered (redis, postgres, share) and the answer (granted, wait).");
        changes = Meter.CreateCounter<long>("aos_limit_store_changes_total", null, "Changes of the shared store of limits, by store and state (lost, back).");
        cache = Meter.CreateCounter<long>("aos_shared_cache_reads_total", null, "Reads of the shared memory cache, by result (hit, miss, skipped).");
    }

    internal Meter Meter { get; }

    internal void Asked(string by, bool granted) => asked.Add(1, Tag("by", by), Tag("answer", granted ? "granted" : "wait"));

    internal void Changed(string store, string state) => changes.Add(1, Tag("store", store), Tag("state", state));

    internal void Read(string result) => cache.Add(1, Tag("result", result));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}

internal sealed partial class LimitLog(ILogger<LimitLog> logger)
{
    [LoggerMessage(EventId = 3300, Level = LogLevel.Error, Message = "{Store} does not answer: rates are this node's own share, slots wait, the cache is skipped (docs/limits.md). It is tried again. {Why}")]
    internal partial void Lost(string store, string why);

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "{Store} answers again after {Seconds} s: limits are shared again.")]
    internal partial void Back(string store, double seconds);
}
