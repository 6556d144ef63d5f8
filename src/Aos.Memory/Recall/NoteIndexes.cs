using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>
/// The notes that this node keeps in memory, by tenant, within a bound: those not asked for longest go first. A tenant that has more than
/// fits is searched in pages from the store, slower and with the same answers.
/// </summary>
internal sealed class NoteIndexes(NoteReader reader, RecallOptions options, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<TenantId, NoteIndex> byTenant = new();

    /// <summary>Of a model that is not told how many numbers its vectors have.</summary>
    private const int UsualDimensions = 1_536;

    /// <summary>Notes in memory.</summary>
    internal long Count => byTenant.Values.Sum(index => (long)index.Count);

    private int Dimensions => options.ModelName is null ? 0 : options.Dimensions ?? UsualDimensions;

    internal async Task ScanAsync(TenantId tenant, NoteScan scan, CancellationToken cancel)
    {
        var state = await reader.StateAsync(tenant, cancel);
        if (state.Notes * (NoteRow.BytesAbout + ((HashEmbedding.DimensionsDefault + Dimensions) * (sizeof(float) + sizeof(sbyte)))) > options.CacheBytes)
        {
            byTenant.TryRemove(tenant, out _);
            await PagesAsync(tenant, scan.Count, withVectors: false, cancel);
            if (scan.Compares) await PagesAsync(tenant, scan.Compare, withVectors: true, cancel);
            return;
        }

        var index = byTenant.GetOrAdd(tenant, static (id, from) => new NoteIndex(id, from), reader);
        index.UsedAt = clock.GetTimestamp();
        await index.RefreshAsync(state, cancel);
        index.Scan(scan);
        Bound(tenant);
    }

    public void Dispose()
    {
        foreach (var index in byTenant.Values) index.Dispose();
    }

    private async Task PagesAsync(TenantId tenant, Action<NoteBlock> take, bool withVectors, CancellationToken cancel)
    {
        for (NoteRow? from = null; await reader.NotesAsync(tenant, 0, from, withVectors, cancel) is { Count: > 0 } page; from = page[^1].Row)
        {
            var block = new NoteBlock();
            foreach (var note in page) block.Add(note);
            take(block);
        }
    }

    /// <summary>An index that is let go may still be in use: it is not disposed, the collector takes it.</summary>
    private void Bound(TenantId keep)
    {
        while (byTenant.Count > 1 && byTenant.Values.Sum(index => index.Bytes) > options.CacheBytes)
        {
            var oldest = byTenant.Where(pair => pair.Key != keep).MinBy(pair => pair.Value.UsedAt);
            if (oldest.Value is null || !byTenant.TryRemove(oldest.Key, out _)) return;
        }
    }
}
