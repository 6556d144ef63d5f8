using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A run as clients read it. Members that have no value are left out.</summary>
internal static class RunWire
{
    internal static JsonElement Of(RunState state) => Json.Write(writer =>
    {
        var start = state.Start!;
        writer.WriteStartObject();
        writer.WriteString("run_id", start.Run.ToString());
        writer.WriteString("id", start.Run.ToString());
        writer.WriteString("status", state.Status.Wire());
        writer.WriteString("agent_id", start.AgentId);
        writer.WriteString("plan_name", start.Plan.Name);
        writer.WriteNumber("attempt", state.Attempt);
        writer.WriteNumber("cost_cents", state.Spent.ToWholeCents());
        writer.WriteNumber("cost_cents_exact", state.Spent.Value);
        if (start.Budget is { } budget) writer.WriteNumber("budget_cents", budget.Value);
        writer.WriteString("created_at", start.At);
        if (state.EndedAt is { } ended) writer.WriteString("completed_at", ended);
        WriteSteps(writer, state);
        if (state.End is { } end) WriteOutcome(writer, end);
        writer.WriteEndObject();
    });

    internal static void WriteFailure(Utf8JsonWriter writer, Failure failure)
    {
        writer.WriteStartObject();
        writer.WriteString("code", failure.Code);
        writer.WriteString("category", failure.Category.ToString().ToUpperInvariant());
        writer.WriteString("message", failure.Message);
        writer.WriteBoolean("retryable", failure.Retryable);
        if (failure.RetryAfter is { } after) writer.WriteNumber("retry_after_ms", (long)after.TotalMilliseconds);
        writer.WriteString("recovery_suggestion", failure.Advice);
        if (failure.Details is { } details)
        {
            writer.WritePropertyName("details");
            details.WriteTo(writer);
        }

        writer.WriteString("help", $"docs/errors/{failure.Code}.md");
        writer.WriteEndObject();
    }

    private static void WriteSteps(Utf8JsonWriter writer, RunState state)
    {
        writer.WriteStartArray("steps");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var step = state.Steps[i];
            writer.WriteStartObject();
            writer.WriteString("id", state.Plan.Steps[i].Id);
            if (state.Plan.Steps[i].Skill is { } skill) writer.WriteString("skill", skill);
            writer.WriteString("status", step.Status.Wire());
            if (step.Calls.Any(call => call.Status == CallStatus.Unknown)) writer.WriteString("code", "OUTCOME_UNKNOWN");
            if (step.Result is { } result)
            {
                writer.WritePropertyName("result");
                Redactor.Redact(result).WriteTo(writer);
            }

            if (step.Failure is { } failure)
            {
                writer.WritePropertyName("error");
                WriteFailure(writer, failure);
            }

            writer.WriteNumber("cost_cents", step.Cost.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOutcome(Utf8JsonWriter writer, RunEnded end)
    {
        writer.WriteString("root_hash", end.RootHash);
        writer.WriteStartObject("outcome");
        writer.WriteBoolean("success", end.Status == RunStatus.Succeeded);
        if (end.Result is { } result)
        {
            writer.WritePropertyName("result");
            Redactor.Redact(result).WriteTo(writer);
        }

        if (end.Failure is { } failure)
        {
            writer.WritePropertyName("error");
            WriteFailure(writer, failure);
        }

        writer.WriteEndObject();
    }
}
