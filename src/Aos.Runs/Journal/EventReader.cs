using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Reads the data of events, form by form. Throws <see cref="JsonException"/> and its like for what does not fit.</summary>
internal static class EventReader
{
    internal static RunEvent? Read(RunId run, JournalEntry entry, JsonElement data) => entry.Kind switch
    {
        "run.started.v1" => Started(run, entry, data),
        "step.started.v1" => new StepStarted
        {
            At = entry.At, Effect = Effect(data), Params = data.GetProperty("params"), IdempotencyKey = Text(data, "key"),
            Class = Enum.Parse<EffectClass>(Text(data, "class")), Reserved = Cents(data, "reserved"), Deadline = Time(data, "deadline")!.Value,
            Skill = data.GetText("skill"), Turn = data.Get("turn")?.GetInt32(),
        },
        "step.taken.v1" => ForkForm.Read(entry, data),
        "items.listed.v1" => new ItemsListed { At = entry.At, Step = data.GetProperty("step").GetInt32(), Items = data.GetProperty("items") },
        "call.succeeded.v1" => new CallSucceeded
        {
            At = entry.At, Effect = Effect(data), Outcome = Outcome(data.GetProperty("outcome")), InputHash = Text(data, "input_hash"),
        },
        "call.failed.v1" => new CallFailed
        {
            At = entry.At, Effect = Effect(data), Outcome = Outcome(data.GetProperty("outcome")), InputHash = Text(data, "input_hash"),
            RetryAt = Time(data, "retry_at"),
        },
        "call.unknown.v1" => new CallUnknown { At = entry.At, Effect = Effect(data), Why = Text(data, "why") },
        "call.resolved.v1" => new CallResolved
        {
            At = entry.At, Effect = Effect(data), Verdict = Enum.Parse<ResolveVerdict>(Text(data, "verdict")), Result = data.GetProperty("result"),
        },
        "wait.started.v1" => Wait(entry, data),
        "step.ended.v1" => new StepEnded
        {
            At = entry.At, Step = data.GetProperty("step").GetInt32(), Status = Enum.Parse<StepStatus>(Text(data, "status")),
            Result = data.Get("result"), Failure = Failure(data.Get("failure")), Fallback = data.Get("fallback")?.GetInt32(),
        },
        "approval.decided.v1" => new ApprovalDecided
        {
            At = entry.At, Step = data.GetProperty("step").GetInt32(), Item = data.Get("item")?.GetInt32() ?? -1, Id = Text(data, "id"),
            Approved = data.GetProperty("approved").GetBoolean(), By = Text(data, "by"), Note = data.GetText("note"), Level = data.GetProperty("level").GetInt32(),
            IsTimeout = data.Get("timeout")?.GetBoolean() ?? false,
        },
        "signal.received.v1" => new SignalReceived
        {
            At = entry.At, Id = Text(data, "id"), Name = Text(data, "name"), Payload = data.GetProperty("payload"),
        },
        "memory.read.v1" => MemoryForm.Read(entry, data),
        "run.begun.v1" => new RunBegan { At = entry.At },
        "run.paused.v1" => new RunPaused { At = entry.At, Reason = Text(data, "reason"), Why = Failure(data.Get("why")) },
        "run.resumed.v1" => new RunResumed { At = entry.At, Reason = Text(data, "reason") },
        "run.quarantined.v1" => new RunQuarantined { At = entry.At, Reason = Text(data, "reason") },
        "run.retried.v1" => new RunRetried
        {
            At = entry.At, Attempt = data.GetProperty("attempt").GetInt32(), Reason = Text(data, "reason"), Queued = data.Get("queued")?.GetBoolean() ?? false,
            Suggestion = data.Get("suggestion")?.GetGuid(), Budget = data.Get("budget_micros") is { } raised ? Kernel.Cents.FromMicros(raised.GetInt64()) : null,
        },
        "compensation.started.v1" => new CompensationStarted
        {
            At = entry.At, Cause = Failure(data.GetProperty("cause"))!, Steps = [.. data.GetProperty("steps").EnumerateArray().Select(step => step.GetInt32())],
        },
        "run.ended.v1" => new RunEnded
        {
            At = entry.At, Status = Enum.Parse<RunStatus>(Text(data, "status")), Result = data.Get("result"), Failure = Failure(data.Get("failure")),
            RootHash = Text(data, "root_hash"),
        },
        _ => null,
    };

