using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A trace that is not as one must be; the failure says what and where.</summary>
internal sealed class WrongTraceException(Failure failure) : Exception(failure.Message)
{
    internal Failure Failure { get; } = failure;

    internal static WrongTraceException At(string message) => Of("INVALID_INPUT", message);

    internal static WrongTraceException Missing(string message) => Of("MISSING_REQUIRED_FIELD", message);

    internal static WrongTraceException TooLarge(string message) => Of("INPUT_TOO_LARGE", message);

    private static WrongTraceException Of(string code, string message) => new(FailureCatalog.Fail(code, message.StartsWith("trace:", StringComparison.Ordinal) ? message : $"trace.{message}"));
}

/// <summary>Reads a trace that a client sends, in the SDKs' words (<c>skill_id</c>, <c>outcome</c>) or the server's (<c>skill_name</c>, <c>status</c>).</summary>
internal sealed class TraceReading
{
    private static readonly string[] Reserved = ["by-hash", "cleanup", "compare", "idempotency", "mismatches"];

    private readonly JsonElement trace;

    private TraceReading(JsonElement trace) => this.trace = trace;

    /// <summary>Throws <see cref="WrongTraceException"/> naming what is not as it should be and where.</summary>
    internal static ClientTrace Of(JsonElement trace, TenantId tenant) => trace.ValueKind == JsonValueKind.Object
        ? new TraceReading(trace).Read(tenant)
        : throw WrongTraceException.At("trace: a trace is an object.");

    private ClientTrace Read(TenantId tenant)
    {
        var bytes = trace.Bytes();
        if (bytes > TraceLimits.BytesMax) throw WrongTraceException.TooLarge($"trace: it has {bytes} bytes; at most {TraceLimits.BytesMax} are stored.");
        var (id, run) = (Name(trace, "trace_id", "", TraceLimits.IdChars), Name(trace, "run_id", "", TraceLimits.NameChars));
        if (id is null && run is null) throw WrongTraceException.Missing("run_id: a trace that is stored has a run_id or a trace_id.");
        id ??= "trace_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(run!)))[..16];
        if (Reserved.Contains(id)) throw WrongTraceException.At($"trace_id: {id} stands for something else in the API.");
        var steps = Steps();
        var plan = List(trace.Get("plan"), "plan");
        var planHash = PythonJson.HashTrace(plan);
        var timestamp = Text(trace, "timestamp", "") ?? Text(trace, "frozen_timestamp", "") ?? "";
        var sdk = new Trace11
        {
            Version = Text(trace, "version", "") ?? Text(trace, "schema_version", "") ?? Trace11.SchemaVersion,
            Seed = Seed(), Timestamp = timestamp, Tenant = Tenant(tenant), Plan = plan, Steps = [.. steps.Select(step => step.Sdk)],
            RootHash = Hash(trace, "root_hash", ""), Finalized = true, Metadata = Object(trace.Get("metadata"), "metadata"),
        };
        return new ClientTrace(id, run ?? id, Name(trace, "correlation_id", "", TraceLimits.NameChars) ?? run ?? id, Name(trace, "agent_id", "", TraceLimits.NameChars),
            Name(trace, "status", "", 32) ?? "completed", sdk, steps, bytes)
        {
            PlanHash = Agreed(planHash), FrozenTimestamp = Text(trace, "frozen_timestamp", "") ?? (timestamp.Length > 0 ? timestamp : null),
            StartedAt = Time("started_at") ?? Lenient(timestamp), CompletedAt = Time("completed_at"),
        };
    }

    /// <summary>The tenant that the hash covers: the SDKs write <c>default</c> where none was said.</summary>
    private string Tenant(TenantId tenant)
    {
        var named = Text(trace, "tenant_id", "") ?? "default";
        return named == "default" || named == tenant.Value ? named : throw WrongTraceException.At($"tenant_id: this caller stores traces of {tenant}, or such as say default.");
    }

    private string Agreed(string planHash)
    {
        var given = Hash(trace, "plan_hash", "");
        return given is null || given == planHash || given == planHash[..16] ? planHash : throw WrongTraceException.At($"plan_hash: {given} is not the hash of the plan, {planHash}.");
    }

    /// <summary>A whole number; 0 is one too. Without one it is the SDKs' 42.</summary>
    private string Seed()
    {
        if (trace.Get("seed") is not { ValueKind: not JsonValueKind.Null } seed) return "42";
        var raw = seed.ValueKind == JsonValueKind.Number ? seed.GetRawText() : "";
        var digits = raw.TrimStart('-');
        if (digits.Length is 0 or > TraceLimits.SeedDigits || !digits.All(char.IsAsciiDigit)) throw WrongTraceException.At($"seed: a whole number of at most {TraceLimits.SeedDigits} digits stands here.");
        return raw == "-0" ? "0" : raw;
    }

    private List<StoredStep> Steps()
    {
        var list = List(trace.Get("steps"), "steps");
        if (list.GetArrayLength() > TraceLimits.StepsMax) throw WrongTraceException.TooLarge($"steps: {list.GetArrayLength()} of them; at most {TraceLimits.StepsMax} are stored.");
        var steps = new List<StoredStep>(list.GetArrayLength());
        foreach (var step in list.EnumerateArray())
        {
            if (step.ValueKind != JsonValueKind.Object) throw WrongTraceException.At($"steps[{steps.Count}]: a step is an object.");
            steps.Add(Step(step, steps.Count, $"steps[{steps.Count}]."));
        }

        return steps;
    }

