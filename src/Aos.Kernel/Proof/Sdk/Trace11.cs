using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A trace or a step of it cannot be read, or is used against its rules.</summary>
public sealed class TraceException(string message) : Exception(message);

/// <summary>One step of an SDK trace. The first eight members are hashed; the rest is audit only.</summary>
/// <param name="Outcome"><c>success</c>, <c>failure</c> or <c>skipped</c>.</param>
/// <param name="ReplayBehavior"><c>execute</c>, <c>skip</c> or <c>check</c>.</param>
/// <param name="DurationMs">As written in the file; any JSON number.</param>
public sealed record TraceStep11(
    int StepIndex, string SkillId, string InputHash, string OutputHash, string RngStateBefore, string Outcome,
    string? IdempotencyKey = null, string ReplayBehavior = "execute", decimal DurationMs = 0, string? ErrorCode = null, string? Timestamp = null)
{
    /// <summary>64 hex digits of SHA-256 of the deterministic payload, null members included.</summary>
    public string Hash() => PythonJson.HashTrace(Json.Write(writer =>
    {
        writer.WriteStartObject();
        WritePayload(writer);
        writer.WriteEndObject();
    }));

    internal void WritePayload(Utf8JsonWriter writer)
    {
        writer.WriteNumber("step_index", StepIndex);
        writer.WriteString("skill_id", SkillId);
        writer.WriteString("input_hash", InputHash);
        writer.WriteString("output_hash", OutputHash);
        writer.WriteString("rng_state_before", RngStateBefore);
        writer.WriteString("outcome", Outcome);
        writer.WriteString("idempotency_key", IdempotencyKey);
        writer.WriteString("replay_behavior", ReplayBehavior);
    }
}

/// <summary>
/// A trace of schema 1.1 as the SDKs write it. Its root hash covers seed, timestamp, tenant and the steps' payloads, but
/// neither plan nor metadata; the records AOS itself signs are the exports of docs/traces.md.
/// </summary>
public sealed record Trace11
{
    /// <summary>What the SDKs write as <c>version</c>.</summary>
    public const string SchemaVersion = "1.1.0";

    public string Version { get; init; } = SchemaVersion;

    /// <summary>As written: a whole number of any size.</summary>
    public required string Seed { get; init; }

    public required string Timestamp { get; init; }
    public string Tenant { get; init; } = "default";
    public JsonElement Plan { get; init; } = Json.EmptyArray;
    public ImmutableArray<TraceStep11> Steps { get; init; } = [];
    public string? RootHash { get; init; }
    public bool Finalized { get; init; }
    public JsonElement Metadata { get; init; } = Json.EmptyObject;

    /// <summary>The root as the SDKs compute it: SHA-256 of <c>seed:timestamp:tenant</c>, then of <c>hash:step hash</c> per step.</summary>
    public string ComputeRoot() => Chain()[^1];

    /// <summary>The root before the first step and after each: one more than there are steps.</summary>
    public ImmutableArray<string> Chain()
    {
        var chain = ImmutableArray.CreateBuilder<string>(Steps.Length + 1);
        chain.Add(PythonJson.Sha($"{Seed}:{Timestamp}:{Tenant}"));
        foreach (var step in Steps) chain.Add(PythonJson.Sha($"{chain[^1]}:{step.Hash()}"));
        return chain.MoveToImmutable();
    }

    /// <summary>Appends a step, hashing input and output. Throws <see cref="TraceException"/> when the trace is finalized.</summary>
    public Trace11 Add(string skill, JsonElement input, JsonElement output, string rngState, string outcome, string? key = null, string behavior = "execute") => Finalized
        ? throw new TraceException("Cannot add a step to a finalized trace.")
        : this with { Steps = Steps.Add(new TraceStep11(Steps.Length, skill, PythonJson.HashData(input), PythonJson.HashData(output), rngState, outcome, key, behavior)) };

    /// <summary>Closes the trace with its root. Throws <see cref="TraceException"/> the second time.</summary>
    public Trace11 Finalize() => Finalized
        ? throw new TraceException("The trace is already finalized.")
        : this with { RootHash = ComputeRoot(), Finalized = true };

