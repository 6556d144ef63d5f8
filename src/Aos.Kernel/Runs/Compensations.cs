using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>Undoes completed steps of a failed run, newest first, one at a time.</summary>
internal static class Compensations
{
    internal static ImmutableArray<int> Wanted(RunState state, int failed)
    {
        if (!state.Plan.CompensateOnFailure && state.Plan.Steps[failed].OnError != OnError.Compensate) return [];
        return
        [
            .. Enumerable.Range(0, state.Steps.Length)
                .Where(i => state.Steps[i] is { Status: StepStatus.Succeeded, Taken: null } && // What was taken over is its origin's to undo.
                    state.Plan.Steps[i].Compensate is not null)
                .OrderByDescending(i => state.Steps[i].EndedAt)
                .ThenByDescending(i => i),
        ];
    }

    internal static void Advance(Turn turn)
    {
        foreach (var i in turn.State.Compensating!.Steps)
        {
            if (turn.State.Steps[i].Status == StepStatus.Compensated) continue;
            var call = turn.State.Steps[i].Compensation ?? CallState.First;
            switch (call.Status)
            {
                case CallStatus.Succeeded or CallStatus.Failed:
                    continue; // A failed compensation is on record; the others are still undone.
                case CallStatus.Started or CallStatus.Unknown:
                    return;
                case CallStatus.Delayed when call.RetryAt > turn.Now:
                    return;
            }

            var step = turn.Plan.Steps[i];
            var clause = step.Compensate!;
            if (Steps.Order(turn, i, new EffectId(i, -1, call.Generation, true), clause.Skill, clause.Params, call) is { } failure)
            {
                turn.Add(new CallFailed
                {
                    At = turn.Now,
                    Effect = new EffectId(i, -1, call.Generation, true),
                    Outcome = StructuredOutcome.Failed(failure),
                    InputHash = "",
                });
                continue;
            }

            return;
        }

        Progress.End(turn, RunStatus.Failed, null, turn.State.Compensating.Cause);
    }
}
