using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A run as clients read it. Members that have no value are left out; <c>outcome</c> is an object once the run is over.</summary>
internal static class RunWire
{
    /// <summary>
    /// Bytes of an answer after which the results of further steps are left out (<c>result_omitted</c>): they are read one by one
    /// at <c>/steps/{step}</c>.
    /// </summary>
    internal const int InlineBytesMax = 8 * 1024 * 1024;

    internal static JsonElement Of(RunState state) => Json.Write(writer => Write(writer, state));

    internal static void Write(Utf8JsonWriter writer, RunState state, IReadOnlyList<PlanProblem>? warnings = null)
    {
        var start = state.Start!;
        writer.WriteStartObject();
        writer.WriteString("run_id", start.Run.Value);
        writer.WriteString("id", start.Run.Value);
        writer.WriteString("status", state.Status.Wire());
        writer.WriteString("agent_id", start.AgentId);
        writer.WriteString("plan_name", start.Plan.Name);
        if (start.Plan.Goal is { } goal) writer.WriteString("goal", goal);
        WriteWorkflow(writer, start);
        writer.WriteNumber("attempt", state.Attempt);
        WriteCents(writer, "cost", state.Spent);
        if (state.Budget is { } budget) writer.WriteNumber("budget_cents", budget.Value);
        if (start.Labels.Count > 0) WriteLabels(writer, start.Labels);
        if (start.Parent is { } parent) writer.WriteString("parent_run_id", parent.Run.Value);
        if (start.Fork is { } fork) WriteFork(writer, state, fork);
        writer.WriteNumber("priority", start.Priority);
        if (start.Calls is { } calls)
        {
            writer.WritePropertyName("external_calls");
            calls.Write(writer);
        }

        writer.WriteString("created_at", start.At.UtcDateTime);
        if (start.Queued) writer.WriteString("queued_at", start.At.UtcDateTime);
        if (state.BegunAt is { } begun) writer.WriteString("started_at", begun.UtcDateTime);
        if (state.EndedAt is { } ended)
        {
            writer.WriteString("completed_at", ended.UtcDateTime);
            writer.WriteNumber("duration_ms", (ended - start.At).TotalMilliseconds);
        }

        writer.WriteNumber("current_step", state.Steps.Count(step => step.Status.IsOver()));
        writer.WriteNumber("total_steps", state.Steps.Length);
        WriteSteps(writer, state);
        if (state.Pause is { } pause) WritePause(writer, pause);
        if (state.End is { } end) WriteOutcome(writer, state, end);
        if (warnings is { Count: > 0 }) PlanProblem.WriteList(writer, "warnings", warnings);
        writer.WriteEndObject();
    }

