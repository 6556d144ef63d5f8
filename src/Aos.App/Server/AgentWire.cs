using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Agents, their runs and memories as clients read them.</summary>
internal static class AgentWire
{
    /// <summary>Members of an agent; with its spending where that was asked for.</summary>
    internal static void WriteAgent(Utf8JsonWriter writer, Agent agent, AgentSpending? spending)
    {
        var settings = agent.Settings;
        writer.WriteString("agent_id", agent.Id);
        writer.WriteString("id", agent.Id);
        writer.WriteString("name", agent.Name);
        writer.WriteString("status", agent.Status.ToString().ToLowerInvariant());
        writer.WriteString("created_at", agent.CreatedAt);
        writer.WriteString("updated_at", agent.UpdatedAt);
        if (agent.Description is { } description) writer.WriteString("description", description);
        WriteNumber(writer, "budget_cents", settings.BudgetCents);
        if (spending is not null)
        {
            writer.WriteNumber("spent_cents", spending.Committed.Value);
            writer.WriteNumber("today_spent_cents", spending.Today.Value);
            if (settings.BudgetCents is { } budget) writer.WriteNumber("remaining_cents", Math.Max(0, budget - spending.Committed.Value));
        }

        writer.WriteStartObject("capabilities");
        if (settings.AllowedSkills is { } allowed) WriteList(writer, "allowed_skills", allowed);
        else writer.WriteNull("allowed_skills");
        WriteList(writer, "blocked_skills", settings.BlockedSkills);
        if (settings.AllowedDomains is { } domains) WriteList(writer, "allowed_domains", domains);
        else writer.WriteNull("allowed_domains");
        WriteList(writer, "blocked_domains", settings.BlockedDomains ?? []);
        writer.WriteEndObject();
        writer.WriteStartObject("rate_limits");
        WriteNumber(writer, "requests_per_minute", settings.GoalsPerMinute);
        WriteNumber(writer, "concurrent_runs", settings.ConcurrentRuns);
        writer.WriteEndObject();
        writer.WriteStartObject("planner");
        writer.WriteString("planner_type", settings.Planner);
        writer.WriteString("model", settings.Model);
        WriteNumber(writer, "max_tokens", settings.PlannerTokens);
        WriteNumber(writer, "max_steps", settings.StepsMax);
        writer.WriteEndObject();
    }

