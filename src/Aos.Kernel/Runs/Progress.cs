using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Moves a run on as far as it goes without the world.</summary>
internal static class Progress
{
    internal static void Advance(Turn turn)
    {
        while (Drives(turn.State))
        {
            var before = turn.Events.Count;
            if (turn.State.Compensating is not null) Compensations.Advance(turn);
            else if (Open.Aborting(turn.State) is >= 0 and var failed) Abort(turn, failed);
            else Move(turn);
            if (turn.Events.Count == before) return;
        }
    }

    internal static bool Drives(RunState state) =>
        state is { BegunAt: not null, End: null, IsPaused: false, IsQuarantined: false };

    internal static void End(Turn turn, RunStatus status, JsonElement? result, Failure? failure) =>
        turn.Add(new RunEnded { At = turn.Now, Status = status, Result = result, Failure = failure, RootHash = RootHash.Of(turn.State) });

    private static void Move(Turn turn)
    {
        var (before, open) = (turn.State, Open.Sum(turn.State));
        if (open.Open == 0)
        {
            if (!Memories.Wants(turn.State, Memories.Output)) Finish(turn);
            return;
        }

        // A step that waits for its stand-in takes no place: else no place might be left for the stand-in.
        var (running, most) = (before.Start!.Rule < KernelRule.Scale ? open.Busy : open.Busy - open.StoodInFor, RunMachine.ParallelStepsOf(before));
        for (var i = -1; ;)
        {
            i = Open.Next(before, turn.State, i, running < most ? static sum => sum.Busy + sum.Ready > 0 : static sum => sum.Busy > 0);
            if (i < 0 || Open.Aborting(turn.State) >= 0) return;
            if (turn.State.Steps[i].Status != StepStatus.Pending)
            {
                Steps.Continue(turn, i);
                continue;
            }

            running++;
            if (!Memories.Wants(turn.State, i)) Begin(turn, turn.Plan.Steps[i]);
        }
    }

    private static void Begin(Turn turn, PlanStep step)
    {
        if (turn.State.Steps[step.Index].Memory?.Failure is { } unread)
        {
            turn.Fail(step.Index, unread);
            return;
        }

        if (step.When is { } when)
        {
            var answer = Expression.Evaluate(when, new RunScope(turn.State, step.Index, -1));
            if (answer.Failure is { } failure)
            {
                turn.Fail(step.Index, failure);
                return;
            }

            if (answer.Value is not { ValueKind: JsonValueKind.True })
            {
                if (answer.Value is { ValueKind: JsonValueKind.False })
                    turn.Add(new StepEnded { At = turn.Now, Step = step.Index, Status = StepStatus.Skipped });
                else
                    turn.Fail(step.Index, FailureCatalog.Fail("EXPRESSION_ERROR", $"Step {step.Id}: when must give true or false."));
                return;
            }
        }

        if (step.Kind != StepKind.Skill) Waits.Begin(turn, step);
        else if (step.ForEach is { } list) Steps.List(turn, step, list);
        else Steps.Start(turn, step, -1);
    }

    private static void Abort(Turn turn, int failed)
    {
        if (turn.State.Steps.Sum.Started > 0) return; // Ordered calls are waited for, so that what they cost and did is on record.
        var failure = turn.State.Steps[failed].Failure!;
        var undo = Compensations.Wanted(turn.State, failed);
        if (undo.IsEmpty) End(turn, RunStatus.Failed, null, failure);
        else turn.Add(new CompensationStarted { At = turn.Now, Cause = failure, Steps = undo });
    }

    private static void Finish(Turn turn)
    {
        if (turn.State.OutputMemory?.Failure is { } unread)
        {
            End(turn, RunStatus.Failed, null, unread);
            return;
        }

        if (turn.Plan.Output is { } output)
        {
            var value = Template.Evaluate(output, new RunScope(turn.State, -1, -1));
            if (value.Failure is { } failure) End(turn, RunStatus.Failed, null, failure);
            else End(turn, RunStatus.Succeeded, value.Value, null);
            return;
        }

        JsonElement? result = null;
        for (var i = turn.State.Steps.Length - 1; i >= 0 && result is null; i--)
        {
            if (turn.State.Steps[i].Status == StepStatus.Succeeded) result = turn.State.Steps[i].Result;
        }

        End(turn, RunStatus.Succeeded, result ?? Json.Null, null);
    }
}
