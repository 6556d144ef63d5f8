using System.Collections.Concurrent;
using System.Security.Cryptography;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>
/// Keys that were presented lately, so that a request costs no query. Holds a digest of a key that was found right, never the key.
/// Everything is forgotten when keys change, and what was read before a change is not kept after it. Ids that nobody has are not kept: a
/// second try with one would be faster than with a wrong secret, and so tell them apart.
/// </summary>
internal sealed class KeyCache
{
    /// <summary>Keys kept at once; then all are forgotten.</summary>
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private long generation;

    /// <summary>To be taken before a key is read that shall be kept.</summary>
    internal long Generation => Volatile.Read(ref generation);

    internal void Forget()
    {
        Interlocked.Increment(ref generation);
        entries.Clear();
    }

    /// <summary>The key, when exactly it was found right before.</summary>
    internal ApiKey? Find(string id, byte[] digest) =>
        entries.TryGetValue(id, out var entry) && CryptographicOperations.FixedTimeEquals(entry.Digest, digest) ? entry.Key : null;

    internal void Keep(long readAt, string id, ApiKey key, byte[] digest)
    {
        if (entries.Count >= Max) entries.Clear();
        entries[id] = new Entry(key, digest);
        if (Generation != readAt) entries.TryRemove(id, out _);
    }

    private sealed record Entry(ApiKey Key, byte[] Digest);
}