    /// <summary>Why the run stands still; with a code where a shared budget holds it, and it goes on by itself once there is room.</summary>
    private static void WritePause(Utf8JsonWriter writer, RunPaused pause)
    {
        writer.WriteStartObject("paused");
        writer.WriteString("since", pause.At.UtcDateTime);
        writer.WriteString("reason", pause.Reason);
        if (pause.Why is { } why)
        {
            writer.WriteString("code", why.Code);
            if (why.Details is { } details)
            {
                writer.WritePropertyName("details");
                details.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>What the run has pinned: its workflow, the workflows its plan refers to, and the versions of skills they use.</summary>
    private static void WriteWorkflow(Utf8JsonWriter writer, RunStarted start)
    {
        if (start.Workflow is { } pin)
        {
            writer.WriteString("workflow_id", pin.Id);
            writer.WritePropertyName("workflow");
            WorkflowWire.Write(writer, pin);
        }

        if (start.Plan.Workflows.Count > 0)
        {
            writer.WriteStartObject("references");
            foreach (var (reference, linked) in start.Plan.Workflows)
            {
                writer.WritePropertyName(reference);
                WorkflowWire.Write(writer, linked.Pin);
            }

            writer.WriteEndObject();
        }

        if (start.Workflow is null && start.Plan.Workflows.Count == 0 && start.Plan.Asks.IsEmpty) return;
        writer.WriteStartObject("skills");
        foreach (var (name, terms) in start.Terms) writer.WriteString(name, terms.Version);
        writer.WriteEndObject();
    }

    /// <summary>One line of a list of runs.</summary>
    internal static void WriteRow(Utf8JsonWriter writer, RunRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", row.Id.Value);
        writer.WriteString("id", row.Id.Value);
        writer.WriteString("status", row.Status.Wire());
        writer.WriteString("agent_id", row.AgentId);
        if (row.Goal is { } goal) writer.WriteString("goal", goal);
        if (row.Workflow is { } workflow) writer.WriteString("workflow_id", workflow);
        if (row.Labels.Count > 0) WriteLabels(writer, row.Labels);
        if (row.Parent is { } parent) writer.WriteString("parent_run_id", parent.Value);
        writer.WriteNumber("attempt", row.Attempt);
        WriteCents(writer, "cost", row.Spent);
        if (row.Budget is { } budget) writer.WriteNumber("budget_cents", budget.Value);
        writer.WriteNumber("priority", row.Priority);
        writer.WriteString("created_at", row.CreatedAt.UtcDateTime);
        writer.WriteString("updated_at", row.UpdatedAt.UtcDateTime);
        if (row.EndedAt is { } ended) writer.WriteString("completed_at", ended.UtcDateTime);
        if (row.FailureCode is { } code) writer.WriteString("code", code);
        writer.WriteEndObject();
    }

    internal static void WriteSteps(Utf8JsonWriter writer, RunState state)
    {
        writer.WriteStartArray("steps");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            writer.WriteStartObject();
            WriteStep(writer, state, i);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Members of one step.</summary>
    internal static void WriteStep(Utf8JsonWriter writer, RunState state, int index, bool isWhole = false)
    {
        var plan = state.Plan.Steps[index];
        var step = state.Steps[index];
        writer.WriteString("id", plan.Id);
        writer.WriteString("status", step.Status.Wire());
        if (plan.Skill is { } skill) writer.WriteString("skill", skill);
        if (step.Calls.Sum.Unknown > 0) writer.WriteString("code", "OUTCOME_UNKNOWN");
        if (step.Result is { } result)
        {
            if (!isWhole && writer.BytesCommitted + writer.BytesPending > InlineBytesMax) writer.WriteBoolean("result_omitted", true);
            else Write(writer, "result", Redactor.Redact(result));
        }

        if (step.Failure is { } failure) WriteFailure(writer, "error", failure);
        WriteBlocked(writer, step);
        ApprovalRoutes.WritePending(writer, state, index);
        if (step.Approval is { } decided) ApprovalRoutes.WriteDecided(writer, decided);
        WriteCents(writer, "cost", step.Cost);
        if (step.Taken is { } taken)
        {
            writer.WriteString("taken_from", taken.Origin.Value);
            WriteCents(writer, "origin_cost", taken.Cost);
        }

        if (step.StartedAt is { } started) writer.WriteString("started_at", started.UtcDateTime);
        if (step.EndedAt is { } ended) writer.WriteString("completed_at", ended.UtcDateTime);
    }

    /// <summary>Calls of the step that were kept in, each pair once.</summary>
    private static void WriteBlocked(Utf8JsonWriter writer, StepState step)
    {
        var blocked = step.Calls.Append(step.Compensation).SelectMany(call => call?.Outcome?.Blocked ?? []).Distinct().ToList();
        if (blocked.Count == 0) return;
        writer.WriteStartArray("blocked_calls");
        foreach (var call in blocked)
        {
            writer.WriteStartObject();
            writer.WriteString("call_type", call.Skill);
            writer.WriteString("target", call.Target);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    internal static void WriteFailure(Utf8JsonWriter writer, string name, Failure failure)
    {
        writer.WritePropertyName(name);
        WriteFailure(writer, failure);
    }

    internal static void WriteFailure(Utf8JsonWriter writer, Failure failure)
    {
        writer.WriteStartObject();
        writer.WriteString("code", failure.Code);
        writer.WriteString("category", failure.Category.ToString().ToUpperInvariant());
        writer.WriteString("message", failure.Message);
        writer.WriteBoolean("retryable", failure.Retryable);
        if (failure.RetryAfter is { } after) writer.WriteNumber("retry_after_ms", (long)after.TotalMilliseconds);
        writer.WriteString("recovery_suggestion", failure.Advice);
        if (failure.Details is { } details) Write(writer, "details", Redactor.Redact(details));
        if (FailureCatalog.Find(failure.Code) is { } entry)
        {
            writer.WriteBoolean("catalog_match", true);
            writer.WriteStartObject("catalog_entry");
            writer.WriteString("id", entry.Code);
            writer.WriteString("pattern", entry.Code);
            writer.WriteString("recovery", entry.Advice);
            writer.WriteNumber("confidence", 1.0);
            writer.WriteEndObject();
        }

        writer.WriteString("help", $"docs/errors/{failure.Code}.md");
        writer.WriteEndObject();
    }

    /// <summary><c>{name}_cents</c>, whole and rounded up, and <c>{name}_cents_exact</c>.</summary>
    internal static void WriteCents(Utf8JsonWriter writer, string name, Cents value)
    {
        writer.WriteNumber(name + "_cents", value.ToWholeCents());
        writer.WriteNumber(name + "_cents_exact", value.Value);
    }

    private static void WriteOutcome(Utf8JsonWriter writer, RunState state, RunEnded end)
    {
        writer.WriteString("root_hash", end.RootHash);
        writer.WriteStartObject("outcome");
        writer.WriteBoolean("success", end.Status == RunStatus.Succeeded);
        if (end.Result is { } result)
        {
            var shown = Redactor.Redact(result);
            Write(writer, "result", shown);
            if (writer.BytesCommitted + writer.BytesPending <= InlineBytesMax) Write(writer, "data", shown);
        }

        if (end.Failure is { } failure) WriteFailure(writer, "error", failure);
        WriteRetries(writer, state);
        writer.WriteEndObject();
    }

    /// <summary>Where a forked run comes from, and what it took over; that is shown and not charged again.</summary>
    private static void WriteFork(Utf8JsonWriter writer, RunState state, ForkOrigin fork)
    {
        writer.WriteStartObject("forked_from");
        writer.WriteString("run_id", fork.Run.Value);
        writer.WriteNumber("event", fork.Seq);
        writer.WriteString("step", fork.Step);
        writer.WriteString("reason", fork.Reason);
        if (fork.Suggestion is { } suggestion) writer.WriteString("suggestion_id", suggestion);
        writer.WriteNumber("steps_taken", state.Steps.Count(step => step.Taken is not null));
        WriteCents(writer, "origin_cost", fork.Cost);
        writer.WriteEndObject();
    }

    /// <summary>What was tried more than once: the step, how often, and what came of it.</summary>
    private static void WriteRetries(Utf8JsonWriter writer, RunState state)
    {
        writer.WriteStartArray("retries");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            foreach (var call in state.Steps[i].Calls)
            {
                if (call.Attempts < 2) continue;
                writer.WriteStartObject();
                writer.WriteString("step_id", state.Plan.Steps[i].Id);
                writer.WriteNumber("attempts", call.Attempts);
                writer.WriteString("status", call.Status == CallStatus.Succeeded ? "succeeded" : "failed");
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteLabels(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, string>> labels)
    {
        writer.WriteStartObject("labels");
        foreach (var (name, value) in labels) writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
