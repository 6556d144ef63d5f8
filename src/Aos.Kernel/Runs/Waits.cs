using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Steps that wait: for time, a signal, a child run, a person.</summary>
internal static class Waits
{
    /// <summary>Everything due by now.</summary>
    internal static void Due(Turn turn)
    {
        var before = turn.State;
        for (var i = -1; (i = Open.Next(before, turn.State, i, static sum => sum.Busy > 0)) >= 0;)
        {
            var wait = turn.State.Steps[i].Wait;
            if (wait?.Until is not { } until || until > turn.Now) continue;
            switch (wait.For)
            {
                case WaitKind.Sleep:
                    turn.Add(new StepEnded { At = turn.Now, Step = i, Status = StepStatus.Succeeded, Result = Slept(until - wait.At) });
                    break;
                case WaitKind.Signal:
                    turn.Fail(i, FailureCatalog.Fail(
                        "AWAIT_TIMEOUT", $"No signal {wait.Signal} came for step {turn.Plan.Steps[i].Id} within {Text.Of(turn.Plan.Steps[i].Await!.Timeout!.Value)}."));
                    break;
                case WaitKind.Child:
                    turn.Fail(i, FailureCatalog.Fail(
                        "TIMEOUT", $"The child run {wait.Child} of step {turn.Plan.Steps[i].Id} did not end in time."));
                    break;
                case WaitKind.Approval:
                    Approvals.Expire(turn, turn.Plan.Steps[i], wait);
                    break;
                case WaitKind.Repeat:
                    break; // The next round starts in Progress: the wait is over by the clock alone.
            }
        }
    }

    /// <summary>Hands kept signals to the steps that await them, in plan order.</summary>
    internal static void TakeSignals(Turn turn)
    {
        var before = turn.State;
        for (var i = -1; (i = Open.Next(before, turn.State, i, static sum => sum.Busy > 0)) >= 0;)
        {
            if (turn.State.Steps[i].Wait is not { For: WaitKind.Signal } wait) continue;
            if (Kept(turn.State, wait.Signal!) is { } signal) Take(turn, i, signal);
        }
    }

    internal static void Begin(Turn turn, PlanStep step)
    {
        switch (step.Kind)
        {
            case StepKind.Sleep:
                Sleep(turn, step);
                break;
            case StepKind.Await when step.Await!.Signal is { } name:
                if (Kept(turn.State, name) is { } signal) Take(turn, step.Index, signal);
                else turn.Add(new WaitStarted { At = turn.Now, Step = step.Index, For = WaitKind.Signal, Signal = name, Until = turn.Now + step.Await.Timeout });
                break;
            case StepKind.Child:
                BeginChild(turn, step);
                break;
            case StepKind.Await or StepKind.Agent when turn.State.Start!.Rule < KernelRule.Agents:
                // The builds before this rule said so.
                var what = step.Kind == StepKind.Agent ? "agent steps" : "approvals";
                turn.Fail(step.Index, FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: {what} are not available in this version."));
                break;
            case StepKind.Await:
                Approvals.Ask(turn, step, -1, step.Await!.Approval!);
                break;
            default:
                AgentLoop.Continue(turn, step);
                break;
        }
    }

    private static void Sleep(Turn turn, PlanStep step)
    {
        var time = step.Sleep!.Value;
        if (step.SleepFrom is { } template)
        {
            var parameters = Template.Evaluate(template, new RunScope(turn.State, step.Index, -1));
            var problem = parameters.Failure;
            if (parameters.Value is { } value)
            {
                (time, _, var wrong) = Pauses.Read(value);
                if (wrong is not null) problem = FailureCatalog.Fail("INVALID_INPUT", $"Step {step.Id}: {wrong}");
            }

            if (problem is not null)
            {
                turn.Fail(step.Index, problem);
                return;
            }
        }

        turn.Add(new WaitStarted { At = turn.Now, Step = step.Index, For = WaitKind.Sleep, Until = turn.Now + time });
    }

    private static void BeginChild(Turn turn, PlanStep step)
    {
        var inputs = Template.Evaluate(step.Child!.Inputs, new RunScope(turn.State, step.Index, -1));
        if (inputs.Failure is { } failure)
        {
            turn.Fail(step.Index, failure);
            return;
        }

        var call = turn.State.Steps[step.Index].Calls is [var one, ..] ? one : CallState.First;
        turn.Add(new WaitStarted
        {
            At = turn.Now,
            Step = step.Index,
            For = WaitKind.Child,
            Until = turn.Now + step.Timeout,
            Child = ChildId.Of(turn.State.Start!.Run, new EffectId(step.Index, -1, call.Generation), turn.Now),
            ChildInputs = inputs.Value,
            Granted = Shares.Of(turn.State, step),
        });
    }

    private static SignalReceived? Kept(RunState state, string name)
    {
        foreach (var signal in state.Signals)
        {
            if (string.Equals(signal.Name, name, StringComparison.Ordinal)) return signal;
        }

        return null;
    }

    private static void Take(Turn turn, int step, SignalReceived signal) =>
        turn.Add(new StepEnded { At = turn.Now, Step = step, Status = StepStatus.Succeeded, Result = signal.Payload });

    private static JsonElement Slept(TimeSpan time) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("waited_ms", (long)time.TotalMilliseconds);
        writer.WriteEndObject();
    });
}
