using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// Agent steps. Turns and tool calls are calls of the step like any other, one after another; what comes next follows from the clause
/// and the outcomes so far.
/// </summary>
internal static class AgentLoop
{
    /// <summary>Turns and tool calls of one step.</summary>
    internal const int CallsMax = 1_000;

    /// <summary>Goes on as far as one event.</summary>
    internal static void Continue(Turn turn, PlanStep step)
    {
        var s = turn.State.Steps[step.Index];
        if (s.Calls is [.., { Status: CallStatus.Started or CallStatus.Unknown }]) return; // Its outcome is waited for, so that it is on record.
        var places = Conversation.Places(s);
        if (Answer(step, s, places) is { } result)
        {
            turn.Add(new StepEnded { At = turn.Now, Step = step.Index, Status = StepStatus.Succeeded, Result = result });
            return;
        }

        if (IsLate(step, s, turn.Now))
        {
            Stop(turn, step, "timeout", $"its timeout of {Text.Of(step.Timeout!.Value)}");
            return;
        }

        if (s.Wait is not null) return;
        var last = s.Calls.Length - 1;
        switch (s.Calls is [.., var call] ? call.Status : CallStatus.Succeeded)
        {
            case CallStatus.Ready:
                Start(turn, step, last, places[last]);
                break;
            case CallStatus.Delayed:
                if (s.Calls[last].RetryAt <= turn.Now) Start(turn, step, last, places[last]);
                break;
            case CallStatus.Failed when places[last].Tool is null:
                turn.Fail(step.Index, s.Calls[last].Outcome?.Failure ?? FailureCatalog.Fail("STEP_FAILED", $"A turn of step {step.Id} failed."));
                break;
            default:
                Next(turn, step, s, places);
                break;
        }
    }

    /// <summary>When the loop must end, whatever it is at; null: no limit.</summary>
    internal static DateTimeOffset? EndsAt(PlanStep step, StepState s) => s.StartedAt + step.Timeout;

    /// <summary>The skill of a call.</summary>
    internal static string? Skill(StepState s, int item)
    {
        if (item < s.Calls.Length && s.Calls[item].Started?.Skill is { } started) return started;
        var places = Conversation.Places(s);
        return item < places.Count ? places[item].Tool?.Name ?? AgentClause.Model : null;
    }

    /// <summary>Parameters of a call, ordered or next to be; null: it has none that can be told.</summary>
    internal static JsonElement? Params(RunState state, int step, int item)
    {
        var s = state.Steps[step];
        if (item < s.Calls.Length && s.Calls[item].Started is { Turn: null } started) return started.Params;
        var places = Conversation.Places(s);
        if (item >= places.Count) return null;
        return places[item].Tool is { } ask ? ask.Arguments : Conversation.Params(state, step, item).Value;
    }

    /// <summary>What the loop has come to; null: it goes on.</summary>
    private static JsonElement? Answer(PlanStep step, StepState s, List<CallPlace> places) =>
        s.Calls is [.., { Status: CallStatus.Succeeded } last] && places[s.Calls.Length - 1].Tool is null && Conversation.Asks(last, 0).IsEmpty
            ? Conversation.Answer(last, step.Agent!.Output).Result
            : null;

    private static bool IsLate(PlanStep step, StepState s, DateTimeOffset now) => EndsAt(step, s) is { } end && now >= end;

    private static void Next(Turn turn, PlanStep step, StepState s, List<CallPlace> places)
    {
        var (at, clause) = (s.Calls.Length, step.Agent!);
        if (IsLastTurn(s, places, clause)) Stop(turn, step, "max_turns", $"its {clause.MaxTurns} turns");
        else if (at >= CallsMax) Stop(turn, step, "calls", $"{CallsMax} calls");
        else Start(turn, step, at, places[at]);
    }

    /// <summary>The turns are used up: results of tools would be seen by nobody.</summary>
    private static bool IsLastTurn(StepState s, List<CallPlace> places, AgentClause clause) =>
        s.Calls.Length > 0 && (places[s.Calls.Length].Tool is null ? places[s.Calls.Length].Turn > clause.MaxTurns : places[s.Calls.Length].Turn >= clause.MaxTurns);

    private static void Start(Turn turn, PlanStep step, int at, CallPlace place)
    {
        var call = Fold.Call(turn.State, new EffectId(step.Index, at, 0));
        var effect = new EffectId(step.Index, at, call.Generation);
        if (place.Tool is { } ask) StartTool(turn, step, effect, call, ask);
        else StartTurn(turn, step, effect, call, place.Turn);
    }

