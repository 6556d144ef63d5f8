namespace Aos.Kernel;

/// <summary>One decision in the making: each event is folded at once, so that the next thought sees it.</summary>
internal sealed class Turn(RunState state, DateTimeOffset now, RefusedCall? refused)
{
    public RunState State { get; private set; } = state;

    public DateTimeOffset Now { get; } = now;

    public List<RunEvent> Events { get; } = new(2);

    public Plan Plan => State.Plan;

    /// <summary>Why no shared budget lets the call begin, or null.</summary>
    public Failure? Refused(EffectId effect) => refused is { } one && one.Effect == effect ? one.Why : null;

    public void Add(RunEvent e)
    {
        Events.Add(e);
        State = Fold.Evolve(State, e);
    }

    /// <summary>Ends a step. A failure with a fallback asks for the fallback instead.</summary>
    public void Fail(int step, Failure failure)
    {
        var plan = Plan.Steps[step];
        var fallback = plan.OnError == OnError.Fallback && State.Steps[step].Fallback is null ? plan.Fallback : null;
        Add(new StepEnded { At = Now, Step = step, Status = StepStatus.Failed, Failure = failure, Fallback = fallback });
    }
}
