using System.Collections.Concurrent;

namespace Aos.Runs;

/// <summary>Token buckets that fill continuously: capacity and rate are one limit a minute.</summary>
internal sealed class TokenBuckets(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Bucket> buckets = new(StringComparer.Ordinal);

    /// <summary>Takes one token: null, or how long until there is one.</summary>
    internal TimeSpan? Take(string key, int perMinute)
    {
        var bucket = buckets.GetOrAdd(key, _ => new Bucket(perMinute, clock.GetTimestamp()));
        lock (bucket)
        {
            var now = clock.GetTimestamp();
            var filled = clock.GetElapsedTime(bucket.At, now).TotalMinutes * perMinute;
            bucket.Tokens = Math.Min(perMinute, bucket.Tokens + filled);
            bucket.At = now;
            if (bucket.Tokens < 1) return TimeSpan.FromMinutes((1 - bucket.Tokens) / perMinute);
            bucket.Tokens--;
            return null;
        }
    }

    private sealed class Bucket(double tokens, long at)
    {
        internal double Tokens { get; set; } = tokens;

        internal long At { get; set; } = at;
    }
}
