using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A fact: something that happened to a run at <see cref="At"/>.</summary>
public abstract record RunEvent
{
    private protected RunEvent() { }

    public required DateTimeOffset At { get; init; }
}

public sealed record RunStarted : RunEvent
{
    public required RunId Run { get; init; }
    public required TenantId Tenant { get; init; }
    public required string AgentId { get; init; }
    public required Plan Plan { get; init; }
    public required JsonElement Inputs { get; init; }
    public required ulong Seed { get; init; }
    public Cents? Budget { get; init; }
    public required ImmutableSortedDictionary<string, SkillTerms> Terms { get; init; }
    public required ImmutableSortedDictionary<string, string> Labels { get; init; }
    public ParentRun? Parent { get; init; }

    /// <summary>Spent before the first step, by planning.</summary>
    public Cents Charged { get; init; }
    public string? Webhook { get; init; }

    /// <summary>-100 to 100.</summary>
    public int Priority { get; init; }

    /// <summary>True: nothing happens before <see cref="RunBegan"/>.</summary>
    public bool Queued { get; init; }

    /// <summary>The stored workflow whose plan this is, or null.</summary>
    public WorkflowPin? Workflow { get; init; }

    /// <summary>The run this one was forked from; null: it begins by itself.</summary>
    public ForkOrigin? Fork { get; init; }

    /// <summary>Where calls of the run may go; null: wherever the house lets them.</summary>
    public ExternalCalls? Calls { get; init; }

    public required KernelRule Rule { get; init; }
}

/// <summary>Follows <see cref="RunStarted"/>: a finished step of the run this one was forked from, with all that came of it. It is not done again.</summary>
public sealed record StepTaken : RunEvent
{
    public required int Step { get; init; }

    /// <summary>The run that did it.</summary>
    public required RunId Origin { get; init; }

    /// <summary>Succeeded, failed or skipped.</summary>
    public required StepStatus Status { get; init; }

    /// <summary>Null where <see cref="Calls"/> say it, or there is none.</summary>
    public JsonElement? Result { get; init; }

    public Failure? Failure { get; init; }
    public JsonElement? Items { get; init; }
    public required ImmutableArray<TakenCall> Calls { get; init; }
    public int? Fallback { get; init; }

    /// <summary>What the step cost the origin. It is not charged again.</summary>
    public Cents Cost { get; init; }

    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>The newest call of a step or item that was taken over.</summary>
/// <param name="Params">As the origin's skill got them.</param>
/// <param name="Key">The origin's idempotency key; null: a pure call.</param>
public sealed record TakenCall(CallStatus Status, int Generation, int Attempts, int Rounds, JsonElement Params, string? Key, string? InputHash, StructuredOutcome? Outcome);

/// <summary>Where a forked run comes from.</summary>
/// <param name="Seq">The last event of the origin that was looked at.</param>
/// <param name="Step">The first step that is done anew; null: the fork was cut at an event.</param>
/// <param name="Cost">What the steps taken over cost the origin.</param>
public sealed record ForkOrigin(RunId Run, int Seq, string? Step, Cents Cost, string Reason)
{
    /// <summary>The suggestion that was applied to the origin so, or null.</summary>
    public Guid? Suggestion { get; init; }
}

/// <summary>A queued run's turn came. Its timeout counts from here.</summary>
public sealed record RunBegan : RunEvent;

/// <summary>Durable before a skill with side effects is called.</summary>
public sealed record StepStarted : RunEvent
{
    public required EffectId Effect { get; init; }

    /// <summary>The resolved parameters, exactly as the skill gets them at every try.</summary>
    public required JsonElement Params { get; init; }

    public required string IdempotencyKey { get; init; }
    public required EffectClass Class { get; init; }

    /// <summary>Upper bound of the cost, taken from the budget until the outcome.</summary>
    public required Cents Reserved { get; init; }

    /// <summary>When the call is given up.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Of an agent step's call; null: the step's own skill.</summary>
    public string? Skill { get; init; }

    /// <summary>
    /// Number of the model's turn in an agent step, from 1. Its <see cref="Params"/> are empty here: they follow from the outcomes before it,
    /// see <c>RunMachine.Params</c>.
    /// </summary>
    public int? Turn { get; init; }
}

/// <summary>A <c>for_each</c> list was evaluated.</summary>
public sealed record ItemsListed : RunEvent
{
    public required int Step { get; init; }
    public required JsonElement Items { get; init; }
}

/// <summary>
/// What a step reads of the tenant's memory, looked up once before it begins. Whoever goes on with the run or replays it reads it here.
/// </summary>
public sealed record MemoryRead : RunEvent
{
    /// <summary>-1: the run's output reads it.</summary>
    public required int Step { get; init; }

    /// <summary>In the order in which the plan names them, each once.</summary>
    public required ImmutableArray<MemoryEntry> Entries { get; init; }

