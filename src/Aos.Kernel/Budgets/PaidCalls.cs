using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// Reads from a run's events what they mean for shared budgets. It follows the fold word for word: what the ledger holds of a run adds up to
/// what the run's state says it has spent and reserved, without its children, who have lines of their own.
/// </summary>
public static class PaidCalls
{
    /// <summary>The line of what planning cost before the run.</summary>
    public const string Planning = "plan";

    /// <summary>Whether calls of the run may cost something, as far as its terms tell.</summary>
    public static bool IsPriced(RunStarted start)
    {
        foreach (var (_, terms) in start.Terms)
        {
            if (terms.Cost.BaseCents > 0 || terms.Cost.CentsPerKb > 0 || !terms.Cost.Prices.IsEmpty) return true;
        }

        return false;
    }

    /// <summary>The first paid call that a plan is sure to make, with its parameters as written; null: it is sure of none.</summary>
    public static PaidCall? First(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms, string agent, DateTimeOffset at)
    {
        foreach (var step in plan.Steps)
        {
            if (step.FallbackOnly || step.When is not null || step.ForEach is not null) continue;
            var (skill, asked) = step.Agent is { } loop ? (AgentClause.Model, Pricing.Asked(loop)) : (step.Skill ?? "", step.Params);
            if (!terms.TryGetValue(skill, out var term)) continue;
            var bound = term.Cost.UpperBound(asked);
            if (bound > Cents.Zero)
                return new PaidCall { Call = string.Create(CultureInfo.InvariantCulture, $"s{step.Index}"), Attempt = 1, Agent = agent, Skill = skill, Model = term.Cost.Model(asked) ?? "", Bound = bound, At = at };
        }

        return null;
    }

    /// <summary>Whether there is anything to read: most runs cost nothing.</summary>
    public static bool Any(IReadOnlyList<RunEvent> events, bool isPriced)
    {
        if (isPriced) return events.Count > 0;
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is CallSucceeded { Outcome.Cost.Value: > 0 } or CallFailed { Outcome.Cost.Value: > 0 } or RunStarted { Charged.Value: > 0 }) return true;
        }

        return false;
    }

    /// <param name="before">The run before the events.</param>
    public static MoneyFacts Of(RunState before, IReadOnlyList<RunEvent> events)
    {
        var state = before;
        List<MoneyFact>? facts = null;
        var (ended, endEvent) = ((int?)null, -1);
        for (var i = 0; i < events.Count; i++)
        {
            switch (events[i])
            {
                case RunStarted { Charged.Value: > 0 } start: Add(new MoneyFact(MoneyKind.Settled, i, OfPlanning(start), start.Charged)); break;
                case CallSucceeded done: Add(Settled(state, i, done.Effect, done.Outcome, done.At)); break;
                case CallFailed failed: Add(Settled(state, i, failed.Effect, failed.Outcome, failed.At)); break;
                case CallUnknown unknown: Add(Settled(state, i, unknown.Effect, null, unknown.At)); break;
                case RunEnded:
                    foreach (var open in Open(state)) Add(Settled(state, i, open, null, events[i].At));
                    (ended, endEvent) = (state.Attempt, i);
                    break;
            }

            state = Fold.Evolve(state, events[i]);
            if (events[i] is StepStarted { Reserved.Value: > 0 } started) Add(new MoneyFact(MoneyKind.Opened, i, Of(state, started.Effect, Fold.Call(state, started.Effect), started.At), Cents.Zero));
        }

        return facts is null && ended is null ? MoneyFacts.None : new MoneyFacts(facts ?? [], ended, endEvent);

        void Add(MoneyFact? fact)
        {
            if (fact is not null) (facts ??= []).Add(fact);
        }
    }

    /// <param name="outcome">Null: nobody knows it, and the worst case counts.</param>
    private static MoneyFact? Settled(RunState state, int i, EffectId effect, StructuredOutcome? outcome, DateTimeOffset at)
    {
        if (state.Plan.Steps[effect.Step].Kind == StepKind.Child) return null; // Children are runs, with lines of their own.
        var call = Fold.Call(state, effect);
        if (call.Status == CallStatus.Unknown) return null; // The worst case is settled already.
        var isOrdered = call.Started?.Effect == effect;
        var bound = isOrdered ? call.Started!.Reserved : Cents.Zero;
        var actual = outcome?.Cost ?? bound;
        if (bound == Cents.Zero && actual == Cents.Zero) return null;
        if (!isOrdered) call = call with { Started = null, Generation = effect.Generation, Attempts = call.Attempts + 1 };
        return new MoneyFact(MoneyKind.Settled, i, Of(state, effect, call, call.Started?.At ?? at), actual, Tokens(outcome, "input_tokens"), Tokens(outcome, "output_tokens"));
    }

    /// <summary>Ordered calls whose outcome is not known; the end of the run settles them.</summary>
    private static IEnumerable<EffectId> Open(RunState state)
    {
        for (var i = -1; (i = state.Steps.Next(i + 1, 0, static (sum, _) => sum.Started > 0)) >= 0;)
        {
            var calls = state.Steps[i].Calls;
            for (var at = -1; (at = calls.Next(at + 1, 0, static (sum, _) => sum.Started > 0)) >= 0;)
            {
                if (calls[at].Started is { } started) yield return started.Effect;
            }
        }

        if (state.Compensating is not { } compensation) yield break;
        foreach (var i in compensation.Steps)
        {
            if (state.Steps[i].Compensation is { Status: CallStatus.Started, Started: { } started }) yield return started.Effect;
        }
    }

    private static PaidCall Of(RunState state, EffectId effect, CallState call, DateTimeOffset at)
    {
        var step = state.Plan.Steps[effect.Step];
        var skill = effect.Compensation ? step.Compensate!.Skill : call.Started?.Skill ?? step.Skill ?? "";
        return new PaidCall
        {
            Call = string.Create(CultureInfo.InvariantCulture, $"{(effect.Compensation ? "c" : "s")}{effect.Step}.{effect.Item}#{state.Attempt}.{effect.Generation}.{call.Attempts}"),
            Attempt = state.Attempt,
            Agent = state.Start!.AgentId,
            Skill = skill,
            Model = Model(state, step, skill, call) ?? "",
            Bound = call.Started?.Reserved ?? Cents.Zero,
            At = at,
        };
    }

    /// <summary>Of an agent step's turn the plan says it: its parameters are the whole conversation.</summary>
    private static string? Model(RunState state, PlanStep step, string skill, CallState call)
    {
        if (!state.Start!.Terms.TryGetValue(skill, out var terms)) return null;
        if (call.Started?.Turn is not null) return step.Agent?.ModelName ?? terms.Cost.Model(Json.EmptyObject);
        return call.Started is { } started ? terms.Cost.Model(started.Params) : terms.Cost.Model(Json.EmptyObject);
    }

    private static PaidCall OfPlanning(RunStarted start) => new()
    {
        Call = Planning, Attempt = 1, Agent = start.AgentId, Skill = Planning, Model = "", Bound = start.Charged, At = start.At,
    };

    private static long Tokens(StructuredOutcome? outcome, string name) =>
        outcome?.Result is { ValueKind: JsonValueKind.Object } result && result.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var count) && count > 0 ? count : 0;
}
