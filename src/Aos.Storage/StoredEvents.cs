using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>Reads a page of events as stored.</summary>
internal delegate Task<IReadOnlyList<JournalEntry>> ReadEvents(RunId run, int afterSeq, int max, CancellationToken cancel);

/// <summary>Holds stored events against their chain and their columns, for every store the same.</summary>
internal static class StoredEvents
{
    /// <summary>Throws <see cref="JournalCorruptException"/> for the first event that is not as it was written.</summary>
    internal static async Task<IReadOnlyList<JournalEntry>> VerifiedAsync(ReadEvents read, RunId run, int afterSeq, int max, CancellationToken cancel)
    {
        var entries = await read(run, afterSeq, max, cancel);
        var previous = afterSeq == 0 ? ChainHash.Start : (await read(run, afterSeq - 1, 1, cancel)) is [var before] ? before.Chain : ChainHash.Start;
        Check(run, entries, previous, afterSeq);
        return entries;
    }

    /// <summary>The same for all events of a run, from the first.</summary>
    internal static void Check(RunId run, IReadOnlyList<JournalEntry> entries) => Check(run, entries, ChainHash.Start, 0);

    private static void Check(RunId run, IReadOnlyList<JournalEntry> entries, byte[] previous, int seq)
    {
        foreach (var entry in entries)
        {
            seq++;
            if (entry.Seq != seq) throw new JournalCorruptException(run, seq, $"Event {seq} of run {run} is missing.");
            previous = ChainHash.Next(previous, entry.Body.Span);
            if (!previous.AsSpan().SequenceEqual(entry.Chain))
                throw new JournalCorruptException(run, seq, $"Event {seq} of run {run} is not as it was written: its chain hash does not fit its bytes.");
            CheckColumns(run, entry);
        }
    }

    private static void CheckColumns(RunId run, JournalEntry entry)
    {
        try
        {
            using var body = JsonDocument.Parse(entry.Body, new JsonDocumentOptions { MaxDepth = Json.DepthMax + 16 });
            var fits = body.RootElement.GetText("run") == run.ToString()
                && body.RootElement.Get("seq")?.GetInt32() == entry.Seq
                && body.RootElement.GetText("kind") == entry.Kind
                && DateTimeOffset.Parse(body.RootElement.GetText("at") ?? "", CultureInfo.InvariantCulture).UtcTicks == entry.At.UtcTicks;
            if (fits) return;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} cannot be read: {e.Message}");
        }

        throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} stands under another run, number, kind or time than it was written with.");
    }
}
