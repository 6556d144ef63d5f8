using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// Tokens that this node has leased from the rows and not used yet, so that not every call makes a statement: as many at once as
/// flow in half a second, a tenth of the burst at most. What is not used within two seconds is lost, rather than saved up for a burst.
/// </summary>
internal sealed class TokenStash(TimeProvider clock)
{
    private const double Near = 1e-6;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private const int SweepMin = 1_024;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Leased> all = new(StringComparer.Ordinal);
    private int sweepAt = SweepMin;

    /// <summary>Takes all of it from what is leased: null. Else the first that is short, and how long it is known to be.</summary>
    internal TakeReply? Take(IReadOnlyList<Want> wants, out int lacking)
    {
        lacking = -1;
        lock (gate)
        {
            var now = clock.GetTimestamp();
            for (var i = 0; i < wants.Count; i++)
            {
                if (wants[i].Rate is not { } rate) continue;
                var leased = Of(wants[i].Key.Value, now);
                if (leased.Tokens + Near >= Need(wants[i], rate)) continue;
                if (leased.NotBefore > now) return new TakeReply(i, clock.GetElapsedTime(now, leased.NotBefore));
                lacking = i;
                return null;
            }

            var left = -1.0;
            foreach (var want in wants)
            {
                if (want.Rate is not { } rate) continue;
                var leased = all[want.Key.Value];
                leased.Tokens -= Need(want, rate);
                if (left < 0) left = Math.Min(rate.Burst, leased.Tokens + leased.Rest);
            }

            return TakeReply.Granted(Math.Max(0, left));
        }
    }

    /// <summary>What a want still lacks, and how much is worth leasing with it.</summary>
    internal (double Needed, double Wished) Lack(Want want, RateLimit rate)
    {
        lock (gate)
        {
            var needed = Math.Max(0, Need(want, rate) - Of(want.Key.Value, clock.GetTimestamp()).Tokens);
            return (needed, Math.Max(needed, Math.Floor(Math.Min(rate.Burst / 10.0, rate.Amount / rate.Per.TotalSeconds / 2))));
        }
    }

    /// <summary>Adds what was leased; nothing was: then nobody asks again before <paramref name="wait"/> is over.</summary>
    /// <param name="rest">What is left in the row.</param>
    internal void Add(LimitKey key, double tokens, double rest, TimeSpan wait)
    {
        lock (gate)
        {
            var now = clock.GetTimestamp();
            var leased = Of(key.Value, now);
            leased.Tokens += tokens;
            leased.Rest = rest;
            if (tokens > 0) leased.At = now;
            leased.NotBefore = wait > TimeSpan.Zero ? now + (long)(wait.TotalSeconds * clock.TimestampFrequency) : 0;
        }
    }

    /// <summary>Tokens came back to the row: it may be asked again at once.</summary>
    internal void Reopen(LimitKey key)
    {
        lock (gate)
        {
            if (all.TryGetValue(key.Value, out var leased)) leased.NotBefore = 0;
        }
    }

    private static double Need(Want want, RateLimit rate) => Math.Min(want.Amount, rate.Burst);

    private Leased Of(string key, long now)
    {
        if (!all.TryGetValue(key, out var leased))
        {
            if (all.Count >= sweepAt) Sweep(now);
            all[key] = leased = new Leased { At = now };
        }

        if (clock.GetElapsedTime(leased.At, now) > Lifetime) leased.Tokens = 0;
        return leased;
    }

    private void Sweep(long now)
    {
        foreach (var key in all.Where(pair => clock.GetElapsedTime(pair.Value.At, now) > Lifetime && pair.Value.NotBefore <= now).Select(pair => pair.Key).ToList()) all.Remove(key);
        sweepAt = Math.Max(SweepMin, 2 * all.Count);
    }

    private sealed class Leased
    {
        internal double Tokens { get; set; }

        /// <summary>What was left in the row when it was last asked.</summary>
        internal double Rest { get; set; }

        internal long At { get; set; }

        internal long NotBefore { get; set; }
    }
}
