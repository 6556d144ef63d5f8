using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Writes the data of events. By hand: this is the hot path of every run, and the form on disk is frozen here in plain
/// sight, whatever happens to the names of records.
/// </summary>
internal static class EventWriter
{
    private static readonly ConditionalWeakTable<SkillTerms, byte[]> WrittenTerms = [];

    internal static void Write(Utf8JsonWriter w, RunEvent e)
    {
        w.WriteStartObject();
        switch (e)
        {
            case RunStarted started: Started(w, started); break;
            case StepTaken taken: ForkForm.Write(w, taken); break;
            case StepStarted step: Step(w, step); break;
            case ItemsListed listed:
                w.WriteNumber("step"u8, listed.Step);
                Value(w, "items"u8, listed.Items);
                break;
            case CallSucceeded done: Outcome(w, done.Effect, done.Outcome, done.InputHash); break;
            case CallFailed failed:
                Outcome(w, failed.Effect, failed.Outcome, failed.InputHash);
                Time(w, "retry_at"u8, failed.RetryAt);
                break;
            case CallUnknown unknown:
                Effect(w, unknown.Effect);
                w.WriteString("why"u8, unknown.Why);
                break;
            case CallResolved resolved:
                Effect(w, resolved.Effect);
                w.WriteString("verdict"u8, resolved.Verdict.ToString());
                Value(w, "result"u8, resolved.Result);
                break;
            case WaitStarted wait: Wait(w, wait); break;
            case StepEnded ended: Ended(w, ended); break;
            case ApprovalDecided decided: Decided(w, decided); break;
            case SignalReceived signal:
                w.WriteString("id"u8, signal.Id);
                w.WriteString("name"u8, signal.Name);
                Value(w, "payload"u8, signal.Payload);
                break;
            case MemoryRead read: MemoryForm.Write(w, read); break;
            case RunBegan: break;
            case RunPaused paused:
                w.WriteString("reason"u8, paused.Reason);
                if (paused.Why is { } why) Failure(w, "why"u8, why);
                break;
            case RunResumed resumed: w.WriteString("reason"u8, resumed.Reason); break;
            case RunQuarantined quarantined: w.WriteString("reason"u8, quarantined.Reason); break;
            case RunRetried retried:
                w.WriteNumber("attempt"u8, retried.Attempt);
                w.WriteString("reason"u8, retried.Reason);
                if (retried.Queued) w.WriteBoolean("queued"u8, true);
                if (retried.Suggestion is { } suggestion) w.WriteString("suggestion"u8, suggestion);
                if (retried.Budget is { } raised) w.WriteNumber("budget_micros"u8, raised.ToMicros());
                break;
            case CompensationStarted compensation: Compensation(w, compensation); break;
            case RunEnded ended: Ended(w, ended); break;
            default: throw new InvariantBrokenException($"No form for {e.GetType().Name}.");
        }

        w.WriteEndObject();
    }

    internal static void Outcome(Utf8JsonWriter w, StructuredOutcome outcome)
    {
        w.WriteStartObject();
        if (outcome.Failure is { } failure) Failure(w, "failure"u8, failure);
        else Value(w, "result"u8, outcome.Result);
        w.WriteNumber("cost"u8, outcome.Cost.Value);
        w.WriteNumber("latency_ticks"u8, outcome.Latency.Ticks);
        if (outcome.Retries != 0) w.WriteNumber("retries"u8, outcome.Retries);
        if (!outcome.SideEffects.IsDefaultOrEmpty)
        {
            w.WriteStartArray("side_effects"u8);
            foreach (var effect in outcome.SideEffects)
            {
                w.WriteStartObject();
                w.WriteString("type"u8, effect.Type);
                w.WriteString("target"u8, effect.Target);
                w.WriteBoolean("reversible"u8, effect.Reversible);
                w.WriteEndObject();
            }

            w.WriteEndArray();
        }

        if (!outcome.Blocked.IsDefaultOrEmpty) CallsForm.Write(w, outcome.Blocked);
        w.WriteEndObject();
    }

    private static void Started(Utf8JsonWriter w, RunStarted e)
    {
        w.WriteString("run"u8, e.Run.Value);
        w.WriteString("tenant"u8, e.Tenant.Value);
        w.WriteString("agent_id"u8, e.AgentId);
        Value(w, "plan"u8, e.Plan.Source);
        Value(w, "inputs"u8, e.Inputs);
        w.WriteString("seed"u8, e.Seed.ToString(CultureInfo.InvariantCulture));
        if (e.Budget is { } budget) w.WriteNumber("budget"u8, budget.Value);
        w.WriteStartObject("terms"u8);
        foreach (var (name, terms) in e.Terms)
        {
            w.WritePropertyName(name);
            w.WriteRawValue(WrittenTerms.GetValue(terms, static t => TermsForm.Write(t)), skipInputValidation: true);
        }

        w.WriteEndObject();
        w.WriteStartObject("labels"u8);
        foreach (var (name, value) in e.Labels) w.WriteString(name, value);
        w.WriteEndObject();
        if (e.Parent is { } parent)
        {
            w.WriteStartObject("parent"u8);
            w.WriteString("run"u8, parent.Run.Value);
            Effect(w, parent.Effect);
            w.WriteEndObject();
        }

        if (e.Charged.Value != 0) w.WriteNumber("charged"u8, e.Charged.Value);
        if (e.Webhook is { } webhook) w.WriteString("webhook"u8, webhook);
        if (e.Priority != 0) w.WriteNumber("priority"u8, e.Priority);
        if (e.Queued) w.WriteBoolean("queued"u8, true);
        if (e.Workflow is { } pin) WorkflowForm.Write(w, "workflow"u8, pin);
        if (e.Plan.Workflows.Count > 0) WorkflowForm.Write(w, e.Plan.Workflows);
        if (e.Fork is { } fork) ForkForm.WriteOrigin(w, fork);
        if (e.Calls is { } calls) CallsForm.Write(w, calls);
        w.WriteNumber("rule"u8, (int)e.Rule);
    }

