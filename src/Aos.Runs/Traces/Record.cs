using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A run's stored events, checked one by one until one is not as it was written.</summary>
internal sealed class Record
{
    private readonly List<RunEvent> events = [];
    private readonly List<RunHead> heads = [];
    private readonly List<ReadOnlyMemory<byte>> bodies = [];

    /// <summary>The last event of each ended attempt, oldest first.</summary>
    internal IReadOnlyList<RunHead> Heads => heads;

    internal IReadOnlyList<RunEvent> Events => events;

    internal RunState State { get; private set; } = RunState.Empty;

    /// <summary>Recomputed over the bytes read so far.</summary>
    internal byte[] Chain { get; private set; } = ChainHash.Start;

    /// <summary>The event that is not as written.</summary>
    internal int? Seq { get; private set; }

    internal string? Reason { get; private set; }

    internal bool Ok => Reason is null;

    /// <summary>Reads and checks. Whatever is damaged, it answers; it does not throw.</summary>
    /// <param name="seqMin">Events there must be at least: what the run's row says.</param>
    internal static Record Of(RunId run, IReadOnlyList<JournalEntry> entries, int seqMin)
    {
        var record = new Record();
        foreach (var entry in entries)
        {
            var seq = record.events.Count + 1;
            if (record.Add(run, seq, entry) is not { } reason) continue;
            record.Seq = seq;
            record.Reason = reason;
            return record;
        }

        if (record.events.Count >= seqMin && seqMin > 0) return record;
        record.Seq = record.events.Count + 1;
        record.Reason = $"Event {record.Seq} of run {run} is missing: {Math.Max(seqMin, 1)} were written.";
        return record;
    }

    /// <summary>Decides the run again from its facts. Only for a record that is as written.</summary>
    internal MachineReplay Decide(CancellationToken cancel)
    {
        var run = State.Start!.Run;
        return MachineReplay.Of(events, (decided, at) =>
        {
            cancel.ThrowIfCancellationRequested();
            // An older build may have written the same event in other bytes.
            return EventCodec.Encode(run, at + 1, decided, ChainHash.Start).Body.Span.SequenceEqual(bodies[at].Span)
                || EventCodec.Encode(run, 0, decided, ChainHash.Start).Body.Span.SequenceEqual(EventCodec.Encode(run, 0, events[at], ChainHash.Start).Body.Span);
        });
    }

    /// <summary>The whole check of a stored record, decisions included.</summary>
    internal TraceVerdict Verdict(IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var chain = Convert.ToHexStringLower(Chain);
        if (!Ok) return TraceVerdict.Bad(TraceForms.Export, events.Count, Seq, Reason!, chain);
        var again = Decide(cancel);
        return again.Seq is null
            ? new TraceVerdict(TraceForms.Export, true, events.Count, null, null, chain, State.End?.RootHash, keys)
            : TraceVerdict.Bad(TraceForms.Export, events.Count, again.Seq, again.Reason!, chain);
    }

    /// <summary>Null, or what is wrong with this entry.</summary>
    private string? Add(RunId run, int seq, JournalEntry entry)
    {
        if (entry.Seq != seq) return $"Event {seq} of run {run} is missing.";
        var next = ChainHash.Next(Chain, entry.Body.Span);
        if (!next.AsSpan().SequenceEqual(entry.Chain)) return $"Event {seq} of run {run} is not as it was written: its chain hash does not fit its bytes.";
        var body = Parsed(entry);
        if (body is not { } parsed || !FitsColumns(run, entry, parsed)) return $"Event {seq} of run {run} stands under another run, number, kind or time than it was written with.";
        try
        {
            var e = EventCodec.Decode(run, entry, parsed);
            if ((seq == 1) != e is RunStarted) return $"Event {seq} of run {run} cannot stand here: a run has one start, its first event.";
            if (e is RunEnded ended && RootHash.Of(State) is var root && root != ended.RootHash)
                return $"Event {seq} of run {run} names the root hash {ended.RootHash}; the events before it give {root}.";
            State = RunMachine.Evolve(State, e);
            events.Add(e);
            bodies.Add(entry.Body);
            Chain = next;
            if (e is RunEnded over) heads.Add(new RunHead(State.Attempt, seq, Convert.ToHexStringLower(next), over.RootHash));
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Bytes that were forged with their chain can hold anything: whatever they break while being read is the answer.
            return $"Event {seq} of run {run} cannot be read: {e.Message}";
        }
    }

    private static JsonElement? Parsed(JournalEntry entry)
    {
        try
        {
            return Json.ParseWrapped(entry.Body.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool FitsColumns(RunId run, JournalEntry entry, JsonElement body) => body.GetText("run") == run.ToString()
        && body.Get("seq") is { ValueKind: JsonValueKind.Number } seq && seq.TryGetInt32(out var number) && number == entry.Seq
        && body.GetText("kind") == entry.Kind
        && DateTimeOffset.TryParse(body.GetText("at"), CultureInfo.InvariantCulture, out var at) && at.UtcTicks == entry.At.UtcTicks;
}

/// <summary>What a signature of a run covers: the last event of an attempt.</summary>
internal sealed record RunHead(int Attempt, int Seq, string Chain, string Root)
{
    /// <summary>The signed text: six lines, each ended by a line feed.</summary>
    internal byte[] Message(RunId run) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"aos.run.v1\n{run}\n{Attempt}\n{Seq}\n{Chain}\n{Root}\n"));
}

/// <param name="Value">ECDSA P-256 over SHA-256 of <see cref="RunHead.Message"/>, IEEE P1363 form, 64 bytes.</param>
internal sealed record RunSignature(RunHead Head, string KeyId, byte[] Value, DateTimeOffset At);
