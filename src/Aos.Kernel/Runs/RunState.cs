using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A run as folded from its events. Immutable; <c>RunMachine.Evolve</c> makes the next one, and the fold alone sets anything, on its own copy.</summary>
public sealed record RunState
{
    // First: the empty state below is made of it.
    private static readonly ImmutableSortedSet<string> NoIds = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Before the first event.</summary>
    public static RunState Empty { get; } = new();

    public RunStarted? Start { get; init; }
    public RunStatus Status { get; internal set; } = RunStatus.Queued;

    /// <summary>Number of the last event; events are numbered from 1.</summary>
    public int Seq { get; internal set; }

    public DateTimeOffset LastAt { get; internal set; }

    /// <summary>Of the present attempt; of a run that waits for its turn, when it came in.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When the run first did something; null while it waits for its turn.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>1 for the first, +1 at each retry of the run.</summary>
    public int Attempt { get; init; } = 1;

    public bool IsPaused { get; init; }

    /// <summary>Who or what paused the run; null while it is not paused.</summary>
    public RunPaused? Pause { get; init; }

    /// <summary>The budget that the last retry with one gave, or null.</summary>
    public Cents? Raised { get; init; }

    /// <summary>What the run may spend in all; null: no limit of its own.</summary>
    public Cents? Budget => Raised ?? Start?.Budget;

    public bool IsQuarantined { get; init; }
    public Row<StepState, StepSum> Steps { get; init; } = [];
    public Cents Spent { get; init; }
    public Cents Reserved { get; init; }
    public ImmutableArray<SignalReceived> Signals { get; init; } = [];

    /// <summary>Set while completed steps are being undone.</summary>
    public CompensationStarted? Compensating { get; init; }

    /// <summary>Ids of all signals received, also of those already used: a repeat counts once.</summary>
    public ImmutableSortedSet<string> SignalIds { get; init; } = NoIds;

    /// <summary>In a list plan: the first step that is not over and not a mere fallback.</summary>
    public int Cursor { get; internal set; }

    public RunEnded? End { get; init; }

    /// <summary>What the run's output reads of the memory, once it was read.</summary>
    public MemoryRead? OutputMemory { get; init; }

    /// <summary>True: nobody knows the outcome of a call, and a person is to say.</summary>
    public bool HasUnknown => Steps.Sum.Unknown > 0;

    public Plan Plan => Start!.Plan;
}

/// <summary>One step as folded.</summary>
public sealed record StepState
{
    public StepStatus Status { get; internal set; } = StepStatus.Pending;

    public JsonElement? Result
    {
        get => Results?.Json;
        internal set => Results = value is { } result ? new Elements(result) : null;
    }

    public Failure? Failure { get; internal set; }

    /// <summary>The calls of the step: one, one per item, or an agent step's turns and tool calls in order. Null until the step begins.</summary>
    public Row<CallState, CallSum> Calls { get; init; } = [];

    /// <summary>The evaluated <c>for_each</c> list.</summary>
    public JsonElement? Items
    {
        get => Listed?.Json;
        init => Listed = value is { } list ? new Elements(list) : null;
    }

    public WaitStarted? Wait { get; internal set; }
    public CallState? Compensation { get; init; }
    public int? Fallback { get; init; }

    /// <summary>True when this fallback-only step was asked for.</summary>
    public bool Wanted { get; init; }

    /// <summary>What the step reads of the memory, once it was read.</summary>
    public MemoryRead? Memory { get; init; }

    /// <summary>Set when the step was done by the run this one was forked from.</summary>
    public StepTaken? Taken { get; init; }

    public Cents Cost { get; internal set; }

    /// <summary>Of <see cref="Cost"/>: what an agent step had cost before the conversation it is in now.</summary>
    public Cents CostBefore { get; init; }

    /// <summary>Generation of an agent step's calls that have not been ordered yet: a conversation begun anew has keys of its own.</summary>
    public int Generation { get; init; }

    /// <summary>The decision an await got.</summary>
    public ApprovalDecided? Approval { get; init; }

    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; internal set; }

    /// <summary>The step in the plan; the fold alone sets it.</summary>
    internal PlanStep? Of { get; set; }

    /// <summary>In a graph: steps this one waits for that are open.</summary>
    internal int Blockers { get; init; }

    internal Elements? Listed { get; private init; }

    internal Elements? Results { get; private set; }

    /// <summary>Neither over nor a fallback that nobody asked for.</summary>
    internal bool IsOpen => !Status.IsOver() && (Wanted || Of is not { FallbackOnly: true });

    /// <summary>Pending, and everything it waits for is over.</summary>
    internal bool IsReady => Status == StepStatus.Pending && IsOpen && (Wanted || Blockers == 0);

    internal bool EndsRun => Status == StepStatus.Failed && Of is { FallbackOnly: false, OnError: not OnError.Continue };

    /// <summary>When the clock moves the step on; of its calls see <see cref="CallSum.RetryAt"/>.</summary>
    internal DateTimeOffset? WakeAt
    {
        get
        {
            var due = Approval is null ? Wait?.Until : null;
            // The outcome of a call under way is waited for; only then the loop's time is looked at.
            if (Of is not { Kind: StepKind.Agent } agent || !(Wait is not null || Calls is [.., { Status: CallStatus.Delayed }])) return due;
            return AgentLoop.EndsAt(agent, this) is { } end && (due is null || end < due) ? end : due;
        }
    }
}

/// <summary>A list as JSON, taken apart at its first use: finding one of many elements in the text costs a walk over those before it.</summary>
internal sealed class Elements(JsonElement json)
{
    private JsonElement[]? parts;

    internal JsonElement Json { get; } = json;

    internal JsonElement[] Parts => parts ??= [.. Json.EnumerateArray()];
}

public enum CallStatus { Ready, Started, Delayed, Unknown, Succeeded, Failed }

/// <summary>The newest call of a step or item.</summary>
public sealed record CallState
{
    public static CallState First { get; } = new();

    public CallStatus Status { get; init; } = CallStatus.Ready;
    public int Generation { get; init; }

    /// <summary>Tries since the last definite success or the start, from 1 once started.</summary>
    public int Attempts { get; init; }

    /// <summary>Rounds of a <c>repeat</c> completed.</summary>
    public int Rounds { get; init; }

    /// <summary>The newest order; a retry goes out with the same parameters.</summary>
    public StepStarted? Started { get; init; }

    public DateTimeOffset? RetryAt { get; init; }
    public StructuredOutcome? Outcome { get; init; }
    public string? InputHash { get; init; }

    /// <summary>What was decided about this tool call of an agent step.</summary>
    public ApprovalDecided? Approval { get; init; }
}