    /// <summary>Why the memory was not read; null: it was.</summary>
    public Failure? Failure { get; init; }
}

/// <param name="Value">Null: there is no such entry.</param>
public sealed record MemoryEntry(string Key, JsonElement? Value);

/// <summary>One call succeeded. Ends the step unless it has items or repeats.</summary>
public sealed record CallSucceeded : RunEvent
{
    public required EffectId Effect { get; init; }
    public required StructuredOutcome Outcome { get; init; }

    /// <summary>Hash of the parameters (16 hex, trace 1.1 rule).</summary>
    public required string InputHash { get; init; }
}

/// <summary>One call failed. With <see cref="RetryAt"/> set it is tried again then, else the failure is definite.</summary>
public sealed record CallFailed : RunEvent
{
    public required EffectId Effect { get; init; }
    public required StructuredOutcome Outcome { get; init; }
    public required string InputHash { get; init; }
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>Nobody knows what became of the call; the worst case is paid and a person decides.</summary>
public sealed record CallUnknown : RunEvent
{
    public required EffectId Effect { get; init; }
    public required string Why { get; init; }
}

/// <summary>A person decided about an unknown call.</summary>
public sealed record CallResolved : RunEvent
{
    public required EffectId Effect { get; init; }
    public required ResolveVerdict Verdict { get; init; }
    public required JsonElement Result { get; init; }
}

/// <summary>The step waits: for time (<see cref="Until"/>), a signal, a child run, or a person.</summary>
public sealed record WaitStarted : RunEvent
{
    public required int Step { get; init; }
    public int Item { get; init; } = -1;
    public required WaitKind For { get; init; }

    /// <summary>Due time of a sleep or repeat delay, or the timeout of an await; null: no limit.</summary>
    public DateTimeOffset? Until { get; init; }

    public string? Signal { get; init; }
    public RunId? Child { get; init; }

    /// <summary>The child run's resolved inputs.</summary>
    public JsonElement? ChildInputs { get; init; }

    /// <summary>
    /// What of the run's budget the child may spend; it is reserved until the child is over. Null: the run has no budget, or is of a
    /// rule before <see cref="KernelRule.Shares"/>.
    /// </summary>
    public Cents? Granted { get; init; }

    /// <summary>For whoever decides about an approval.</summary>
    public string? Message { get; init; }
}

public enum WaitKind { Sleep, Signal, Child, Repeat, Approval }

/// <summary>Somebody decided about a step or tool call that waited for it, or nobody did in time.</summary>
public sealed record ApprovalDecided : RunEvent
{
    /// <summary><see cref="Id"/> and <see cref="By"/> of a decision that the clock made.</summary>
    public const string Timeout = "timeout";

    public required int Step { get; init; }

    /// <summary>Number of an agent step's call, else -1.</summary>
    public int Item { get; init; } = -1;

    public required string Id { get; init; }
    public required bool Approved { get; init; }
    public required string By { get; init; }
    public string? Note { get; init; }

    /// <summary>Of whoever decided, 1 to 5; 0: nobody did.</summary>
    public required int Level { get; init; }

    public bool IsTimeout { get; init; }
}

/// <summary>The step is over, without or after calls.</summary>
public sealed record StepEnded : RunEvent
{
    public required int Step { get; init; }
    public required StepStatus Status { get; init; }

    /// <summary>The step's result; absent when skipped or failed.</summary>
    public JsonElement? Result { get; init; }

    public Failure? Failure { get; init; }

    /// <summary>Step whose result counts as this one's, or null.</summary>
    public int? Fallback { get; init; }
}

public sealed record SignalReceived : RunEvent
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required JsonElement Payload { get; init; }
}

public sealed record RunPaused : RunEvent
{
    public required string Reason { get; init; }

    /// <summary>The shared budget that has no room for the run's next call; null: somebody paused the run.</summary>
    public Failure? Why { get; init; }
}

public sealed record RunResumed : RunEvent
{
    public required string Reason { get; init; }
}

public sealed record RunQuarantined : RunEvent
{
    public required string Reason { get; init; }
}

public sealed record RunRetried : RunEvent
{
    public required int Attempt { get; init; }
    public required string Reason { get; init; }

    /// <summary>True: nothing happens before <see cref="RunBegan"/>.</summary>
    public bool Queued { get; init; }

    /// <summary>The suggestion that was applied so, or null.</summary>
    public Guid? Suggestion { get; init; }

    /// <summary>What the run may spend in all from here on; null: as before. Only runs of <see cref="KernelRule.Raise"/> have it.</summary>
    public Cents? Budget { get; init; }
}

/// <summary>A failed run starts to undo what asked for it.</summary>
public sealed record CompensationStarted : RunEvent
{
    public required Failure Cause { get; init; }

    /// <summary>Step indices, newest first.</summary>
    public required ImmutableArray<int> Steps { get; init; }
}

public sealed record RunEnded : RunEvent
{
    public required RunStatus Status { get; init; }
    public JsonElement? Result { get; init; }
    public Failure? Failure { get; init; }

    /// <summary>See <c>RootHash</c>: equal for equal runs.</summary>
    public required string RootHash { get; init; }
}
