using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Traces of clients as they are answered. They were redacted when they were stored.</summary>
internal static class StoredTraceWire
{
    internal static void WriteSummary(Utf8JsonWriter writer, StoredHead head)
    {
        writer.WriteStartObject();
        WriteHead(writer, head);
        writer.WriteNumber("total_steps", head.Steps);
        writer.WriteNumber("success_count", head.Successes);
        writer.WriteNumber("failure_count", head.Failures);
        writer.WriteNumber("total_cost_cents", head.CostCents);
        writer.WriteNumber("total_duration_ms", head.DurationMs);
        WriteSeed(writer, head);
        writer.WriteString("root_hash", head.RootHash);
        writer.WriteEndObject();
    }

    internal static void WriteRecord(Utf8JsonWriter writer, StoredTrace trace)
    {
        var head = trace.Head;
        writer.WriteStartObject();
        WriteHead(writer, head);
        writer.WritePropertyName("plan");
        trace.Sdk.Plan.WriteTo(writer);
        writer.WriteStartArray("steps");
        foreach (var step in trace.Steps) WriteStep(writer, head, step);
        writer.WriteEndArray();
        writer.WritePropertyName("metadata");
        trace.Sdk.Metadata.WriteTo(writer);
        WriteSeed(writer, head);
        writer.WriteString("frozen_timestamp", head.FrozenTimestamp);
        writer.WriteString("root_hash", head.RootHash);
        writer.WriteString("plan_hash", head.PlanHash);
        writer.WriteString("schema_version", "1.1");
        writer.WriteString("full_hash", trace.FullHash);
        writer.WriteString("created_at", head.CreatedAt);
        writer.WriteString("stored_by", trace.StoredBy);
        writer.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter writer, StoredHead head)
    {
        writer.WriteString("run_id", head.RunId);
        writer.WriteString("trace_id", head.Id);
        writer.WriteString("source", "client");
        writer.WriteString("correlation_id", head.CorrelationId);
        writer.WriteString("tenant_id", head.Tenant.Value);
        writer.WriteString("agent_id", head.AgentId);
        writer.WriteString("started_at", head.StartedAt);
        if (head.CompletedAt is { } completed) writer.WriteString("completed_at", completed);
        else writer.WriteNull("completed_at");
        writer.WriteString("status", head.Status);
    }

    private static void WriteStep(Utf8JsonWriter writer, StoredHead head, StoredStep step)
    {
        var sdk = step.Sdk;
        writer.WriteStartObject();
        writer.WriteNumber("step_index", sdk.StepIndex);
        writer.WriteString("skill_name", step.SkillName);
        writer.WriteString("skill_id", sdk.SkillId);
        writer.WritePropertyName("params");
        step.Params.WriteTo(writer);
        writer.WriteString("status", step.Status);
        writer.WriteString("outcome", sdk.Outcome);
        writer.WriteString("outcome_category", step.Category);
        writer.WriteString("outcome_code", step.Code);
        writer.WritePropertyName("outcome_data");
        (step.Data ?? Json.Null).WriteTo(writer);
        writer.WriteNumber("cost_cents", step.CostCents);
        writer.WriteNumber("duration_ms", sdk.DurationMs);
        writer.WriteNumber("retry_count", step.Retries);
        if (sdk.Timestamp is { } at) writer.WriteString("timestamp", at);
        else writer.WriteString("timestamp", head.StartedAt);
        writer.WriteString("idempotency_key", sdk.IdempotencyKey);
        writer.WriteString("replay_behavior", sdk.ReplayBehavior);
        writer.WriteString("input_hash", sdk.InputHash);
        writer.WriteString("output_hash", sdk.OutputHash);
        writer.WriteString("rng_state_before", sdk.RngStateBefore);
        writer.WriteEndObject();
    }

    /// <summary>Of any size, so as it was written.</summary>
    private static void WriteSeed(Utf8JsonWriter writer, StoredHead head)
    {
        writer.WritePropertyName("seed");
        writer.WriteRawValue(head.Seed);
    }
}
