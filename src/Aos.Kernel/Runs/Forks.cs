using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a fork takes over of its origin, and what it may change.</summary>
public static class Forks
{
    /// <summary>
    /// The steps a fork takes over, in plan order, or why it cannot be cut there.
    /// </summary>
    /// <param name="origin">The origin as it stood at the fork point.</param>
    /// <param name="latest">The origin as it stands now: what it has undone since cannot be taken over.</param>
    /// <param name="from">
    /// The first step to do anew. In a list plan every step before it is taken over and has to be finished; in a graph all finished steps
    /// that do not wait for it, directly or not. Null: every step that is finished.
    /// </param>
    public static (ImmutableArray<StepTaken> Taken, Failure? Refusal) Cut(RunState origin, RunState latest, string? from)
    {
        var anew = new bool[origin.Steps.Length];
        if (from is not null && Begin(origin, from, anew) is { } refusal) return ([], refusal);
        var taken = new SortedDictionary<int, StepTaken>();
        for (var i = 0; i < origin.Steps.Length; i++)
        {
            if (anew[i] || origin.Plan.Steps[i].FallbackOnly) continue;
            if (IsFinished(origin, i)) Take(origin, i, taken);
            else if (from is not null && !origin.Plan.IsGraph) return ([], Unfinished(origin, i));
        }

        foreach (var i in taken.Keys)
        {
            if (IsUndone(origin, i) || IsUndone(latest, i) || IsDoneAnew(origin.Steps[i], latest.Steps[i]))
                return ([], FailureCatalog.Fail("INVALID_STATE", $"Step {origin.Plan.Steps[i].Id} was undone when the run failed: fork from it or from a step before it."));
        }

        return ([.. taken.Values], null);
    }

    /// <summary>Why a fork cannot follow this plan: the first step taken over that is not in its place there as it was.</summary>
    public static Failure? Changed(Plan origin, Plan changed, ImmutableArray<StepTaken> taken)
    {
        foreach (var step in taken)
        {
            var was = origin.Steps[step.Step];
            if (step.Step >= changed.Steps.Length)
                return Fail(was, $"step {was.Id} (index {step.Step}) was taken over, and the plan has no step at its place");
            var now = changed.Steps[step.Step];
            if (now.Id != was.Id) return Fail(was, $"step {was.Id} (index {step.Step}) was taken over, and {now.Id} stands at its place");
            if (JsonDifference.Of(Definition(origin, step.Step), Definition(changed, step.Step), 1) is [var difference])
                return Fail(was, $"step {was.Id} (index {step.Step}) was taken over and differs at {(difference.Path.Length == 0 ? "its root" : difference.Path)}");
        }

        return null;

        static Failure Fail(PlanStep step, string why) => FailureCatalog.Fail("INVALID_INPUT", $"plan: {why}. Steps before the fork point stay as they are; fork from {step.Id} to change it.");
    }

    /// <summary>The plan with every step taken over replaced by one that costs nothing and does nothing: what is still to be admitted and paid.</summary>
    public static Plan Rest(Plan plan, ImmutableArray<StepTaken> taken)
    {
        var steps = plan.Steps.ToBuilder();
        foreach (var done in taken)
        {
            var step = steps[done.Step];
            steps[done.Step] = new PlanStep { Id = step.Id, Index = step.Index, Kind = StepKind.Sleep, Sleep = TimeSpan.Zero, DependsOn = step.DependsOn, FallbackOnly = step.FallbackOnly };
        }

        return plan with { Steps = steps.ToImmutable() };
    }

    /// <summary>The step as it stands in the fork.</summary>
    internal static StepState Fold(RunState state, StepTaken taken)
    {
        var step = new StepState
        {
            Status = taken.Status,
            Failure = taken.Failure,
            Items = taken.Items,
            Fallback = taken.Fallback,
            Wanted = state.Plan.Steps[taken.Step].FallbackOnly,
            Taken = taken,
            StartedAt = taken.StartedAt,
            EndedAt = taken.EndedAt,
            Calls = state.Plan.Steps[taken.Step].Kind == StepKind.Agent ? Conversed(state, taken) : [.. taken.Calls.Select((call, item) => Fold(state, taken, call, item))],
        };
        step.Result = taken.Result ?? (taken.Status != StepStatus.Succeeded ? null : taken.Items is not null ? Kernel.Fold.Results(step) : Only(step.Calls));
        return step;
    }

    private static CallState Fold(RunState state, StepTaken taken, TakenCall call, int item) => Fold(call) with
    {
        Started = Started(
            taken, call, taken.Items is null ? -1 : item, call.Key is null ? EffectClass.Pure : state.Start!.Terms[state.Plan.Steps[taken.Step].Skill!].Effect),
    };

    /// <summary>The calls of an agent step. What each of them is, follows from the outcomes before it; one that was never ordered has no order.</summary>
    private static Row<CallState, CallSum> Conversed(RunState state, StepTaken taken)
    {
        var calls = taken.Calls.Select(Fold).ToImmutableArray();
        var places = Conversation.Places(new StepState { Calls = [.. calls] });
        return
        [
            .. calls.Select((call, i) =>
            {
                if (taken.Calls[i].Key is null) return call;
                var skill = places[i].Tool?.Name ?? AgentClause.Model;
                var started = Started(taken, taken.Calls[i], i, state.Start!.Terms[skill].Effect);
                return call with { Started = started with { Skill = skill, Turn = places[i].Tool is null ? places[i].Turn : null } };
            }),
        ];
    }

