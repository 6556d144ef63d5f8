using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Traces as clients read them. All values are redacted here; only the export carries what is stored.</summary>
internal static class TraceWire
{
    /// <summary>A trace of schema 1.1. Its hashes are of the true values, its plan is shown redacted: the root does not cover it.</summary>
    internal static void WriteSdk(Utf8JsonWriter writer, RunTrace trace)
    {
        var sdk = StepView.Sdk(trace.State);
        (sdk with { Plan = Redactor.Redact(sdk.Plan) }).WriteTo(writer);
    }

    /// <summary>The events of a run, with the hashes that cover them.</summary>
    internal static void WriteEvents(Utf8JsonWriter writer, RunTrace trace, IReadOnlyList<JournalEntry> events, int limit)
    {
        var start = trace.State.Start!;
        writer.WriteStartObject();
        writer.WriteString("schema", TraceForms.Export);
        writer.WriteString("run_id", trace.Id.ToString());
        if (trace.ReplayOf is { } replay) writer.WriteString("replay_of", replay.Run.ToString());
        writer.WriteString("tenant_id", start.Tenant.Value);
        writer.WriteString("agent_id", start.AgentId);
        writer.WriteString("status", trace.State.Status.Wire());
        writer.WriteNumber("attempt", trace.State.Attempt);
        writer.WriteString("seed", start.Seed.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("plan_hash", start.Plan.Hash);
        writer.WriteString("root_hash", trace.State.End?.RootHash);
        writer.WriteString("started_at", start.At);
        if (trace.State.EndedAt is { } ended) writer.WriteString("ended_at", ended);
        writer.WriteStartArray("events");
        foreach (var e in events.Where(e => e.Seq <= trace.State.Seq))
        {
            writer.WriteStartObject();
            writer.WriteNumber("seq", e.Seq);
            writer.WriteString("kind", e.Kind);
            writer.WriteString("at", e.At);
            writer.WriteString("chain", Convert.ToHexStringLower(e.Chain));
            writer.WritePropertyName("data");
            Redactor.Redact(Json.Parse(e.Body.Span).Get("data") ?? Json.Null).WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (events.Count == limit && events[^1].Seq < trace.State.Seq) writer.WriteNumber("next_after", events[^1].Seq);
        else writer.WriteNull("next_after");
        writer.WriteEndObject();
    }

    internal static void WriteVerdict(Utf8JsonWriter writer, TraceVerdict verdict)
    {
        writer.WriteStartObject();
        writer.WriteString("form", verdict.Form);
        writer.WriteBoolean("ok", verdict.Ok);
        writer.WriteNumber("events", verdict.Events);
        if (verdict.Seq is { } seq) writer.WriteNumber("seq", seq);
        else writer.WriteNull("seq");
        writer.WriteString("reason", verdict.Reason);
        writer.WriteString("chain_hash", verdict.ChainHash);
        writer.WriteString("root_hash", verdict.RootHash);
        writer.WriteStartArray("keys");
        foreach (var key in verdict.Keys) writer.WriteStringValue(key);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal static void WriteReplay(Utf8JsonWriter writer, string original, ReplayResult result, ReplayMode? mode)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("success", result.Success);
        writer.WriteString("run_id", result.Replay?.ToString() ?? "");
        writer.WriteString("original_run_id", original);
        if (result.Parity is { } parity)
        {
            writer.WriteStartObject("parity_check");
            writer.WriteBoolean("is_parity", parity.IsParity);
            writer.WriteString("original_signature", parity.Original);
            writer.WriteString("replay_signature", parity.Replay);
            Nullable(writer, "divergence_step", parity.Step);
            writer.WriteString("divergence_reason", parity.Reason);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("parity_check");
        }

        Nullable(writer, "divergence_point", result.DivergencePoint);
        writer.WriteString("error", result.Error);
        Nullable(writer, "divergence_event", result.Seq);
        writer.WriteString("original_root_hash", result.OriginalRootHash);
        writer.WriteString("replay_root_hash", result.ReplayRootHash);
        if (mode is { } named) ReplayModes.Write(writer, named, result.Steps);
        writer.WriteEndObject();
    }

    internal static void WriteMatch(Utf8JsonWriter writer, RunId run, ReplayResult result)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("match", result.Success);
        Nullable(writer, "first_mismatch_step", result.DivergencePoint);
        Nullable(writer, "first_mismatch_event", result.Seq);
        writer.WriteString("run_id", run.ToString());
        writer.WriteString("replay_run_id", result.Replay?.ToString() ?? "");
        writer.WriteString("original_root_hash", result.OriginalRootHash);
        writer.WriteString("replay_root_hash", result.ReplayRootHash);
        writer.WriteString("error", result.Error);
        writer.WriteEndObject();
    }

    internal static void WriteSummary(Utf8JsonWriter writer, RunTrace trace)
    {
        var steps = StepView.Server(trace.State);
        writer.WriteStartObject();
        WriteHead(writer, trace);
        if (trace.Damage is { } damage) writer.WriteString("error", damage);
        writer.WriteNumber("total_steps", steps.Length);
        writer.WriteNumber("success_count", steps.Count(step => step.Status == "success"));
        writer.WriteNumber("failure_count", steps.Count(step => step.Status == "failure"));
        writer.WriteNumber("total_cost_cents", trace.State.Spent.Value);
        writer.WriteNumber("total_duration_ms", steps.Sum(step => step.Duration.TotalMilliseconds));
        writer.WriteNumber("seed", trace.State.Start!.Seed);
        writer.WriteString("root_hash", trace.State.End?.RootHash);
        writer.WriteEndObject();
    }

    internal static void WriteRecord(Utf8JsonWriter writer, RunTrace trace)
    {
        var start = trace.State.Start!;
        writer.WriteStartObject();
        WriteHead(writer, trace);
        writer.WriteStartArray("plan");
        foreach (var step in start.Plan.Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("skill", StepView.Skill(step));
            writer.WritePropertyName("params");
            Redactor.Redact(step.Params).WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("steps");
        foreach (var step in StepView.Server(trace.State)) WriteStep(writer, trace, step);
        writer.WriteEndArray();
        writer.WriteStartObject("metadata");
        if (trace.ReplayOf is { } replay)
        {
            writer.WriteString("replay_of", replay.Run.ToString());
            writer.WriteBoolean("dry_run", replay.Mode == ReplayMode.Dry);
            writer.WriteBoolean("verify_parity", replay.VerifyParity);
        }

        writer.WriteEndObject();
        writer.WriteNumber("seed", start.Seed);
        writer.WriteNull("frozen_timestamp");
        writer.WriteString("root_hash", trace.State.End?.RootHash);
        writer.WriteString("plan_hash", start.Plan.Hash);
        writer.WriteString("schema_version", "1.1");
        writer.WriteEndObject();
    }

    internal static void WriteKey(Utf8JsonWriter writer, SigningKey key)
    {
        writer.WriteStartObject();
        writer.WriteString("key_id", key.Id);
        writer.WriteString("algorithm", "ecdsa-p256-sha256-p1363");
        writer.WriteString("public_key", Convert.ToBase64String(key.PublicKey));
        writer.WriteString("created_at", key.CreatedAt);
        if (key.RetiredAt is { } retired) writer.WriteString("retired_at", retired);
        else writer.WriteNull("retired_at");
        writer.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter writer, RunTrace trace)
    {
        var (start, replay) = (trace.State.Start!, trace.ReplayOf);
        writer.WriteString("run_id", trace.Id.ToString());
        writer.WriteString("trace_id", trace.Id.ToString());
        writer.WriteString("source", "run");
        writer.WriteString("correlation_id", Correlation.Given(start) ?? (start.Parent?.Run ?? start.Run).ToString());
        writer.WriteString("tenant_id", start.Tenant.Value);
        writer.WriteString("agent_id", start.AgentId);
        writer.WriteString("started_at", replay?.At ?? start.At);
        if ((replay?.At ?? trace.State.EndedAt) is { } ended) writer.WriteString("completed_at", ended);
        else writer.WriteNull("completed_at");
        writer.WriteString("status", trace.Damage is not null ? "error" : replay?.Status ?? trace.State.Status switch
        {
            RunStatus.Succeeded => "completed",
            RunStatus.Failed or RunStatus.Cancelled => "failed",
            _ => "running",
        });
    }

    private static void WriteStep(Utf8JsonWriter writer, RunTrace trace, TraceStep step)
    {
        var input = PythonJson.HashData(step.Params);
        writer.WriteStartObject();
        writer.WriteNumber("step_index", step.StepIndex);
        writer.WriteString("skill_name", step.SkillName);
        writer.WritePropertyName("params");
        Redactor.Redact(step.Params).WriteTo(writer);
        writer.WriteString("status", step.Status);
        writer.WriteString("outcome_category", step.Category);
        writer.WriteString("outcome_code", step.Code);
        writer.WritePropertyName("outcome_data");
        Redactor.Redact(step.Data ?? Json.Null).WriteTo(writer);
        writer.WriteNumber("cost_cents", step.Cost.Value);
        writer.WriteNumber("duration_ms", trace.ReplayOf is null ? step.Duration.TotalMilliseconds : 0);
        writer.WriteNumber("retry_count", step.Retries);
        writer.WriteString("timestamp", step.At);
        writer.WriteString("idempotency_key", Trace11.IdempotencyKey(trace.State.Start!.Run.ToString(), step.StepIndex, step.SkillName, input));
        writer.WriteString("replay_behavior", StepView.Behavior(trace.State.Plan.Steps[step.StepIndex]));
        writer.WriteString("input_hash", input);
        writer.WriteString("output_hash", StepView.OutputHash(trace.State, step));
        writer.WriteEndObject();
    }

    private static void Nullable(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }
}
