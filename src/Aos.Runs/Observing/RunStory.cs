using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Tells the log what happened to runs, once it is on record. Silent unless the log wants information.</summary>
internal sealed class RunStory(RunLog log)
{
    internal void Tell(RunState state, IReadOnlyList<RunEvent> events)
    {
        if (!log.IsTelling) return;
        var start = state.Start!;
        foreach (var e in events)
        {
            using var scope = log.In(start, StepOf(state, e));
            switch (e)
            {
                case RunStarted:
                    log.Began(start.Run, start.Plan.Name, state.Steps.Length);
                    break;
                case CallSucceeded done:
                    log.Called(Skill(state, done.Effect), done.Outcome.Latency.TotalMilliseconds);
                    break;
                case CallFailed { RetryAt: { } at } failed:
                    log.Again(Skill(state, failed.Effect), failed.Outcome.Failure!.Code, (at - failed.At).TotalMilliseconds);
                    break;
                case CallFailed failed:
                    log.CallFailed(Skill(state, failed.Effect), failed.Outcome.Failure!.Code);
                    break;
                case CallUnknown unknown:
                    log.Unknown(Skill(state, unknown.Effect));
                    break;
                case WaitStarted wait:
                    log.Waits(wait.For);
                    break;
                case StepEnded { Failure: { } failure }:
                    log.StepFailed(failure.Code);
                    break;
                case RunEnded ended:
                    log.IsOver(start.Run, ended.Status, ended.Failure?.Code);
                    break;
            }
        }

        using var ofRun = log.In(start, null);
        log.Saved(events.Count, state.Seq);
    }

    private static PlanStep? StepOf(RunState state, RunEvent e) => e switch
    {
        CallSucceeded done => state.Plan.Steps[done.Effect.Step],
        CallFailed failed => state.Plan.Steps[failed.Effect.Step],
        CallUnknown unknown => state.Plan.Steps[unknown.Effect.Step],
        WaitStarted wait => state.Plan.Steps[wait.Step],
        StepEnded ended => state.Plan.Steps[ended.Step],
        _ => null,
    };

    private static string Skill(RunState state, EffectId effect) => effect.Compensation
        ? state.Plan.Steps[effect.Step].Compensate!.Skill
        : RunMachine.Skill(state, effect.Step, effect.Item) ?? SpecName.Of(state.Plan.Steps[effect.Step]);
}
