using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Events to bytes and back. A kind's form is frozen: a change of it is a new kind.</summary>
internal static class EventCodec
{
    private static readonly FrozenDictionary<Type, string> Kinds = new Dictionary<Type, string>
    {
        [typeof(ApprovalDecided)] = "approval.decided.v1",
        [typeof(CallFailed)] = "call.failed.v1",
        [typeof(CallResolved)] = "call.resolved.v1",
        [typeof(CallSucceeded)] = "call.succeeded.v1",
        [typeof(CallUnknown)] = "call.unknown.v1",
        [typeof(CompensationStarted)] = "compensation.started.v1",
        [typeof(ItemsListed)] = "items.listed.v1",
        [typeof(MemoryRead)] = "memory.read.v1",
        [typeof(RunBegan)] = "run.begun.v1",
        [typeof(RunEnded)] = "run.ended.v1",
        [typeof(RunPaused)] = "run.paused.v1",
        [typeof(RunQuarantined)] = "run.quarantined.v1",
        [typeof(RunResumed)] = "run.resumed.v1",
        [typeof(RunRetried)] = "run.retried.v1",
        [typeof(RunStarted)] = "run.started.v1",
        [typeof(SignalReceived)] = "signal.received.v1",
        [typeof(StepEnded)] = "step.ended.v1",
        [typeof(StepStarted)] = "step.started.v1",
        [typeof(StepTaken)] = "step.taken.v1",
        [typeof(WaitStarted)] = "wait.started.v1",
    }.ToFrozenDictionary();

    /// <summary>Of events that are written today.</summary>
    internal static IEnumerable<string> AllKinds => Kinds.Values.Order(StringComparer.Ordinal);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch;

    [ThreadStatic]
    private static Utf8JsonWriter? scratchWriter;

    internal static JournalEntry Encode(RunId run, int seq, RunEvent e, byte[] previous)
    {
        var buffer = scratch ??= new ArrayBufferWriter<byte>(1024);
        var writer = scratchWriter ??= new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        var kind = Kinds[e.GetType()];
        writer.WriteStartObject();
        writer.WriteString("run"u8, run.Value);
        writer.WriteNumber("seq"u8, seq);
        writer.WriteString("kind"u8, kind);
        writer.WriteString("at"u8, e.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        writer.WritePropertyName("data"u8);
        EventWriter.Write(writer, e);
        writer.WriteEndObject();
        writer.Flush();
        var body = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > 1024 * 1024) (scratch, scratchWriter) = (null, null); // One huge event must not be kept for ever.
        return new JournalEntry(seq, kind, e.At, body, ChainHash.Next(previous, body));
    }

    internal static RunEvent Decode(RunId run, JournalEntry entry) => Decode(run, entry, null);

    /// <param name="body">The entry's body where it has been parsed already.</param>
    internal static RunEvent Decode(RunId run, JournalEntry entry, JsonElement? body)
    {
        try
        {
            var data = (body ?? Json.ParseWrapped(entry.Body.Span)).GetProperty("data");
            return EventReader.Read(run, entry, data)
                ?? throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} is of the unknown kind {entry.Kind}: a newer build wrote it.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} cannot be read: {e.Message}");
        }
    }
}
