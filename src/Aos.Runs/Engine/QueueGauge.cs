using System.Collections.Concurrent;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// How many runs are in line: counted in the store now and then, the more often the nearer the limit is, and here in between. One
/// caller counts; the others go by what is known.
/// </summary>
internal sealed class QueueGauge(IRunRows rows, RunsOptions options, TimeProvider clock)
{
    private const int TenantsMax = 10_000;

    /// <summary>A count goes no further: nobody needs to know it exactly.</summary>
    private const int CountMax = 10_000_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>While less than half of what may be in line is.</summary>
    private static readonly TimeSpan FreshFar = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<TenantId, Count> counts = new();
    private readonly Count all = new();

    /// <summary>Runs of all tenants in line, when they were last counted.</summary>
    internal int All => all.Value;

    internal Task LookAsync(CancellationToken cancel) => FreshAsync(all, null, CountMax, Fresh, cancel);

    /// <summary>One more of a tenant gets in line. Why it may not; null: it may.</summary>
    internal async Task<Failure?> EnterAsync(TenantId tenant, CancellationToken cancel)
    {
        if (counts.Count >= TenantsMax) counts.Clear();
        var count = counts.GetOrAdd(tenant, _ => new Count());
        await FreshAsync(count, tenant, options.QueueMax, count.Value < options.QueueMax / 2 ? FreshFar : Fresh, cancel);
        if (count.Add() < options.QueueMax) return null;
        return FailureCatalog.Fail(
            "RATE_LIMITED", string.Create(CultureInfo.InvariantCulture, $"The tenant already has {options.QueueMax} runs in line; this one was not taken."), RetryAfter);
    }

    private async Task FreshAsync(Count count, TenantId? tenant, int max, TimeSpan fresh, CancellationToken cancel)
    {
        if (count.At is { } at && (clock.GetElapsedTime(at) < fresh || !count.TryTake())) return;
        try
        {
            var now = clock.GetTimestamp();
            count.Set(await rows.QueuedAsync(tenant, max, cancel), now);
        }
        finally
        {
            count.Give();
        }
    }

    private sealed class Count
    {
        private int value;
        private int taken;
        private object? at; // A boxed time stamp, so that it is read whole.

        internal int Value => Volatile.Read(ref value);

        internal long? At => (long?)Volatile.Read(ref at);

        /// <summary>True: the caller alone counts, until it gives that back.</summary>
        internal bool TryTake() => Interlocked.CompareExchange(ref taken, 1, 0) == 0;

        internal void Give() => Volatile.Write(ref taken, 0);

        /// <summary>The number before.</summary>
        internal int Add() => Interlocked.Increment(ref value) - 1;

        internal void Set(int now, long timestamp)
        {
            Volatile.Write(ref value, now);
            Volatile.Write(ref at, timestamp);
        }
    }
}
