namespace Aos.Kernel;

/// <summary>What the state still asks of the world and of the clock.</summary>
internal static class Orders
{
    internal static bool IsPure(RunState state, int step)
    {
        var plan = state.Plan.Steps[step];
        return plan.Skill is { } skill
            && plan.Repeat is null
            && state.Start!.Terms.TryGetValue(skill, out var terms)
            && terms.Effect == EffectClass.Pure;
    }

    internal static IReadOnlyList<RunEffect> Pending(RunState state, IReadOnlySet<EffectId>? underWay)
    {
        var isHeld = IsHeld(state);
        if (!isHeld && !Progress.Drives(state)) return [];
        var orders = new List<RunEffect>(1);
        if (state.Compensating is { } compensation)
        {
            foreach (var i in compensation.Steps)
            {
                if (state.Steps[i].Compensation is { Status: CallStatus.Started } call) orders.Add(Again(state, i, call));
            }

            return orders;
        }

        var aborting = Open.Aborting(state) >= 0;
        AddOrdered(state, orders, underWay);
        if (isHeld) return orders;
        if (!aborting) Memories.AddOrders(state, orders);
        AddOpen(state, aborting, orders, underWay);
        return orders;
    }

    /// <summary>
    /// A shared budget has no room for what would come next. What was ordered before goes on, and what it cost is booked: else it would hold its
    /// reservation for as long as the run waits for room.
    /// </summary>
    private static bool IsHeld(RunState state) => state is { BegunAt: not null, End: null, IsQuarantined: false, Pause.Why: not null };

    internal static DateTimeOffset? NextWake(RunState state)
    {
        if (!Progress.Drives(state)) return null;
        DateTimeOffset? next = state.Plan.Timeout is { } timeout ? state.StartedAt + timeout : null;
        if (state.Compensating is { } compensation)
        {
            foreach (var i in compensation.Steps) Soonest(state.Steps[i].Compensation?.RetryAt);
            return next;
        }

        Soonest(Open.Sum(state).WakeAt);
        return next;

        void Soonest(DateTimeOffset? at)
        {
            if (at is { } time && (next is null || time < next)) next = time;
        }
    }

    /// <summary>What was ordered happens and is waited for, even when its step is over by now: another item of its list may have failed.</summary>
    private static void AddOrdered(RunState state, List<RunEffect> orders, IReadOnlySet<EffectId>? underWay)
    {
        for (var i = -1; (i = state.Steps.Next(i + 1, 0, static (sum, _) => sum.Started > 0)) >= 0;)
        {
            if (state.Plan.Steps[i].Kind is not (StepKind.Skill or StepKind.Agent)) continue;
            var calls = state.Steps[i].Calls;
            for (var at = -1; (at = calls.Next(at + 1, 0, static (sum, _) => sum.Started > 0)) >= 0;)
            {
                if (calls[at].Started is { } started && underWay?.Contains(started.Effect) != true) orders.Add(Again(state, i, calls[at]));
            }
        }
    }

    /// <summary>
    /// Calls without effects need no event before them, so all that are ready are owed. No more are named than may run at once: the
    /// others' turn comes when these are over.
    /// </summary>
    private static void AddOpen(RunState state, bool aborting, List<RunEffect> orders, IReadOnlySet<EffectId>? underWay)
    {
        var left = RunMachine.ParallelStepsOf(state);
        for (var i = -1; (i = Open.Next(state, i, static sum => sum.Busy + sum.Ready > 0)) >= 0;)
        {
            var isPending = state.Steps[i].Status == StepStatus.Pending;
            if (isPending && left == 0) continue;
            if (Add(state, i, aborting, orders, underWay) && isPending) left--;
        }
    }

