using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// The limits of one process, in its memory: all there is in the embedded store, and a node's own share while a shared store does
/// not answer. What holds nothing any more is forgotten.
/// </summary>
internal sealed class LocalLimits(TimeProvider clock) : ISharedLimits
{
    /// <summary>A token that is so nearly there counts as there: parts of it were added as rounded numbers.</summary>
    private const double Near = 1e-6;

    private const int SweepMin = 1_024;
    private readonly Lock gate = new();
    private readonly long begin = clock.GetTimestamp();
    private readonly Dictionary<string, Bucket> buckets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> penalties = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, TimeSpan>> slots = new(StringComparer.Ordinal);
    private int sweepAt = SweepMin;

    public event Action<string>? Freed;

    /// <summary>Keys that are remembered now.</summary>
    internal int Keys
    {
        get
        {
            lock (gate) return buckets.Count + penalties.Count + slots.Count;
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(begin);

    public ValueTask<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel) => ValueTask.FromResult(Take(wants, 1));

    public ValueTask GiveBackAsync(Want want, CancellationToken cancel)
    {
        GiveBack(want, 1);
        return ValueTask.CompletedTask;
    }

    public ValueTask<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel)
    {
        lock (gate)
        {
            var now = Now;
            if (!slots.TryGetValue(slot.Key.Value, out var holders)) slots[slot.Key.Value] = holders = new(StringComparer.Ordinal);
            foreach (var gone in holders.Where(holder => holder.Value <= now).Select(holder => holder.Key).ToList()) holders.Remove(gone);
            if (holders.Count >= slot.Places && !holders.ContainsKey(slot.Holder)) return ValueTask.FromResult<TimeSpan?>(holders.Values.Min() - now);
            holders[slot.Holder] = now + slot.Lease;
            Sweep(now);
            return ValueTask.FromResult<TimeSpan?>(null);
        }
    }

    public ValueTask RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel)
    {
        lock (gate)
        {
            foreach (var slot in slots)
            {
                if (!this.slots.TryGetValue(slot.Key.Value, out var holders)) this.slots[slot.Key.Value] = holders = new(StringComparer.Ordinal);
                holders[slot.Holder] = Now + slot.Lease;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseAsync(Slot slot, CancellationToken cancel)
    {
        lock (gate)
        {
            if (!slots.TryGetValue(slot.Key.Value, out var holders) || !holders.Remove(slot.Holder)) return ValueTask.CompletedTask;
            if (holders.Count == 0) slots.Remove(slot.Key.Value);
        }

        Freed?.Invoke(slot.Key.Value);
        return ValueTask.CompletedTask;
    }

    public ValueTask PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel)
    {
        lock (gate)
        {
            var until = Now + time;
            if (!penalties.TryGetValue(key.Value, out var set) || set < until) penalties[key.Value] = until;
            Sweep(Now);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The first want that is penalised, or null.</summary>
    internal TakeReply? Penalised(IReadOnlyList<Want> wants)
    {
        lock (gate) return penalties.Count == 0 ? null : Penalised(wants, Now);
    }

    /// <summary>Takes all or nothing of limits that so many nodes divide among them.</summary>
    internal TakeReply Take(IReadOnlyList<Want> wants, int nodes)
    {
        lock (gate)
        {
            var now = Now;
            if (Penalised(wants, now) is { } penalised) return penalised;
            for (var i = 0; i < wants.Count; i++)
            {
                if (wants[i].Rate is not { } whole) continue;
                var rate = Share(whole, nodes);
                var missing = Math.Min(wants[i].Amount, rate.Burst) - Fill(wants[i].Key, rate, now).Tokens;
                if (missing > Near) return new TakeReply(i, rate.Per * (missing / rate.Amount));
            }

            var left = -1.0;
            foreach (var want in wants)
            {
                if (want.Rate is not { } whole) continue;
                var rate = Share(whole, nodes);
                var bucket = Fill(want.Key, rate, now);
                bucket.Tokens -= Math.Min(want.Amount, rate.Burst);
                if (left < 0) left = bucket.Tokens;
            }

            Sweep(now);
            return TakeReply.Granted(Math.Max(0, left));
        }
    }

    /// <summary>Counts what was granted elsewhere against this node's share, so that the share is no second helping when it comes to it.</summary>
    internal void Count(IReadOnlyList<Want> wants, int nodes)
    {
        lock (gate)
        {
            var now = Now;
            foreach (var want in wants)
            {
                if (want.Rate is not { } whole) continue;
                var rate = Share(whole, nodes);
                var bucket = Fill(want.Key, rate, now);
                bucket.Tokens = Math.Max(0, bucket.Tokens - want.Amount);
            }

            Sweep(now);
        }
    }

    internal void GiveBack(Want want, int nodes)
    {
        if (want.Rate is not { } whole) return;
        var rate = Share(whole, nodes);
        lock (gate)
        {
            var bucket = Fill(want.Key, rate, Now);
            bucket.Tokens = Math.Min(rate.Burst, bucket.Tokens + want.Amount);
        }
    }

    private static RateLimit Share(RateLimit rate, int nodes) => nodes <= 1
        ? rate
        : rate with { Amount = Math.Max(1, rate.Amount / nodes), Burst = Math.Max(1, rate.Burst / nodes) };

    private TakeReply? Penalised(IReadOnlyList<Want> wants, TimeSpan now)
    {
        for (var i = 0; i < wants.Count && penalties.Count > 0; i++)
        {
            if (penalties.TryGetValue(wants[i].Key.Value, out var until) && until > now) return new TakeReply(i, until - now);
        }

        return null;
    }

    private Bucket Fill(LimitKey key, RateLimit rate, TimeSpan now)
    {
        if (!buckets.TryGetValue(key.Value, out var bucket)) buckets[key.Value] = bucket = new Bucket { Tokens = rate.Burst, At = now };
        bucket.Tokens = Math.Min(rate.Burst, bucket.Tokens + ((now - bucket.At) / rate.Per * rate.Amount));
        bucket.At = now;
        bucket.Rate = rate;
        return bucket;
    }

    /// <summary>Each time as many keys came as are worth keeping, those go that a new key would be equal to.</summary>
    private void Sweep(TimeSpan now)
    {
        if (buckets.Count + penalties.Count + slots.Count < sweepAt) return;
        foreach (var key in buckets.Where(bucket => bucket.Value.IsFull(now)).Select(bucket => bucket.Key).ToList()) buckets.Remove(key);
        foreach (var key in penalties.Where(penalty => penalty.Value <= now).Select(penalty => penalty.Key).ToList()) penalties.Remove(key);
        foreach (var key in slots.Where(slot => slot.Value.Values.All(until => until <= now)).Select(slot => slot.Key).ToList()) slots.Remove(key);
        sweepAt = Math.Max(SweepMin, 2 * (buckets.Count + penalties.Count + slots.Count));
    }

    private sealed class Bucket
    {
        internal double Tokens { get; set; }

        internal TimeSpan At { get; set; }

        internal RateLimit Rate { get; set; }

        internal bool IsFull(TimeSpan now) => Tokens + ((now - At) / Rate.Per * Rate.Amount) >= Rate.Burst;
    }
}