    internal static StructuredOutcome Outcome(JsonElement data) => new(
        data.Get("result") ?? Json.Null,
        Failure(data.Get("failure")),
        Cents(data, "cost"),
        TimeSpan.FromTicks(data.GetProperty("latency_ticks").GetInt64()),
        data.Get("retries")?.GetInt32() ?? 0,
        data.Get("side_effects") is { } effects
            ? [.. effects.EnumerateArray().Select(effect => new SideEffect(Text(effect, "type"), Text(effect, "target"), effect.GetProperty("reversible").GetBoolean()))]
            : []) { Blocked = CallsForm.Blocked(data) };

    private static RunStarted Started(RunId run, JournalEntry entry, JsonElement data)
    {
        var terms = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal, data.GetProperty("terms").EnumerateObject().Select(member => KeyValuePair.Create(member.Name, TermsForm.Read(member.Value))));
        var reading = PlanReader.ReadAccepted(data.GetProperty("plan"), terms, WorkflowForm.Links(data));
        if (reading.Plan is null)
            throw new JournalCorruptException(run, entry.Seq, $"The plan of run {run} cannot be read: {reading.Problems[0].Message}");
        return new RunStarted
        {
            At = entry.At,
            Run = Run(data.GetProperty("run")),
            Tenant = new TenantId(Text(data, "tenant")),
            AgentId = Text(data, "agent_id"),
            Plan = reading.Plan,
            Inputs = data.GetProperty("inputs"),
            Seed = ulong.Parse(Text(data, "seed"), CultureInfo.InvariantCulture),
            Budget = data.Get("budget") is { } budget ? new Cents(budget.GetDecimal()) : null,
            Terms = terms,
            Labels = ImmutableSortedDictionary.CreateRange(
                StringComparer.Ordinal, data.GetProperty("labels").EnumerateObject().Select(label => KeyValuePair.Create(label.Name, label.Value.GetString()!))),
            Parent = data.Get("parent") is { } parent ? new ParentRun(Run(parent.GetProperty("run")), Effect(parent)) : null,
            Charged = data.Get("charged") is { } charged ? new Kernel.Cents(charged.GetDecimal()) : Kernel.Cents.Zero,
            Webhook = data.GetText("webhook"),
            Priority = data.Get("priority")?.GetInt32() ?? 0,
            Queued = data.Get("queued")?.GetBoolean() ?? false,
            Workflow = WorkflowForm.Pin(data.Get("workflow")),
            Fork = data.Get("fork") is { } fork ? ForkForm.ReadOrigin(fork) : null,
            Calls = CallsForm.Read(data),
            Rule = (KernelRule)data.GetProperty("rule").GetInt32(),
        };
    }

    private static WaitStarted Wait(JournalEntry entry, JsonElement data) => new()
    {
        At = entry.At,
        Step = data.GetProperty("step").GetInt32(),
        Item = data.Get("item")?.GetInt32() ?? -1,
        For = Enum.Parse<WaitKind>(Text(data, "for")),
        Until = Time(data, "until"),
        Signal = data.GetText("signal"),
        Child = data.Get("child") is { } child ? Run(child) : null,
        ChildInputs = data.Get("child_inputs"),
        Granted = data.Get("granted") is null ? null : Cents(data, "granted"),
        Message = data.GetText("message"),
    };

    internal static Failure? Failure(JsonElement? value) => value is not { } data ? null : new Failure(
        Text(data, "code"),
        Enum.Parse<FailureCategory>(Text(data, "category")),
        Text(data, "message"),
        data.GetProperty("retryable").GetBoolean(),
        Text(data, "advice"),
        data.Get("retry_after_ticks") is { } ticks ? TimeSpan.FromTicks(ticks.GetInt64()) : null,
        data.Get("details"));

    private static EffectId Effect(JsonElement data) =>
        EffectId.TryParse(Text(data, "effect"), out var id) ? id : throw new JsonException("effect is no effect id.");

    internal static RunId Run(JsonElement value) => RunId.TryParse(value.GetString(), out var id) ? id : throw new JsonException("Not a run id.");

    private static Cents Cents(JsonElement data, string name) => new(data.GetProperty(name).GetDecimal());

    private static string Text(JsonElement data, string name) => data.GetProperty(name).GetString() ?? throw new JsonException($"{name} is null.");

    internal static DateTimeOffset? Time(JsonElement data, string name) => data.Get(name) is { } value ? new DateTimeOffset(value.GetDateTime(), TimeSpan.Zero) : null;
}
