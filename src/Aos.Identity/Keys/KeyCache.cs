using System.Collections.Concurrent;
using System.Security.Cryptography;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>
/// Keys that were presented lately, so that a request costs no query. Holds a digest of a key that was found right, never the key.
/// Everything is forgotten when keys change, and what was read before a change is not kept after it.
/// </summary>
internal sealed class KeyCache
{
    /// <summary>Keys, and ids that are none, kept at once; then all are forgotten.</summary>
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<string, Entry?> entries = new(StringComparer.Ordinal);
    private long generation;

    /// <summary>To be taken before a key is read that shall be kept.</summary>
    internal long Generation => Volatile.Read(ref generation);

    internal void Forget()
    {
        Interlocked.Increment(ref generation);
        entries.Clear();
    }

    /// <summary>True: it is known what comes of this key; null then: there is none of this id.</summary>
    internal bool TryFind(string id, byte[] digest, out ApiKey? key)
    {
        key = null;
        if (!entries.TryGetValue(id, out var entry)) return false;
        if (entry is null) return true;
        key = entry.Key;
        return CryptographicOperations.FixedTimeEquals(entry.Digest, digest);
    }

    internal void Keep(long readAt, string id, ApiKey? key, byte[] digest)
    {
        if (entries.Count >= Max) entries.Clear();
        entries[id] = key is null ? null : new Entry(key, digest);
        if (Generation != readAt) entries.TryRemove(id, out _);
    }

    private sealed record Entry(ApiKey Key, byte[] Digest);
}