    private static CallState Fold(TakenCall call) => new()
    {
        Status = call.Status,
        Generation = call.Generation,
        Attempts = call.Attempts,
        Rounds = call.Rounds,
        InputHash = call.InputHash,
        Outcome = call.Outcome,
    };

    private static StepStarted Started(StepTaken taken, TakenCall call, int item, EffectClass effect) => new()
    {
        At = taken.StartedAt ?? taken.At,
        Effect = new EffectId(taken.Step, item, call.Generation),
        Params = call.Params,
        IdempotencyKey = call.Key ?? "",
        Class = effect,
        Reserved = Cents.Zero,
        Deadline = taken.EndedAt ?? taken.At,
    };

    private static Failure? Begin(RunState origin, string from, bool[] anew)
    {
        var first = origin.Plan.IndexOf(from);
        if (first < 0) return FailureCatalog.Fail("INVALID_INPUT", $"from_step: the run has no step {from}. It has {string.Join(", ", origin.Plan.Steps.Select(step => step.Id).Take(20))}.");
        if (origin.Plan.Steps[first].FallbackOnly) return FailureCatalog.Fail("INVALID_INPUT", $"from_step: {from} only stands in for another step; fork from that one.");
        anew[first] = true;
        if (!origin.Plan.IsGraph)
        {
            Array.Fill(anew, true, first, anew.Length - first);
            return null;
        }

        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var step in origin.Plan.Steps)
            {
                if (anew[step.Index] || !step.DependsOn.Any(dependency => anew[dependency])) continue;
                anew[step.Index] = changed = true;
            }
        }

        return null;
    }

    /// <summary>Over, in a way that does not end its run.</summary>
    private static bool IsFinished(RunState state, int index) => state.Steps[index].Status switch
    {
        StepStatus.Succeeded or StepStatus.Skipped or StepStatus.Compensated => true,
        StepStatus.Failed => state.Plan.Steps[index].OnError == OnError.Continue,
        _ => false,
    };

    private static bool IsUndone(RunState state, int index) => state.Steps[index].Status == StepStatus.Compensated || state.Compensating?.Steps.Contains(index) == true;

    /// <summary>A later attempt made its calls again under other keys: nothing but its undoing leads to that.</summary>
    private static bool IsDoneAnew(StepState was, StepState now) =>
        was.Status == StepStatus.Succeeded && (now.Calls.Length < was.Calls.Length || was.Calls.Zip(now.Calls).Any(pair => pair.First.Generation != pair.Second.Generation));

    private static Failure Unfinished(RunState origin, int index) => FailureCatalog.Fail(
        "INVALID_STATE", $"Step {origin.Plan.Steps[index].Id} is {origin.Steps[index].Status.Wire()}, so nothing after it can be forked from: fork from it or from a step before it.");

    private static void Take(RunState origin, int index, SortedDictionary<int, StepTaken> taken)
    {
        if (taken.ContainsKey(index)) return;
        var step = origin.Steps[index];
        // A list that failed has what it had then, whatever came of its other items since; a stand-in's result is not that of the calls.
        var told = step.Status != StepStatus.Succeeded ? null : step.Items is not null ? Kernel.Fold.Results(step) : Only(step.Calls);
        var isTold = told is { } said && step.Result is { } result && JsonElement.DeepEquals(said, result);
        taken[index] = new StepTaken
        {
            At = origin.LastAt,
            Step = index,
            Origin = origin.Start!.Run,
            Status = step.Status,
            Result = isTold ? null : step.Result,
            Failure = step.Failure,
            Items = step.Items,
            Calls = [.. step.Calls.Select((call, item) => Call(origin, index, step, call, item))],
            Fallback = step.Fallback,
            Cost = step.Taken?.Cost ?? step.Cost,
            StartedAt = step.StartedAt,
            EndedAt = step.EndedAt,
        };
        if (step.Fallback is { } fallback && origin.Steps[fallback].Status.IsOver()) Take(origin, fallback, taken);
    }

    /// <summary>A call that its step did not wait for is none of the fork's: it neither makes it again nor asks a person about it.</summary>
    private static TakenCall Call(RunState origin, int index, StepState step, CallState call, int item) => new(
        call.Status is CallStatus.Started or CallStatus.Delayed or CallStatus.Unknown ? CallStatus.Failed : call.Status, call.Generation, call.Attempts, call.Rounds, Params(origin, index, step, call, item) ?? Json.EmptyObject,
        call.Started?.IdempotencyKey is { Length: > 0 } key ? key : null, call.InputHash, call.Outcome);

    /// <summary>Of an agent step's turn none, as in its order: they follow from the outcomes before it.</summary>
    private static JsonElement? Params(RunState origin, int index, StepState step, CallState call, int item) =>
        origin.Plan.Steps[index].Kind == StepKind.Agent ? call.Started?.Params : RunMachine.Params(origin, index, step.Items is null ? -1 : item);

    private static JsonElement? Only(Row<CallState, CallSum> calls) => calls is [{ Outcome: { Ok: true } outcome }] ? outcome.Result : null;

    private static JsonElement Definition(Plan plan, int index) => (plan.Source.Get("steps") ?? Json.EmptyArray)[index];
}