    /// <summary>True when finalized and the root is what it should be.</summary>
    public bool Verify() => Finalized && string.Equals(RootHash, ComputeRoot(), StringComparison.Ordinal);

    /// <summary>Who drew the chance of the first step: <c>python</c>, <c>javascript</c>, <c>aos</c>, or null when its state fits none of the generators.</summary>
    public string? Origin()
    {
        if (Steps is not [var first, ..] || !ulong.TryParse(Seed, CultureInfo.InvariantCulture, out var seed)) return null;
        if (first.RngStateBefore == new PythonRandom(seed).State()) return "python";
        if (first.RngStateBefore == new JsRandom(seed).State()) return "javascript";
        return first.RngStateBefore == Chance.OfStep(seed, first.StepIndex).State() ? "aos" : null;
    }

    public static string IdempotencyKey(string run, int step, string skill, string inputHash) =>
        PythonJson.Sha(string.Create(CultureInfo.InvariantCulture, $"{run}:{step}:{skill}:{inputHash}"))[..32];

    /// <summary>The trace's JSON, members in the SDK's order.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("version", Version);
        writer.WritePropertyName("seed");
        writer.WriteRawValue(Seed);
        writer.WriteString("timestamp", Timestamp);
        writer.WriteString("tenant_id", Tenant);
        writer.WritePropertyName("plan");
        Plan.WriteTo(writer);
        writer.WriteStartArray("steps");
        foreach (var step in Steps)
        {
            writer.WriteStartObject();
            step.WritePayload(writer);
            writer.WriteNumber("duration_ms", step.DurationMs);
            writer.WriteString("error_code", step.ErrorCode);
            writer.WriteString("timestamp", step.Timestamp);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("root_hash", RootHash);
        writer.WriteBoolean("finalized", Finalized);
        writer.WritePropertyName("metadata");
        Metadata.WriteTo(writer);
        writer.WriteEndObject();
    }

    /// <summary>Reads a trace file. <c>seed</c> and <c>plan</c> and a step's six hashed fields must be there; throws <see cref="TraceException"/> naming what is not.</summary>
    public static Trace11 Read(JsonElement file)
    {
        if (file.ValueKind != JsonValueKind.Object) throw new TraceException("A trace is an object.");
        if (file.Get("seed") is not { ValueKind: JsonValueKind.Number } seed || seed.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            throw new TraceException("seed: a trace has a whole number here.");
        if (file.Get("plan") is not { } plan) throw new TraceException("plan: a trace has its plan here.");
        var steps = file.Get("steps") is { ValueKind: JsonValueKind.Array } list ? list : Json.EmptyArray;
        return new Trace11
        {
            Version = file.GetText("version") ?? SchemaVersion,
            Seed = seed.GetRawText(),
            Timestamp = file.GetText("timestamp") ?? "",
            Tenant = file.GetText("tenant_id") ?? "default",
            Plan = plan,
            Steps = [.. steps.EnumerateArray().Select(ReadStep)],
            RootHash = file.GetText("root_hash"),
            Finalized = file.Get("finalized") is { ValueKind: JsonValueKind.True },
            Metadata = file.Get("metadata") is { ValueKind: JsonValueKind.Object } metadata ? metadata : Json.EmptyObject,
        };
    }

    private static TraceStep11 ReadStep(JsonElement step, int at)
    {
        if (step.Get("step_index") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt32(out var index))
            throw new TraceException($"steps[{at}].step_index: a step has a whole number here.");
        return new TraceStep11(
            index, Text("skill_id"), Text("input_hash"), Text("output_hash"), Text("rng_state_before"), Text("outcome"), step.GetText("idempotency_key"),
            step.GetText("replay_behavior") ?? "execute", step.Get("duration_ms") is { ValueKind: JsonValueKind.Number } time && time.TryGetDecimal(out var ms) ? ms : 0,
            step.GetText("error_code"), step.GetText("timestamp"));

        string Text(string name) => step.GetText(name) ?? throw new TraceException($"steps[{at}].{name}: a step has a text here.");
    }
}