    internal static void WriteRun(Utf8JsonWriter writer, RunRecord record)
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", record.Row.Id.ToString());
        writer.WriteString("id", record.Row.Id.ToString());
        WriteRecord(writer, record, record.State.Status);
        writer.WriteEndObject();
    }

    internal static void WriteProvenance(Utf8JsonWriter writer, RunRecord record)
    {
        writer.WriteStartObject();
        writer.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"{record.Row.Id}.{record.Attempt}"));
        writer.WriteString("run_id", record.Row.Id.ToString());
        WriteRecord(writer, record, record.State.End!.Status);
        writer.WriteString("root_hash", record.State.End.RootHash);
        writer.WriteEndObject();
    }

    /// <summary>Reads the id of <see cref="WriteProvenance"/>: a run and its attempt.</summary>
    internal static (RunId Run, int Attempt)? ReadProvenanceId(string? text)
    {
        var dot = text?.LastIndexOf('.') ?? -1;
        return dot > 0 && RunId.TryParse(text![..dot], out var run)
            && int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? (run, attempt) : null;
    }

    internal static void WriteRecollection(Utf8JsonWriter writer, Recollection one)
    {
        writer.WriteStartObject();
        writer.WriteString("id", one.Id);
        writer.WriteString("text", one.Text);
        writer.WriteString("meta", Json.Write(meta =>
        {
            meta.WriteStartObject();
            meta.WriteString("skill", one.Skill);
            meta.WriteString("step_id", one.StepId);
            meta.WriteString("run_id", one.Run.ToString());
            meta.WriteEndObject();
        }).GetRawText());
        writer.WriteString("created_at", one.At);
        writer.WriteEndObject();
    }

    private static void WriteRecord(Utf8JsonWriter writer, RunRecord record, RunStatus status)
    {
        var state = record.State;
        writer.WriteString("agent_id", record.Row.AgentId);
        writer.WriteString("goal", record.Row.Goal ?? state.Plan.Goal ?? state.Plan.Name);
        writer.WriteString("status", status.Wire());
        writer.WriteNumber("attempts", record.Attempt);
        writer.WriteString("error_message", state.End?.Failure is { } failure ? $"{failure.Code}: {failure.Message}" : null);
        if (state.End?.Failure is { } error)
        {
            writer.WritePropertyName("error");
            RunWire.WriteFailure(writer, error);
        }

        writer.WritePropertyName("plan");
        Redactor.Redact(state.Plan.Source).WriteTo(writer);
        writer.WriteStartArray("tool_calls");
        for (var step = 0; step < state.Steps.Length; step++) ToolCalls.Write(writer, state, step);
        writer.WriteEndArray();
        writer.WriteNumber("cost_cents", state.Spent.ToWholeCents());
        writer.WriteNumber("cost_cents_exact", state.Spent.Value);
        writer.WriteString("created_at", record.Row.CreatedAt);
        writer.WriteString("started_at", state.StartedAt);
        if (state.EndedAt is { } ended)
        {
            writer.WriteString("completed_at", ended);
            writer.WriteNumber("duration_ms", (ended - state.StartedAt).TotalMilliseconds);
        }
        else
        {
            writer.WriteNull("completed_at");
            writer.WriteNull("duration_ms");
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, decimal? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}

/// <summary>The calls of a run, one object each.</summary>
internal static class ToolCalls
{
    /// <summary>Calls of one step that are shown.</summary>
    private const int ItemsMax = 100;

    internal static void Write(Utf8JsonWriter writer, RunState state, int step)
    {
        var (plan, s) = (state.Plan.Steps[step], state.Steps[step]);
        if (plan.Kind == StepKind.Sleep && s.Status.IsOver()) WriteSleep(writer, plan, s);
        if (plan.Skill is null && plan.Kind != StepKind.Agent) return;
        for (var call = 0; call < s.Calls.Length && call < ItemsMax; call++)
        {
            if (s.Calls[call] is { } one && (one.Outcome is not null || one.Started is not null)) WriteCall(writer, state, step, s.Items is null && plan.Skill is not null ? -1 : call, one);
        }
    }

    private static void WriteSleep(Utf8JsonWriter writer, PlanStep plan, StepState s)
    {
        writer.WriteStartObject();
        writer.WriteString("step_id", plan.Id);
        writer.WriteString("skill", "wait");
        writer.WriteString("status", s.Status.Wire());
        writer.WriteNumber("duration", ((s.EndedAt - s.StartedAt) ?? TimeSpan.Zero).TotalSeconds);
        writer.WriteString("ts", s.EndedAt ?? s.StartedAt ?? default);
        writer.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter writer, RunState state, int step, int item, CallState call)
    {
        var plan = state.Plan.Steps[step];
        writer.WriteStartObject();
        writer.WriteString("step_id", plan.Id);
        if (item >= 0) writer.WriteNumber(plan.Kind == StepKind.Agent ? "call" : "item", item);
        var skill = RunMachine.Skill(state, step, item) ?? "";
        writer.WriteString("skill", skill);
        if (state.Start!.Terms.TryGetValue(skill, out var terms)) writer.WriteString("skill_version", terms.Version);
        writer.WritePropertyName("request");
        // What a model was told at each turn is told by the calls before it.
        Redactor.Redact((call.Started?.Turn is null ? RunMachine.Params(state, step, item) : null) ?? Json.Null).WriteTo(writer);
        writer.WritePropertyName("response");
        WriteResponse(writer, call.Outcome);
        writer.WriteStartArray("side_effects");
        foreach (var effect in call.Outcome?.SideEffects ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("type", effect.Type);
            writer.WriteString("target", effect.Target);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("status", call.Status switch
        {
            CallStatus.Succeeded => "succeeded",
            CallStatus.Failed => "failed",
            CallStatus.Unknown => "unknown",
            CallStatus.Delayed => "retrying",
            _ => "running",
        });
        writer.WriteNumber("attempts", Math.Max(call.Attempts, 1));
        writer.WriteNumber("duration", (call.Outcome?.Latency ?? TimeSpan.Zero).TotalSeconds);
        writer.WriteString("ts", state.Steps[step].EndedAt ?? call.Started?.At ?? state.LastAt);
        writer.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter writer, StructuredOutcome? outcome)
    {
        if (outcome is null)
        {
            writer.WriteNullValue();
            return;
        }

        if (outcome.Failure is not { } failure)
        {
            Redactor.Redact(outcome.Result).WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("status", "error");
        writer.WritePropertyName("error");
        RunWire.WriteFailure(writer, failure);
        writer.WriteEndObject();
    }
}
