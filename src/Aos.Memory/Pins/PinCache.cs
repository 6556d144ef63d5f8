using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>
/// Entries at hand, the longest unused ones go first. What is here is never given out before the store has said that this is still its
/// version: so it cannot be out of date, whoever has written on whatever node, and nobody has to be told.
/// </summary>
internal sealed class PinCache(PinOptions options)
{
    /// <summary>What an entry takes beside its value and key, bytes; roughly.</summary>
    private const int EntryBytes = 400;

    private readonly Lock gate = new();
    private readonly Dictionary<(TenantId Tenant, string Key), LinkedListNode<Pin>> entries = [];
    private readonly LinkedList<Pin> used = [];
    private long bytes;

    internal long Bytes
    {
        get
        {
            lock (gate) return bytes;
        }
    }

    internal Pin? Find(TenantId tenant, string key)
    {
        lock (gate)
        {
            if (!entries.TryGetValue((tenant, key), out var node)) return null;
            used.Remove(node);
            used.AddFirst(node);
            return node.Value;
        }
    }

    internal void Keep(Pin pin)
    {
        if (BytesOf(pin) > options.CacheBytes) return;
        lock (gate)
        {
            Take(pin.Tenant, pin.Key);
            entries[(pin.Tenant, pin.Key)] = used.AddFirst(pin);
            bytes += BytesOf(pin);
            while (bytes > options.CacheBytes && used.Last is { } oldest) Take(oldest.Value.Tenant, oldest.Value.Key);
        }
    }

    internal void Drop(TenantId tenant, string key)
    {
        lock (gate) Take(tenant, key);
    }

    private void Take(TenantId tenant, string key)
    {
        if (!entries.Remove((tenant, key), out var node)) return;
        used.Remove(node);
        bytes -= BytesOf(node.Value);
    }

    private static long BytesOf(Pin pin) => EntryBytes + (2 * pin.Key.Length) + pin.Value.Bytes();
}
