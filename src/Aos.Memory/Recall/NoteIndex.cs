using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>
/// A tenant's notes in memory. Before each question what has changed since the last one is read, so an answer never misses what was
/// written before it was asked, whichever node wrote it.
/// </summary>
internal sealed class NoteIndex(TenantId tenant, NoteReader reader) : IDisposable
{
    private readonly SemaphoreSlim refreshing = new(1, 1);
    private readonly ReaderWriterLockSlim access = new();
    private readonly List<NoteBlock> blocks = [];
    private readonly Dictionary<Guid, (NoteBlock Block, NoteRow Row)> byId = [];
    private long seen, seenGone;

    /// <summary>When it was last asked, by the clock of its owner.</summary>
    internal long UsedAt { get; set; }

    internal int Count => byId.Count;

    /// <summary>Bytes it takes, about.</summary>
    internal long Bytes => blocks.Sum(block => block.Bytes) + ((long)byId.Count * NoteRow.BytesAbout);

    /// <summary>Reads what is not known yet.</summary>
    internal async Task RefreshAsync(NoteState state, CancellationToken cancel)
    {
        if (state.Changes <= Math.Min(Volatile.Read(ref seen), Volatile.Read(ref seenGone))) return;
        await refreshing.WaitAsync(cancel);
        try
        {
            if (seenGone < state.Floor) Clear(state.Floor);
            // Removals first: a note that is removed in between is not read any more, and its removal is read the next time.
            var gone = await reader.GoneAsync(tenant, seenGone, cancel);
            NoteRow? from = null;
            while (await reader.NotesAsync(tenant, seen, from, withVectors: true, cancel) is { Count: > 0 } page)
            {
                Write(() => page.ForEach(Put));
                from = page[^1].Row;
                if (page.Count < reader.Page) break;
            }

            if (from is not null) Volatile.Write(ref seen, from.Change);

            Write(() => gone.ForEach(one => Remove(one.Id)));
            Volatile.Write(ref seenGone, Math.Max(state.Changes, gone.Count > 0 ? gone[^1].Change : 0));
            Volatile.Write(ref seen, Math.Max(seen, state.Changes));
        }
        finally
        {
            refreshing.Release();
        }
    }

    /// <summary>Takes a question over all notes, as they are at one moment.</summary>
    internal void Scan(NoteScan scan)
    {
        access.EnterReadLock();
        try
        {
            foreach (var block in blocks) scan.Count(block);
            if (!scan.Compares) return;
            foreach (var block in blocks) scan.Compare(block);
        }
        finally
        {
            access.ExitReadLock();
        }
    }

    public void Dispose()
    {
        refreshing.Dispose();
        access.Dispose();
    }

    private void Clear(long floor) => Write(() =>
    {
        blocks.Clear();
        byId.Clear();
        (seen, seenGone) = (0, floor);
    });

    private void Write(Action change)
    {
        access.EnterWriteLock();
        try
        {
            change();
        }
        finally
        {
            access.ExitWriteLock();
        }
    }

    private void Put(LoadedNote note)
    {
        if (byId.TryGetValue(note.Row.Id, out var known))
        {
            known.Block.Put(known.Row.Slot, note);
            byId[note.Row.Id] = (known.Block, note.Row);
            return;
        }

        if (blocks.Count == 0 || blocks[^1].IsFull) blocks.Add(new NoteBlock());
        blocks[^1].Add(note);
        byId[note.Row.Id] = (blocks[^1], note.Row);
    }

    /// <summary>The last note takes its place, so that blocks have no holes.</summary>
    private void Remove(Guid id)
    {
        if (!byId.Remove(id, out var gone)) return;
        var last = blocks[^1].Taken();
        if (last.Row.Id != id)
        {
            gone.Block.Put(gone.Row.Slot, last);
            byId[last.Row.Id] = (gone.Block, last.Row);
        }

        if (blocks[^1].Count == 0) blocks.RemoveAt(blocks.Count - 1);
    }
}
