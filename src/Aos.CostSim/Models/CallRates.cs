using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Counts the calls of this process, stores the counts every few seconds, and reads those of all nodes back, a tenant at a time.</summary>
internal sealed class CallRates(CallTable table, TimeProvider clock) : ICallRates, IChore
{
    /// <summary>Different skills and codes of all tenants between two passes; beyond it a call is not counted.</summary>
    private const int WaitingMax = 50_000;

    /// <summary>Tenants whose figures are kept in memory.</summary>
    private const int TenantsMax = 10_000;

    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Longest that the first question of a tenant waits for its figures.</summary>
    internal static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<TenantId, Known> known = new();
    private readonly ConcurrentDictionary<CallKey, StrongBox<long>> waiting = new();

    public string Name => "skill-calls";

    public TimeSpan Interval => Fresh;

    public bool IsLocal => true;

    public void Called(TenantId tenant, string skill, string? code)
    {
        Add(new CallKey(tenant, skill, ""));
        if (code is not null) Add(new CallKey(tenant, skill, FailureCatalog.Find(code)?.Code ?? "UNKNOWN_ERROR"));
    }

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var counts = new List<(CallKey Key, long Count)>();
        foreach (var (key, count) in waiting)
        {
            if (Interlocked.Exchange(ref count.Value, 0) is var calls and > 0) counts.Add((key, calls));
            else waiting.TryRemove(key, out _); // Nothing for a whole interval.
        }

        if (counts.Count == 0) return 0;
        try
        {
            await table.AddAsync(counts, clock.GetUtcNow(), cancel);
        }
        catch (JournalUnavailableException)
        {
            foreach (var (key, count) in counts) Interlocked.Add(ref waiting.GetOrAdd(key, static _ => new StrongBox<long>()).Value, count); // With the next pass.
            throw;
        }

        return counts.Count;
    }

    public ValueTask<MeasuredRisks> OfAsync(TenantId tenant, CancellationToken cancel)
    {
        if (!known.TryGetValue(tenant, out var of))
        {
            if (known.Count >= TenantsMax) known.Clear();
            of = known.GetOrAdd(tenant, static _ => new Known());
        }

        if (of.IsFresh(clock)) return ValueTask.FromResult(of.Risks);
        var reading = of.Reading(() => RefreshAsync(tenant, of));
        return of.WasRead || reading.IsCompleted ? ValueTask.FromResult(of.Risks) : FirstAsync(of, reading, cancel);
    }

    private void Add(CallKey key)
    {
        if (!waiting.TryGetValue(key, out var count))
        {
            if (waiting.Count >= WaitingMax) return;
            count = waiting.GetOrAdd(key, static _ => new StrongBox<long>());
        }

        Interlocked.Increment(ref count.Value);
    }

    private async ValueTask<MeasuredRisks> FirstAsync(Known of, Task reading, CancellationToken cancel)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(reading, Task.Delay(FirstWait, clock, enough.Token));
        await enough.CancelAsync();
        return of.Risks;
    }

    /// <summary>On a thread of its own: the embedded store reads on the thread of whoever asks.</summary>
    private Task RefreshAsync(TenantId tenant, Known of) => Task.Run(async () =>
    {
        try
        {
            of.Learn(new MeasuredRisks(await table.OfAsync(tenant, clock.GetUtcNow(), CancellationToken.None)), clock);
        }
        catch (JournalUnavailableException)
        {
            of.Learn(null, clock); // What was known stays; asked again in a while.
        }
    });

    /// <summary>What is known of one tenant.</summary>
    private sealed class Known
    {
        private readonly Lock gate = new();
        private volatile MeasuredRisks risks = MeasuredRisks.None;
        private volatile bool wasRead;
        private Task? reading;
        private long? at;

        internal MeasuredRisks Risks => risks;

        internal bool WasRead => wasRead;

        internal bool IsFresh(TimeProvider clock)
        {
            lock (gate) return at is { } then && clock.GetElapsedTime(then) < Fresh;
        }

        /// <summary>The reading under way; one is begun when there is none.</summary>
        internal Task Reading(Func<Task> begin)
        {
            lock (gate) return reading ??= begin();
        }

        internal void Learn(MeasuredRisks? read, TimeProvider clock)
        {
            lock (gate)
            {
                if (read is not null) (risks, wasRead) = (read, true);
                (at, reading) = (clock.GetTimestamp(), null);
            }
        }
    }
}
