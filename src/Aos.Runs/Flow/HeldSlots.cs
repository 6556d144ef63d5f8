using System.Collections.Concurrent;
using Aos.Contracts;

namespace Aos.Runs;

/// <summary>Renews the slots of calls under way, all together, three times in the time of a lease; idle while there is none.</summary>
internal sealed class HeldSlots(ISharedLimits limits, TimeSpan lease, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, Slot> held = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private ITimer? timer;
    private bool isRenewing;

    public void Dispose()
    {
        lock (gate) timer?.Dispose();
    }

    internal void Add(IReadOnlyList<Slot> slots)
    {
        foreach (var slot in slots) held[slot.Holder] = slot;
        lock (gate) timer ??= clock.CreateTimer(static self => _ = ((HeldSlots)self!).RenewAsync(), this, lease / 3, lease / 3);
    }

    internal async Task ReleaseAsync(IReadOnlyList<Slot> slots)
    {
        foreach (var slot in slots)
        {
            held.TryRemove(slot.Holder, out _);
            await limits.ReleaseAsync(slot, CancellationToken.None);
        }

        lock (gate)
        {
            if (!held.IsEmpty) return;
            timer?.Dispose();
            timer = null;
        }
    }

    private async Task RenewAsync()
    {
        lock (gate)
        {
            if (isRenewing) return;
            isRenewing = true;
        }

        try
        {
            var slots = held.Values.ToList();
            await limits.RenewAsync(slots, CancellationToken.None);
            // One that was given back meanwhile was put back by the renewal: it goes again, so as not to stand until its lease ends.
            foreach (var slot in slots.Where(slot => !held.ContainsKey(slot.Holder))) await limits.ReleaseAsync(slot, CancellationToken.None);
        }
        finally
        {
            lock (gate) isRenewing = false;
        }
    }
}