    /// <returns>True: it is owed, or under way.</returns>
    private static bool Add(RunState state, int index, bool aborting, List<RunEffect> orders, IReadOnlySet<EffectId>? underWay)
    {
        var step = state.Plan.Steps[index];
        var s = state.Steps[index];
        if (step.Kind == StepKind.Child)
        {
            if (s.Wait is not { For: WaitKind.Child } wait || aborting) return false;
            orders.Add(Child(state, step, wait));
            return true;
        }

        if (s.Status == StepStatus.Pending && step.When is { } when && Expression.Evaluate(when, new RunScope(state, index, -1)).Value is not { ValueKind: System.Text.Json.JsonValueKind.True })
            return false; // Whether it is skipped is decided when its turn comes.
        if (step.Kind != StepKind.Skill || s.Fallback is not null || aborting || !IsPure(state, index) || Memories.Wants(state, index)) return false;
        if (s.Items is null) return (s.Status == StepStatus.Running || s.IsReady) && AddPure(state, step, s, -1, orders, underWay);
        AddItems(state, step, s, orders, underWay);
        return true;
    }

    private static void AddItems(RunState state, PlanStep step, StepState s, List<RunEffect> orders, IReadOnlySet<EffectId>? underWay)
    {
        var busy = 0;
        for (var item = -1; busy < step.MaxParallel && (item = s.Calls.Next(item + 1, 0, static (sum, _) => sum.Ready > 0)) >= 0;)
        {
            if (AddPure(state, step, s, item, orders, underWay)) busy++;
        }
    }

    private static bool AddPure(RunState state, PlanStep step, StepState s, int item, List<RunEffect> orders, IReadOnlySet<EffectId>? underWay)
    {
        var at = Math.Max(item, 0);
        var call = at < s.Calls.Length ? s.Calls[at] : CallState.First;
        if (call.Status != CallStatus.Ready) return false;
        var effect = new EffectId(step.Index, item, call.Generation);
        if (underWay?.Contains(effect) == true) return true;
        if (Template.Evaluate(step.Params, new RunScope(state, step.Index, item)).Value is not { } parameters) return false;
        var terms = state.Start!.Terms[step.Skill!];
        orders.Add(new InvokeSkill
        {
            Id = effect,
            StepId = step.Id,
            Skill = step.Skill!,
            Version = terms.Version,
            Params = parameters,
            Written = step.Params,
            Class = EffectClass.Pure,
            Run = state.Start.Run,
            Timeout = step.Timeout ?? terms.TimeoutDefault,
            RunSeed = state.Start.Seed,
        });
        return true;
    }

    /// <summary>The order of a started call, word for word as it was first given.</summary>
    private static InvokeSkill Again(RunState state, int index, CallState call)
    {
        var step = state.Plan.Steps[index];
        var started = call.Started!;
        var skill = started.Effect.Compensation ? step.Compensate!.Skill : started.Skill ?? step.Skill!;
        var parameters = started.Turn is null ? started.Params : AgentLoop.Params(state, index, started.Effect.Item) ?? started.Params;
        return new InvokeSkill
        {
            Id = started.Effect,
            StepId = step.Id,
            Skill = skill,
            Version = state.Start!.Terms[skill].Version,
            Params = parameters,
            Filled = skill == AgentClause.Model ? Fillings.Of(state, index, started, parameters) : null,
            // Of an agent step nothing was written by the plan's author: a secret that a model names is text.
            Written = started.Effect.Compensation ? step.Compensate!.Params : step.Params,
            Class = started.Class,
            Run = state.Start.Run,
            RecordedKey = started.IdempotencyKey,
            Timeout = started.Deadline - started.At,
            RunSeed = state.Start.Seed,
        };
    }

    private static StartChild Child(RunState state, PlanStep step, WaitStarted wait)
    {
        var call = state.Steps[step.Index].Calls is [var one, ..] ? one : CallState.First;
        return new StartChild
        {
            Id = new EffectId(step.Index, -1, call.Generation),
            Child = wait.Child!.Value,
            Plan = step.Child!.Plan,
            Workflow = step.Child.Workflow,
            Inputs = wait.ChildInputs ?? Json.EmptyObject,
            Budget = wait.Granted ?? (state.Budget is { } budget ? budget - state.Spent - state.Reserved : null),
        };
    }
}
