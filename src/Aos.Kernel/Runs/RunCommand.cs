using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A wish: what somebody wants of a run. The machine turns it into events or refuses it.</summary>
public abstract record RunCommand
{
    private protected RunCommand() { }
}

/// <summary>Everything a run is started with.</summary>
/// <param name="Terms">Terms of every skill the plan names.</param>
/// <param name="Inputs">An object, already checked against the plan's schema.</param>
/// <param name="Parent">Run and effect that wait for this child run, or null.</param>
public sealed record StartRun(
    RunId Run,
    TenantId Tenant,
    string AgentId,
    Plan Plan,
    JsonElement Inputs,
    ulong Seed,
    Cents? Budget,
    ImmutableSortedDictionary<string, SkillTerms> Terms,
    ImmutableSortedDictionary<string, string> Labels,
    ParentRun? Parent) : RunCommand
{
    /// <summary>Spent before the first step, by planning.</summary>
    public Cents Charged { get; init; }

    /// <summary>URL that is told when an attempt has ended, or null.</summary>
    public string? Webhook { get; init; }

    /// <summary>Of the runs of a tenant that wait for their turn those with the higher number begin first: -100 to 100.</summary>
    public int Priority { get; init; }

    /// <summary>True: the run waits for its turn; <see cref="BeginRun"/> says that it has come.</summary>
    public bool Queued { get; init; }

    /// <summary>The stored workflow whose plan this is, or null.</summary>
    public WorkflowPin? Workflow { get; init; }

    /// <summary>Where calls of the run may go, beside what its plan says; null: that alone.</summary>
    public ExternalCalls? Calls { get; init; }

    /// <summary>The run this one is forked from, or null.</summary>
    public ForkOrigin? Fork { get; init; }

    /// <summary>The rule a recorded run started with, when it is decided again; null: the lowest that knows all the run needs.</summary>
    public KernelRule? Rule { get; init; }

    /// <summary>The origin's steps that count as done, in plan order.</summary>
    public ImmutableArray<StepTaken> Taken { get; init; } = [];
}

/// <summary>The turn of a queued run has come. Changes nothing when it has begun, or stands still.</summary>
public sealed record BeginRun : RunCommand;

public sealed record ParentRun(RunId Run, EffectId Effect);

/// <summary>The outcome of an effect came in. The first one counts; later ones change nothing.</summary>
public sealed record RecordOutcome(EffectId Effect, StructuredOutcome Outcome) : RunCommand;

/// <summary>A pure step's parameters could not be prepared, or an effect was lost with its process.</summary>
public sealed record RecordUnknown(EffectId Effect, string Why) : RunCommand;

/// <summary>The memory was read as <see cref="ReadMemory"/> orders. Changes nothing when nobody waits for it any more.</summary>
/// <param name="Entries">Of the keys that were ordered; one that is missing here is missing in the memory.</param>
/// <param name="Failure">Why it could not be read, or null.</param>
public sealed record RecordMemory(EffectId Effect, ImmutableArray<MemoryEntry> Entries, Failure? Failure) : RunCommand;

/// <summary>Time has passed: whatever is due by <see cref="Facts.Now"/> happens.</summary>
public sealed record WakeRun : RunCommand;

public sealed record CancelRun(string Reason) : RunCommand;

/// <summary>A kill switch ends the run at once: nothing is undone, and what is under way is called off. <paramref name="Why"/> is what the run fails with.</summary>
public sealed record StopRun(Failure Why) : RunCommand;

public sealed record PauseRun(string Reason) : RunCommand
{
    /// <summary>The shared budget that has no room for the run's next call; null: somebody wants it.</summary>
    public Failure? Why { get; init; }
}

public sealed record ResumeRun(string Reason) : RunCommand
{
    /// <summary>True: only a run that stands still for want of a shared budget goes on; one that a person paused since does not.</summary>
    public bool OfBudget { get; init; }
}

/// <summary>A new attempt of a failed or cancelled run: succeeded steps keep their results, the others start again.</summary>
public sealed record RetryRun(string Reason) : RunCommand
{
    /// <summary>True: the new attempt waits for its turn, as <see cref="StartRun.Queued"/>.</summary>
    public bool Queued { get; init; }

    /// <summary>The attempt that is to be retried; another one, which somebody has begun since, is left alone. Null: whichever there is.</summary>
    public int? Of { get; init; }

    /// <summary>The suggestion that is applied so, or null. Nothing is decided by it.</summary>
    public Guid? Suggestion { get; init; }

    /// <summary>What the run may spend in all from here on, more than it has spent; null: as before.</summary>
    public Cents? Budget { get; init; }
}

/// <summary>Somebody signals. A signal nobody awaits yet is kept. The same id twice counts once.</summary>
public sealed record SignalRun(string Id, string Name, JsonElement Payload) : RunCommand;

public enum ResolveVerdict { Done, NotDone, Abort }

/// <summary>A person says what became of a step whose outcome is unknown.</summary>
/// <param name="Item">Item of a <c>for_each</c>, else -1.</param>
/// <param name="Result">The result to use when it was done.</param>
public sealed record ResolveStep(string StepId, int Item, ResolveVerdict Verdict, JsonElement Result) : RunCommand;

/// <summary>A person decides about a step or tool call that waits for approval. The same id twice counts once; a second decision is refused.</summary>
/// <param name="Id">Of the decision.</param>
/// <param name="Item">Number of an agent step's call; -1: what the step waits for.</param>
/// <param name="By">Who decides, as audit has it.</param>
/// <param name="Level">The approver's, 1 to 5.</param>
public sealed record DecideApproval(string Id, string StepId, int Item, bool Approved, string By, string? Note, int Level) : RunCommand;

/// <summary>The house found the run inconsistent; it stands still until somebody resumes it.</summary>
public sealed record QuarantineRun(string Reason) : RunCommand;
