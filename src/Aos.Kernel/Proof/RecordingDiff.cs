using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One difference of two recordings.</summary>
/// <param name="Type"><c>event_count_mismatch</c> or <c>event_mismatch</c>.</param>
/// <param name="Index">Of the line, from 0; null: of the whole.</param>
/// <param name="Where">What differs: <c>run_start seed</c>, <c>step b (1) output.total</c>.</param>
public sealed record RecordingDifference(string Type, int? Index, string Where, JsonElement? Expected, JsonElement? Actual);

/// <summary>What two recordings differ in. Run ids, times, and whether one was a replay do not count.</summary>
public sealed record RecordingDiff(ImmutableArray<RecordingDifference> Differences)
{
    private const int PlacesMax = 10;

    public bool Match => Differences.IsEmpty;

    public static RecordingDiff Of(Recording expected, Recording actual)
    {
        var found = ImmutableArray.CreateBuilder<RecordingDifference>();
        if (expected.Events.Length != actual.Events.Length)
            found.Add(new RecordingDifference("event_count_mismatch", null, "events", Json.Of((decimal)expected.Events.Length), Json.Of((decimal)actual.Events.Length)));
        for (var i = 0; i < Math.Min(expected.Events.Length, actual.Events.Length); i++) Event(expected.Events[i], actual.Events[i], i, found);
        return new RecordingDiff(found.DrainToImmutable());
    }

    /// <summary>One line for each difference.</summary>
    public string Text()
    {
        if (Match) return "The recordings match.\n";
        var text = new StringBuilder();
        foreach (var difference in Differences)
            text.Append(CultureInfo.InvariantCulture, $"{difference.Where}: expected {Value(difference.Expected)}, got {Value(difference.Actual)}\n");
        return text.ToString();
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("match", Match);
        writer.WriteStartArray("diffs");
        foreach (var difference in Differences)
        {
            writer.WriteStartObject();
            writer.WriteString("type", difference.Type);
            if (difference.Index is { } index) writer.WriteNumber("index", index);
            writer.WriteString("where", difference.Where);
            writer.WritePropertyName("expected");
            (difference.Expected ?? Json.Null).WriteTo(writer);
            writer.WritePropertyName("actual");
            (difference.Actual ?? Json.Null).WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Event(RecordedEvent expected, RecordedEvent actual, int index, ImmutableArray<RecordingDifference>.Builder found)
    {
        var name = expected.Type != "step" ? expected.Type : $"step {expected.Data.GetText("step_id")} ({expected.Data.Get("index")?.GetRawText()})";
        if (expected.Type != actual.Type)
        {
            found.Add(new RecordingDifference("event_mismatch", index, name, Json.Of(expected.Type), Json.Of(actual.Type)));
            return;
        }

        foreach (var place in JsonDifference.Of(RecordingForm.Compared(expected), RecordingForm.Compared(actual), PlacesMax))
        {
            // A hash says that a value differs; the value beside it says where.
            var shown = place.Path is "output_hash" or "inputs_hash" ? place.Path[..^5] : null;
            var inside = shown is null ? [] : JsonDifference.Of(expected.Data.Get(shown) ?? Json.Null, actual.Data.Get(shown) ?? Json.Null, PlacesMax);
            if (inside.IsEmpty) found.Add(new RecordingDifference("event_mismatch", index, $"{name} {place.Path}", place.Left, place.Right));
            foreach (var value in inside)
                found.Add(new RecordingDifference("event_mismatch", index, $"{name} {shown}{(value.Path.Length == 0 || value.Path[0] == '[' ? "" : ".")}{value.Path}", value.Left, value.Right));
        }
    }

    private static string Value(JsonElement? value) => value is { } shown ? shown.GetRawText() : "nothing";
}