    private static void Step(Utf8JsonWriter w, StepStarted e)
    {
        Effect(w, e.Effect);
        Value(w, "params"u8, e.Params);
        w.WriteString("key"u8, e.IdempotencyKey);
        w.WriteString("class"u8, e.Class.ToString());
        w.WriteNumber("reserved"u8, e.Reserved.Value);
        Time(w, "deadline"u8, e.Deadline);
        if (e.Skill is { } skill) w.WriteString("skill"u8, skill);
        if (e.Turn is { } turn) w.WriteNumber("turn"u8, turn);
    }

    private static void Decided(Utf8JsonWriter w, ApprovalDecided e)
    {
        w.WriteNumber("step"u8, e.Step);
        if (e.Item >= 0) w.WriteNumber("item"u8, e.Item);
        w.WriteString("id"u8, e.Id);
        w.WriteBoolean("approved"u8, e.Approved);
        w.WriteString("by"u8, e.By);
        if (e.Note is { } note) w.WriteString("note"u8, note);
        w.WriteNumber("level"u8, e.Level);
        if (e.IsTimeout) w.WriteBoolean("timeout"u8, true);
    }

    private static void Outcome(Utf8JsonWriter w, EffectId effect, StructuredOutcome outcome, string inputHash)
    {
        Effect(w, effect);
        w.WritePropertyName("outcome"u8);
        Outcome(w, outcome);
        w.WriteString("input_hash"u8, inputHash);
    }

    private static void Wait(Utf8JsonWriter w, WaitStarted e)
    {
        w.WriteNumber("step"u8, e.Step);
        if (e.Item >= 0) w.WriteNumber("item"u8, e.Item);
        w.WriteString("for"u8, e.For.ToString());
        Time(w, "until"u8, e.Until);
        if (e.Signal is { } signal) w.WriteString("signal"u8, signal);
        if (e.Child is { } child) w.WriteString("child"u8, child.Value);
        if (e.ChildInputs is { } inputs) Value(w, "child_inputs"u8, inputs);
        if (e.Granted is { } granted) w.WriteNumber("granted"u8, granted.Value);
        if (e.Message is { } message) w.WriteString("message"u8, message);
    }

    private static void Ended(Utf8JsonWriter w, StepEnded e)
    {
        w.WriteNumber("step"u8, e.Step);
        w.WriteString("status"u8, e.Status.ToString());
        if (e.Result is { } result) Value(w, "result"u8, result);
        if (e.Failure is { } failure) Failure(w, "failure"u8, failure);
        if (e.Fallback is { } fallback) w.WriteNumber("fallback"u8, fallback);
    }

    private static void Compensation(Utf8JsonWriter w, CompensationStarted e)
    {
        Failure(w, "cause"u8, e.Cause);
        w.WriteStartArray("steps"u8);
        foreach (var step in e.Steps) w.WriteNumberValue(step);
        w.WriteEndArray();
    }

    private static void Ended(Utf8JsonWriter w, RunEnded e)
    {
        w.WriteString("status"u8, e.Status.ToString());
        if (e.Result is { } result) Value(w, "result"u8, result);
        if (e.Failure is { } failure) Failure(w, "failure"u8, failure);
        w.WriteString("root_hash"u8, e.RootHash);
    }

    internal static void Failure(Utf8JsonWriter w, ReadOnlySpan<byte> name, Failure failure)
    {
        w.WriteStartObject(name);
        w.WriteString("code"u8, failure.Code);
        w.WriteString("category"u8, failure.Category.ToString());
        w.WriteString("message"u8, failure.Message);
        w.WriteBoolean("retryable"u8, failure.Retryable);
        w.WriteString("advice"u8, failure.Advice);
        if (failure.RetryAfter is { } after) w.WriteNumber("retry_after_ticks"u8, after.Ticks);
        if (failure.Details is { } details) Value(w, "details"u8, details);
        w.WriteEndObject();
    }

    private static void Effect(Utf8JsonWriter w, EffectId effect) => w.WriteString("effect"u8, effect.ToString());

    internal static void Time(Utf8JsonWriter w, ReadOnlySpan<byte> name, DateTimeOffset? at)
    {
        if (at is { } time) w.WriteString(name, time.UtcDateTime);
    }

    private static void Value(Utf8JsonWriter w, ReadOnlySpan<byte> name, JsonElement value)
    {
        w.WritePropertyName(name);
        value.WriteTo(w);
    }
}
