using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Skill steps: begin, go on, end.</summary>
internal static class Steps
{
    internal static void List(Turn turn, PlanStep step, JsonElement template)
    {
        var list = Template.Evaluate(template, new RunScope(turn.State, step.Index, -1));
        if (list.Failure is { } failure)
        {
            turn.Fail(step.Index, failure);
            return;
        }

        if (list.Value is not { ValueKind: JsonValueKind.Array } items)
        {
            turn.Fail(step.Index, FailureCatalog.Fail("EXPRESSION_ERROR", $"Step {step.Id}: for_each must give a list."));
            return;
        }

        if (items.GetArrayLength() > RunMachine.ItemsMax)
        {
            turn.Fail(step.Index, FailureCatalog.Fail(
                "INPUT_TOO_LARGE", $"Step {step.Id}: for_each gave {items.GetArrayLength()} items, the limit is {RunMachine.ItemsMax}."));
            return;
        }

        turn.Add(new ItemsListed { At = turn.Now, Step = step.Index, Items = items });
        if (turn.State.Start!.Rule >= KernelRule.Scale && Orders.IsPure(turn.State, step.Index)) Items.Check(turn, step);
        Continue(turn, step.Index);
    }

    /// <summary>Starts a call. A pure one needs no event: it is pending by the state alone, once its parameters are sound.</summary>
    internal static void Start(Turn turn, PlanStep step, int item)
    {
        var at = Math.Max(item, 0);
        var calls = turn.State.Steps[step.Index].Calls;
        var call = at < calls.Length ? calls[at] : CallState.First;
        var effect = new EffectId(step.Index, item, call.Generation);
        if (Orders.IsPure(turn.State, step.Index))
        {
            var value = Template.Evaluate(step.Params, new RunScope(turn.State, step.Index, item));
            if (value.Failure is { } bad) turn.Fail(step.Index, bad);
            return;
        }

        if (Order(turn, step.Index, effect, step.Skill!, step.Params, call) is not { } failure) return;
        if (item >= 0 && Items.IsItsOwn(turn.State, failure)) Items.Fail(turn, effect, failure);
        else turn.Fail(step.Index, failure);
    }

    /// <summary>Orders a call with effects: parameters, key, class, money; or says why not.</summary>
    internal static Failure? Order(Turn turn, int step, EffectId effect, string skill, JsonElement template, CallState call)
    {
        var state = turn.State;
        var plan = turn.Plan.Steps[step];
        var scope = new RunScope(state, step, effect.Item);
        var parameters = call.Started?.Params;
        if (parameters is null)
        {
            var evaluated = Template.Evaluate(template, scope);
            if (evaluated.Failure is { } failure) return failure;
            parameters = evaluated.Value!.Value;
        }

        Evaluated? explicitKey = plan.IdempotencyKey is { } key && !effect.Compensation ? Template.Evaluate(Json.Of(key), scope) : null;
        if (explicitKey?.Failure is { } badKey) return badKey;
        var terms = state.Start!.Terms[skill];
        var ceiling = terms.Cost.UpperBound(parameters.Value);
        if ((Refuse(state, plan, ceiling) ?? turn.Refused(effect)) is { } refusal) return refusal;
        var keyText = explicitKey?.Value is { } value ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;
        var hasKey = keyText is not null || parameters.Value.GetText("idempotency_key") is not null;
        turn.Add(new StepStarted
        {
            At = turn.Now,
            Effect = effect,
            Params = parameters.Value,
            IdempotencyKey = keyText ?? parameters.Value.GetText("idempotency_key") ?? EffectKey.Of(state.Start.Run, effect),
            Class = terms.ClassOf(parameters.Value, hasKey),
            Reserved = ceiling,
            Deadline = turn.Now + (plan.Timeout ?? terms.TimeoutOf(parameters.Value)),
        });
        return null;
    }

