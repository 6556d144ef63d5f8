using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What a forked run took over, as it stands in the journal. Frozen, as all forms of events.</summary>
internal static class ForkForm
{
    internal static void WriteOrigin(Utf8JsonWriter w, ForkOrigin origin)
    {
        w.WriteStartObject("fork"u8);
        w.WriteString("run"u8, origin.Run.Value);
        w.WriteNumber("seq"u8, origin.Seq);
        if (origin.Step is { } step) w.WriteString("step"u8, step);
        w.WriteNumber("cost"u8, origin.Cost.Value);
        w.WriteString("reason"u8, origin.Reason);
        if (origin.Suggestion is { } suggestion) w.WriteString("suggestion"u8, suggestion);
        w.WriteEndObject();
    }

    internal static ForkOrigin ReadOrigin(JsonElement data) => new(
        EventReader.Run(data.GetProperty("run")), data.GetProperty("seq").GetInt32(), data.GetText("step"), new Cents(data.GetProperty("cost").GetDecimal()),
        data.GetText("reason") ?? "") { Suggestion = data.Get("suggestion")?.GetGuid() };

    internal static void Write(Utf8JsonWriter w, StepTaken e)
    {
        w.WriteNumber("step"u8, e.Step);
        w.WriteString("origin"u8, e.Origin.Value);
        w.WriteString("status"u8, e.Status.ToString());
        if (e.Result is { } result) Value(w, "result"u8, result);
        if (e.Failure is { } failure) EventWriter.Failure(w, "failure"u8, failure);
        if (e.Items is { } items) Value(w, "items"u8, items);
        w.WriteStartArray("calls"u8);
        foreach (var call in e.Calls) Write(w, call);
        w.WriteEndArray();
        if (e.Fallback is { } fallback) w.WriteNumber("fallback"u8, fallback);
        w.WriteNumber("cost"u8, e.Cost.Value);
        EventWriter.Time(w, "started_at"u8, e.StartedAt);
        EventWriter.Time(w, "ended_at"u8, e.EndedAt);
    }

    internal static StepTaken Read(JournalEntry entry, JsonElement data) => new()
    {
        At = entry.At,
        Step = data.GetProperty("step").GetInt32(),
        Origin = EventReader.Run(data.GetProperty("origin")),
        Status = Enum.Parse<StepStatus>(Text(data, "status")),
        Result = data.Get("result"),
        Failure = EventReader.Failure(data.Get("failure")),
        Items = data.Get("items"),
        Calls = [.. data.GetProperty("calls").EnumerateArray().Select(ReadCall)],
        Fallback = data.Get("fallback")?.GetInt32(),
        Cost = new Cents(data.GetProperty("cost").GetDecimal()),
        StartedAt = EventReader.Time(data, "started_at"),
        EndedAt = EventReader.Time(data, "ended_at"),
    };

    private static void Write(Utf8JsonWriter w, TakenCall call)
    {
        w.WriteStartObject();
        w.WriteString("status"u8, call.Status.ToString());
        w.WriteNumber("generation"u8, call.Generation);
        w.WriteNumber("attempts"u8, call.Attempts);
        if (call.Rounds != 0) w.WriteNumber("rounds"u8, call.Rounds);
        Value(w, "params"u8, call.Params);
        if (call.Key is { } key) w.WriteString("key"u8, key);
        if (call.InputHash is { } hash) w.WriteString("input_hash"u8, hash);
        if (call.Outcome is { } outcome)
        {
            w.WritePropertyName("outcome"u8);
            EventWriter.Outcome(w, outcome);
        }

        w.WriteEndObject();
    }

    private static TakenCall ReadCall(JsonElement data) => new(
        Enum.Parse<CallStatus>(Text(data, "status")), data.GetProperty("generation").GetInt32(), data.GetProperty("attempts").GetInt32(),
        data.Get("rounds")?.GetInt32() ?? 0, data.GetProperty("params"), data.GetText("key"), data.GetText("input_hash"),
        data.Get("outcome") is { } outcome ? EventReader.Outcome(outcome) : null);

    private static string Text(JsonElement data, string name) => data.GetProperty(name).GetString() ?? throw new JsonException($"{name} is null.");

    private static void Value(Utf8JsonWriter w, ReadOnlySpan<byte> name, JsonElement value)
    {
        w.WritePropertyName(name);
        value.WriteTo(w);
    }
}
