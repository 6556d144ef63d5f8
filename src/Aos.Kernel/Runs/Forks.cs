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
            if (latest.Steps[i].Status == StepStatus.Compensated || latest.Compensating?.Steps.Contains(i) == true)
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
            Calls = [.. taken.Calls.Select((call, item) => Fold(state, taken, call, item))],
        };
        step.Result = taken.Result ?? (taken.Status != StepStatus.Succeeded ? null : taken.Items is not null ? Kernel.Fold.Results(step) : Only(step.Calls));
        return step;
    }

    private static CallState Fold(RunState state, StepTaken taken, TakenCall call, int item) => new()
    {
        Status = call.Status,
        Generation = call.Generation,
        Attempts = call.Attempts,
        Rounds = call.Rounds,
        InputHash = call.InputHash,
        Outcome = call.Outcome,
        Started = new StepStarted
        {
            At = taken.StartedAt ?? taken.At,
            Effect = new EffectId(taken.Step, taken.Items is null ? -1 : item, call.Generation),
            Params = call.Params,
            IdempotencyKey = call.Key ?? "",
            Class = call.Key is null ? EffectClass.Pure : state.Start!.Terms[state.Plan.Steps[taken.Step].Skill!].Effect,
            Reserved = Cents.Zero,
            Deadline = taken.EndedAt ?? taken.At,
        },
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

    private static Failure Unfinished(RunState origin, int index) => FailureCatalog.Fail(
        "INVALID_STATE", $"Step {origin.Plan.Steps[index].Id} is {origin.Steps[index].Status.Wire()}, so nothing after it can be forked from: fork from it or from a step before it.");

    private static void Take(RunState origin, int index, SortedDictionary<int, StepTaken> taken)
    {
        if (taken.ContainsKey(index)) return;
        var step = origin.Steps[index];
        var isTold = step.Items is not null || (step.Calls is [{ Outcome: { Ok: true } outcome }] && step.Result is { } result && JsonElement.DeepEquals(outcome.Result, result));
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

    private static TakenCall Call(RunState origin, int index, StepState step, CallState call, int item) => new(
        call.Status, call.Generation, call.Attempts, call.Rounds, RunMachine.Params(origin, index, step.Items is null ? -1 : item) ?? Json.EmptyObject,
        call.Started?.IdempotencyKey is { Length: > 0 } key ? key : null, call.InputHash, call.Outcome);

    private static JsonElement? Only(Row<CallState, CallSum> calls) => calls is [{ Outcome: { Ok: true } outcome }] ? outcome.Result : null;

    private static JsonElement Definition(Plan plan, int index) => (plan.Source.Get("steps") ?? Json.EmptyArray)[index];
}