    /// <summary>Why there is no money for a call that may cost so much, or null.</summary>
    internal static Failure? Refuse(RunState state, PlanStep step, Cents ceiling)
    {
        if (step.MaxCost is { } max && ceiling > max)
            return FailureCatalog.Fail(
                "STEP_CEILING_EXCEEDED", $"Step {step.Id} may cost up to {ceiling} cents, its limit is {max}.");
        if (state.Budget is { } budget && state.Spent + state.Reserved + ceiling > budget)
            return FailureCatalog.Fail(
                "RUN_BUDGET_EXCEEDED",
                $"Step {step.Id} may cost up to {ceiling} cents; {budget - state.Spent - state.Reserved} of the run's {budget} are left.");
        return null;
    }

    /// <summary>Goes on with a step that has begun: due retries, next items, next round, its end.</summary>
    internal static void Continue(Turn turn, int index)
    {
        var step = turn.Plan.Steps[index];
        var s = turn.State.Steps[index];
        if (s.Fallback is { } fallback)
        {
            EndByFallback(turn, index, fallback);
            return;
        }

        if (step.Kind == StepKind.Child && s.Calls is [{ Status: CallStatus.Failed, Outcome.Failure: { } why }])
        {
            turn.Fail(index, why);
            return;
        }

        if (step.Kind == StepKind.Agent) AgentLoop.Continue(turn, step);
        if (step.Kind == StepKind.Await) Approvals.End(turn, step);
        if (step.Kind != StepKind.Skill) return;
        if (s.Items is not null) Items.Continue(turn, step);
        else ContinueOne(turn, step, s);
    }

    private static void ContinueOne(Turn turn, PlanStep step, StepState s)
    {
        var call = s.Calls is [var one, ..] ? one : CallState.First;
        switch (call.Status)
        {
            case CallStatus.Failed:
                turn.Fail(step.Index, call.Outcome?.Failure ?? FailureCatalog.Fail("STEP_FAILED", $"Step {step.Id} failed."));
                break;
            case CallStatus.Succeeded when step.Repeat is { } repeat:
                NextRound(turn, step, repeat, call, s);
                break;
            case CallStatus.Delayed when call.RetryAt <= turn.Now:
                Start(turn, step, -1);
                break;
            case CallStatus.Ready when s.Status == StepStatus.Running && !Orders.IsPure(turn.State, step.Index):
                Start(turn, step, -1);
                break;
        }
    }

    private static void NextRound(Turn turn, PlanStep step, RepeatClause repeat, CallState call, StepState s)
    {
        if (s.Wait is { For: WaitKind.Repeat } wait)
        {
            if (wait.Until <= turn.Now) StartRound(turn, step, call);
            return;
        }

        var result = call.Outcome!.Result;
        var done = Expression.Evaluate(repeat.Until, new RunScope(turn.State, step.Index, -1).WithRound(step.Id, result));
        if (done.Failure is { } failure) turn.Fail(step.Index, failure);
        else if (done.Value is { ValueKind: JsonValueKind.True })
            turn.Add(new StepEnded { At = turn.Now, Step = step.Index, Status = StepStatus.Succeeded, Result = result });
        else if (call.Rounds >= repeat.Max)
            turn.Fail(step.Index, FailureCatalog.Fail("REPEAT_LIMIT", $"Step {step.Id}: until was not true after {repeat.Max} rounds."));
        else
            turn.Add(new WaitStarted { At = turn.Now, Step = step.Index, For = WaitKind.Repeat, Until = turn.Now + repeat.Delay });
    }

    private static void StartRound(Turn turn, PlanStep step, CallState call)
    {
        var next = call with { Started = null, Generation = call.Generation + 1 };
        var effect = new EffectId(step.Index, -1, next.Generation);
        if (Order(turn, step.Index, effect, step.Skill!, step.Params, next) is { } failure) turn.Fail(step.Index, failure);
    }

    private static void EndByFallback(Turn turn, int index, int fallback)
    {
        var other = turn.State.Steps[fallback];
        switch (other.Status)
        {
            case StepStatus.Succeeded or StepStatus.Skipped:
                turn.Add(new StepEnded { At = turn.Now, Step = index, Status = StepStatus.Succeeded, Result = other.Result, Fallback = fallback });
                break;
            case StepStatus.Failed:
                turn.Add(new StepEnded { At = turn.Now, Step = index, Status = StepStatus.Failed, Failure = other.Failure });
                break;
        }
    }
}