    private static void StartTurn(Turn turn, PlanStep step, EffectId effect, CallState call, int number)
    {
        var evaluated = Conversation.Params(turn.State, step.Index, effect.Item);
        if (evaluated.Failure is { } failure)
        {
            turn.Fail(step.Index, failure);
            return;
        }

        var parameters = evaluated.Value!.Value;
        if (parameters.Bytes() > Conversation.BytesMax)
        {
            Stop(turn, step, "conversation_bytes", $"{Conversation.BytesMax} bytes of conversation");
            return;
        }

        var ceiling = turn.State.Start!.Terms[AgentClause.Model].Cost.UpperBound(parameters);
        if (IsTooDear(turn.State, step, ceiling)) Stop(turn, step, "max_cost_cents", $"its limit of {step.Agent!.MaxCost} cents: a turn more may cost {ceiling}");
        else if ((Steps.Refuse(turn.State, step, ceiling) ?? turn.Refused(effect)) is { } refusal) turn.Fail(step.Index, refusal);
        else Order(turn, step, effect, call, AgentClause.Model, parameters, ceiling, number);
    }

    private static void StartTool(Turn turn, PlanStep step, EffectId effect, CallState call, ToolAsk ask)
    {
        if (AgentTools.Problem(turn.State, step, ask) is { } problem)
        {
            Refuse(turn, effect, call, ask, problem);
            return;
        }

        var parameters = ask.Arguments!.Value;
        var ceiling = turn.State.Start!.Terms[ask.Name].Cost.UpperBound(parameters);
        if (IsTooDear(turn.State, step, ceiling))
            Refuse(turn, effect, call, ask, FailureCatalog.Fail("STEP_CEILING_EXCEEDED", $"{ask.Name} may cost up to {ceiling} cents; {Left(turn.State, step)} of the {step.Agent!.MaxCost} for this goal are left."));
        else if ((Steps.Refuse(turn.State, step, ceiling) ?? turn.Refused(effect)) is { } refusal)
            Refuse(turn, effect, call, ask, refusal);
        else if (call.Approval is { Approved: false } decided)
            Refuse(turn, effect, call, ask, Approvals.Failure(decided, ask.Name));
        else if (call.Approval is null && step.Agent!.Approve.Contains(ask.Name))
            Approvals.Ask(turn, step, effect.Item, step.Agent.Approval);
        else
            Order(turn, step, effect, call, ask.Name, parameters, ceiling, null);
    }

    private static void Order(Turn turn, PlanStep step, EffectId effect, CallState call, string skill, JsonElement parameters, Cents ceiling, int? number)
    {
        var (start, terms) = (turn.State.Start!, turn.State.Start!.Terms[skill]);
        var deadline = turn.Now + terms.TimeoutOf(parameters);
        turn.Add(new StepStarted
        {
            At = turn.Now,
            Effect = effect,
            Params = number is null ? parameters : Json.EmptyObject,
            IdempotencyKey = EffectKey.Of(start.Run, effect),
            // A key that a model makes up is a parameter like any other: nothing says that it stands for one call only.
            Class = terms.ClassOf(parameters, hasKey: false),
            Reserved = ceiling,
            Deadline = (turn.State.Steps[step.Index].StartedAt ?? turn.Now) + step.Timeout is { } end && end < deadline ? end : deadline,
            Skill = skill,
            Turn = number,
        });
    }

    /// <summary>A tool call that is not made is a result for the model, never the end of the step.</summary>
    private static void Refuse(Turn turn, EffectId effect, CallState call, ToolAsk ask, Failure why) => turn.Add(new CallFailed
    {
        At = turn.Now,
        // An order that did not go out is not the one before it.
        Effect = call.Started is null ? effect : effect with { Generation = effect.Generation + 1 },
        Outcome = StructuredOutcome.Failed(why),
        InputHash = ask.Arguments is { } arguments ? ContentHash.Short(arguments) : "",
    });

    private static bool IsTooDear(RunState state, PlanStep step, Cents ceiling) => Left(state, step) is { } left && ceiling > left;

    private static Cents? Left(RunState state, PlanStep step)
    {
        if (step.Agent!.MaxCost is not { } max) return null;
        var spent = state.Steps[step.Index].Cost - state.Steps[step.Index].CostBefore;
        return spent > max ? Cents.Zero : max - spent;
    }

    /// <summary>Ends the step at a limit, with what it has.</summary>
    private static void Stop(Turn turn, PlanStep step, string limit, string words)
    {
        var s = turn.State.Steps[step.Index];
        var places = Conversation.Places(s);
        var turns = Enumerable.Range(0, s.Calls.Length).Where(i => places[i].Tool is null && s.Calls[i].Status == CallStatus.Succeeded).ToList();
        var said = turns.Select(i => Conversation.Said(s.Calls[i])).LastOrDefault(text => text.Length > 0);
        turn.Fail(step.Index, FailureCatalog.Fail("AGENT_LIMIT", $"Step {step.Id} reached {words}.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("limit", limit);
            writer.WriteNumber("turns", turns.Count);
            writer.WriteNumber("tool_calls", Enumerable.Range(0, s.Calls.Length).Count(i => places[i].Tool is not null));
            writer.WriteString("cost_cents", (s.Cost - s.CostBefore).Value.ToString(CultureInfo.InvariantCulture));
            if (said is not null) writer.WriteString("last_text", said);
            writer.WriteEndObject();
        })));
    }
}
