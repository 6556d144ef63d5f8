using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One line of a golden recording.</summary>
/// <param name="Type"><c>run_start</c>, <c>step</c> or <c>run_end</c>.</param>
/// <param name="At">When it happened; not compared.</param>
public sealed record RecordedEvent(string Type, string Run, string At, JsonElement Data);

/// <summary>
/// A golden recording: an ended run as lines of canonical JSON, <c>run_start</c>, a <c>step</c> for every finished step in plan order,
/// <c>run_end</c>. Each line carries a hash over the line before it and itself. Values are redacted; hashes are of the true ones.
/// </summary>
public sealed record Recording(ImmutableArray<RecordedEvent> Events)
{
    /// <summary>Stands in <c>run_start</c>; a recording without it is of an older engine.</summary>
    public const string Format = "aos.golden.v1";

    /// <summary>How a file of this kind ends; the signature lies beside it, with <see cref="SignatureSuffix"/> after the whole name.</summary>
    public const string Suffix = ".steps.jsonl";

    public const string SignatureSuffix = ".sig";

    private static readonly string[] Types = ["run_start", "step", "run_end"];

    /// <summary>Nothing was recorded.</summary>
    public static Recording Empty { get; } = new([]);

    public string? Run => Events is [var first, ..] ? first.Run : null;

    /// <summary>Records a run that is over.</summary>
    /// <param name="run">The id to write, of a replay its own; null: the run's.</param>
    /// <exception cref="ArgumentException">The run is not over.</exception>
    public static Recording Of(RunState state, RunId? run = null, bool isReplay = false)
    {
        if (state.End is not { } end) throw new ArgumentException("Only a run that is over can be recorded.", nameof(state));
        var (start, id) = (state.Start!, (run ?? state.Start!.Run).ToString());
        var events = ImmutableArray.CreateBuilder<RecordedEvent>();
        events.Add(new RecordedEvent("run_start", id, Time(start.At), Json.Write(writer => RecordingForm.WriteStart(writer, state, isReplay))));
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var index = i;
            if (!state.Steps[i].Status.IsOver()) continue;
            events.Add(new RecordedEvent("step", id, Time(state.Steps[i].EndedAt ?? end.At), Json.Write(writer => RecordingForm.WriteStep(writer, state, index))));
        }

        events.Add(new RecordedEvent("run_end", id, Time(end.At), Json.Write(writer => RecordingForm.WriteEnd(writer, end))));
        return new Recording(events.DrainToImmutable());
    }

    /// <summary>The file's bytes.</summary>
    public byte[] ToBytes()
    {
        var file = new MemoryStream();
        var chain = ChainHash.Start;
        foreach (var e in Events)
        {
            chain = Next(chain, e);
            file.Write(CanonicalJson.Bytes(Line(e, chain)));
            file.WriteByte((byte)'\n');
        }

        return file.ToArray();
    }

    /// <summary>Reads a file and checks its chain.</summary>
    /// <exception cref="TraceException">It is no recording of this form, or not as it was written; the line is named.</exception>
    public static Recording Read(ReadOnlySpan<byte> file)
    {
        var events = ImmutableArray.CreateBuilder<RecordedEvent>();
        var chain = ChainHash.Start;
        var number = 0;
        foreach (var range in file.Split((byte)'\n'))
        {
            var line = file[range];
            if (line.IsEmpty) continue;
            var e = ReadLine(line, ++number, out var written);
            chain = Next(chain, e);
            if (Convert.ToHexStringLower(chain) != written) throw new TraceException($"Line {number} is not as it was written: its chain hash does not fit it and the lines before it.");
            if ((number == 1) != (e.Type == "run_start")) throw new TraceException($"Line {number} is {e.Type}: a recording has one run_start, its first line.");
            if (events is [.., { Type: "run_end" }]) throw new TraceException($"Line {number} stands after run_end.");
            if (number > 1 && e.Run != events[0].Run) throw new TraceException($"Line {number} is of run {e.Run}, the recording of {events[0].Run}.");
            events.Add(e);
        }

        if (number == 0) throw new TraceException("The file is empty.");
        if (events[0].Data.GetText("format") != Format) throw new TraceException($"The file is no recording of AOS: its first line does not name the format {Format}.");
        return events[^1].Type == "run_end" ? new Recording(events.DrainToImmutable()) : throw new TraceException("The recording has no run_end: it is not whole.");
    }

    /// <summary>Whether a file calls itself a recording of this form.</summary>
    public static bool IsOne(ReadOnlySpan<byte> file)
    {
        var line = file.IndexOf((byte)'\n') is >= 0 and var end ? file[..end] : file;
        try
        {
            return Json.ParseWrapped(line).Get("data")?.GetText("format") == Format;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The hash that is equal for equal runs: over what is compared of every line, 64 hex digits.</summary>
    public string Hash()
    {
        var text = new StringBuilder();
        foreach (var e in Events) text.Append(CultureInfo.InvariantCulture, $"{e.Type}:{ContentHash.Hex(RecordingForm.Compared(e))}\n");
        return ContentHash.Hex(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static RecordedEvent ReadLine(ReadOnlySpan<byte> line, int number, out string? chain)
    {
        try
        {
            var json = Json.ParseWrapped(line);
            chain = json.GetText("chain");
            if (json.GetText("event_type") is { } type && Types.Contains(type) && json.GetText("run_id") is { } run && json.Get("data") is { ValueKind: JsonValueKind.Object } data)
                return new RecordedEvent(type, run, json.GetText("timestamp") ?? "", data);
        }
        catch (JsonException e)
        {
            throw new TraceException($"Line {number} is no JSON: {e.Message}");
        }

        throw new TraceException($"Line {number} is no event of a recording: it needs event_type (run_start, step, run_end), run_id and data.");
    }

    private static byte[] Next(byte[] previous, RecordedEvent e)
    {
        try
        {
            return ChainHash.Next(previous, CanonicalJson.Bytes(Line(e, null)));
        }
        catch (CanonicalJsonException broken)
        {
            throw new TraceException(broken.Message);
        }
    }

    private static JsonElement Line(RecordedEvent e, byte[]? chain) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        if (chain is not null) writer.WriteString("chain", Convert.ToHexStringLower(chain));
        writer.WritePropertyName("data");
        e.Data.WriteTo(writer);
        writer.WriteString("event_type", e.Type);
        writer.WriteString("run_id", e.Run);
        writer.WriteString("timestamp", e.At);
        writer.WriteEndObject();
    });

    private static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