    private static StoredStep Step(JsonElement step, int at, string place)
    {
        if (step.Get("step_index") is { ValueKind: not JsonValueKind.Null } number && !(number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var index) && index == at))
            throw WrongTraceException.At($"{place}step_index: {Shown(number)} stands where {at} must: steps are numbered from 0 without gaps.");
        var id = Name(step, "skill_id", place, 128) ?? Name(step, "skill_name", place, 128) ?? "unknown";
        var (outcome, status) = Ending(step, place);
        var code = Name(step, "outcome_code", place, TraceLimits.NameChars) ?? Name(step, "error_code", place, TraceLimits.NameChars);
        var parameters = Value(step, "params") ?? Value(step, "input_data") ?? Json.EmptyObject;
        var data = Value(step, "outcome_data") ?? Value(step, "output_data");
        var sdk = new TraceStep11(
            at, id, Hash(step, "input_hash", place) ?? PythonJson.HashData(parameters), Hash(step, "output_hash", place) ?? PythonJson.HashData(data ?? Json.Null),
            Name(step, "rng_state_before", place, 128) ?? Name(step, "rng_state", place, 128) ?? "", outcome, Name(step, "idempotency_key", place, 128), Behavior(step, place),
            Number(step, "duration_ms", place), code, Text(step, "timestamp", place));
        if (Hash(step, "step_hash", place) is { } given && sdk.Hash() is var hash && hash != given)
            throw WrongTraceException.At($"{place}step_hash: {given} was given, {hash} is expected: the hash of the step's eight hashed members.");
        var category = Name(step, "outcome_category", place, 64) ?? Category(status, code);
        return new StoredStep(sdk, Name(step, "skill_name", place, 128) ?? id, status, category, code, parameters, data, Number(step, "cost_cents", place), (int)Number(step, "retry_count", place));
    }

    /// <summary>Of the two words for how a step ended each stands for the other where that is absent.</summary>
    private static (string Outcome, string Status) Ending(JsonElement step, string place)
    {
        var (outcome, status) = (Text(step, "outcome", place), Text(step, "status", place));
        if (outcome is not (null or "success" or "failure" or "skipped")) throw WrongTraceException.At($"{place}outcome: success, failure or skipped.");
        if (status is not (null or "success" or "failure" or "skipped" or "retry" or "pending" or "running"))
            throw WrongTraceException.At($"{place}status: success, failure, skipped, retry, pending or running.");
        return (outcome ?? status ?? "success", status ?? outcome ?? "success");
    }

    private static string Behavior(JsonElement step, string place) =>
        (Text(step, "replay_behavior", place) ?? "execute") is ("execute" or "skip" or "check") and var known ? known : throw WrongTraceException.At($"{place}replay_behavior: execute, skip or check.");

    private static string Category(string status, string? code) => status switch
    {
        "failure" => code is not null && FailureCatalog.Find(code) is { } entry ? entry.Category.ToString().ToUpperInvariant() : "FAILURE",
        "success" => "SUCCESS",
        _ => status.ToUpperInvariant(),
    };

    private static JsonElement? Value(JsonElement step, string name) => step.Get(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    private static JsonElement List(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => Json.EmptyArray,
        { ValueKind: JsonValueKind.Array } list => list,
        _ => throw WrongTraceException.At($"{name}: a list stands here."),
    };

    private static JsonElement Object(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => Json.EmptyObject,
        { ValueKind: JsonValueKind.Object } members => members,
        _ => throw WrongTraceException.At($"{name}: an object stands here."),
    };

    private static string? Text(JsonElement value, string name, string place) => value.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text when text.GetString() is { Length: <= TraceLimits.NameChars } known && !known.Contains('\0', StringComparison.Ordinal) => known,
        _ => throw WrongTraceException.At($"{place}{name}: a text of at most {TraceLimits.NameChars} characters, without NUL, stands here."),
    };

    /// <summary>A text that may stand in a path: not empty, without signs that control.</summary>
    private static string? Name(JsonElement value, string name, string place, int max) => Text(value, name, place) is not { } text ? null
        : text.Length <= max && (text.Length > 0 || max == 128) && !text.Any(char.IsControl) ? text
        : throw WrongTraceException.At($"{place}{name}: 1 to {max} characters without control characters stand here.");

    private static string? Hash(JsonElement value, string name, string place) => Text(value, name, place) is not { Length: > 0 } text ? null
        : text.Length <= 128 ? text : throw WrongTraceException.At($"{place}{name}: a hash has at most 128 characters.");

    private static decimal Number(JsonElement value, string name, string place) => value.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => 0,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var known) && known is >= 0 and <= TraceLimits.NumberMax => known,
        _ => throw WrongTraceException.At($"{place}{name}: a number from 0 to {TraceLimits.NumberMax} stands here."),
    };

    private DateTimeOffset? Time(string name) => Text(trace, name, "") is not { } text ? null
        : Lenient(text) ?? throw WrongTraceException.At($"{name}: a time such as 2026-01-31T12:00:00Z stands here.");

    private static DateTimeOffset? Lenient(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private static string Shown(JsonElement value) => value.GetRawText() is { Length: <= 32 } raw ? raw : "something else";
}
