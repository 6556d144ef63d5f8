using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored form of a run's first event: its plan as text, read again with the terms it started with.</summary>
internal sealed record RunStartedV1(
    DateTimeOffset At, RunId Run, TenantId Tenant, string AgentId, JsonElement Plan, JsonElement Inputs, string Seed, Cents? Budget,
    ImmutableSortedDictionary<string, SkillTerms> Terms, ImmutableSortedDictionary<string, string> Labels, ParentRun? Parent, KernelRule Rule);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    Converters = [typeof(RunIdJson), typeof(TenantIdJson), typeof(EffectIdJson), typeof(CentsJson)])]
[JsonSerializable(typeof(RunStartedV1))]
[JsonSerializable(typeof(StepStarted))]
[JsonSerializable(typeof(ItemsListed))]
[JsonSerializable(typeof(CallSucceeded))]
[JsonSerializable(typeof(CallFailed))]
[JsonSerializable(typeof(CallUnknown))]
[JsonSerializable(typeof(CallResolved))]
[JsonSerializable(typeof(WaitStarted))]
[JsonSerializable(typeof(StepEnded))]
[JsonSerializable(typeof(SignalReceived))]
[JsonSerializable(typeof(RunPaused))]
[JsonSerializable(typeof(RunResumed))]
[JsonSerializable(typeof(RunQuarantined))]
[JsonSerializable(typeof(RunRetried))]
[JsonSerializable(typeof(CompensationStarted))]
[JsonSerializable(typeof(RunEnded))]
[JsonSerializable(typeof(StructuredOutcome))]
internal sealed partial class JournalJson : JsonSerializerContext;

/// <summary>Events to bytes and back. A kind's form is frozen: a change of it is a new kind.</summary>
internal static class EventCodec
{
    private static readonly Dictionary<string, JsonTypeInfo> ByKind = new(StringComparer.Ordinal)
    {
        ["step.started.v1"] = JournalJson.Default.StepStarted,
        ["items.listed.v1"] = JournalJson.Default.ItemsListed,
        ["call.succeeded.v1"] = JournalJson.Default.CallSucceeded,
        ["call.failed.v1"] = JournalJson.Default.CallFailed,
        ["call.unknown.v1"] = JournalJson.Default.CallUnknown,
        ["call.resolved.v1"] = JournalJson.Default.CallResolved,
        ["wait.started.v1"] = JournalJson.Default.WaitStarted,
        ["step.ended.v1"] = JournalJson.Default.StepEnded,
        ["signal.received.v1"] = JournalJson.Default.SignalReceived,
        ["run.paused.v1"] = JournalJson.Default.RunPaused,
        ["run.resumed.v1"] = JournalJson.Default.RunResumed,
        ["run.quarantined.v1"] = JournalJson.Default.RunQuarantined,
        ["run.retried.v1"] = JournalJson.Default.RunRetried,
        ["compensation.started.v1"] = JournalJson.Default.CompensationStarted,
        ["run.ended.v1"] = JournalJson.Default.RunEnded,
    };

    private static readonly Dictionary<Type, string> KindOf = ByKind.ToDictionary(pair => pair.Value.Type, pair => pair.Key);

    internal static JournalEntry Encode(RunId run, int seq, RunEvent e, byte[] previous)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        var kind = e is RunStarted ? "run.started.v1" : KindOf[e.GetType()];
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("run", run.ToString());
            writer.WriteNumber("seq", seq);
            writer.WriteString("kind", kind);
            writer.WriteString("at", e.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            writer.WritePropertyName("data");
            if (e is RunStarted started) JsonSerializer.Serialize(writer, Stored(started), JournalJson.Default.RunStartedV1);
            else JsonSerializer.Serialize(writer, e, ByKind[kind]);
            writer.WriteEndObject();
        }

        var body = buffer.WrittenMemory.ToArray();
        return new JournalEntry(seq, kind, e.At, body, ChainHash.Next(previous, body));
    }

    internal static RunEvent Decode(RunId run, JournalEntry entry)
    {
        try
        {
            var data = Json.Parse(entry.Body.Span).GetProperty("data");
            if (entry.Kind == "run.started.v1") return Started(run, entry, data.Deserialize(JournalJson.Default.RunStartedV1)!);
            if (!ByKind.TryGetValue(entry.Kind, out var type))
                throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} is of the unknown kind {entry.Kind}: a newer build wrote it.");
            return (RunEvent)data.Deserialize(type)!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} cannot be read: {e.Message}");
        }
    }

    private static RunStartedV1 Stored(RunStarted e) => new(
        e.At, e.Run, e.Tenant, e.AgentId, e.Plan.Source, e.Inputs, e.Seed.ToString(CultureInfo.InvariantCulture), e.Budget, e.Terms, e.Labels, e.Parent, e.Rule);

    private static RunStarted Started(RunId run, JournalEntry entry, RunStartedV1 e)
    {
        var reading = PlanReader.Read(e.Plan, e.Terms);
        if (reading.Plan is null)
            throw new JournalCorruptException(run, entry.Seq, $"The plan of run {run} cannot be read: {reading.Problems[0].Message}");
        return new RunStarted
        {
            At = e.At, Run = e.Run, Tenant = e.Tenant, AgentId = e.AgentId, Plan = reading.Plan, Inputs = e.Inputs,
            Seed = ulong.Parse(e.Seed, CultureInfo.InvariantCulture), Budget = e.Budget, Terms = e.Terms, Labels = e.Labels, Parent = e.Parent, Rule = e.Rule,
        };
    }
}

internal sealed class RunIdJson : JsonConverter<RunId>
{
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RunId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not a run id.");

    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class TenantIdJson : JsonConverter<TenantId>
{
    public override TenantId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

internal sealed class EffectIdJson : JsonConverter<EffectId>
{
    public override EffectId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        EffectId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not an effect id.");

    public override void Write(Utf8JsonWriter writer, EffectId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class CentsJson : JsonConverter<Cents>
{
    public override Cents Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetDecimal());

    public override void Write(Utf8JsonWriter writer, Cents value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}
