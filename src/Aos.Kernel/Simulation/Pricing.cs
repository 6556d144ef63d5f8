using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a step typically costs: the arithmetic that simulate and admission share.</summary>
internal static class Pricing
{
    /// <summary>Typical cost of a plan: all steps that run when nothing fails, each with its fewest calls.</summary>
    internal static Cents Cost(SimulatorFacts facts, Plan plan, JsonElement inputs)
    {
        var sum = 0m;
        foreach (var step in plan.Steps)
        {
            if (!step.FallbackOnly) sum += Cost(facts, step, inputs).Value;
        }

        return new Cents(sum);
    }

    internal static Cents Cost(SimulatorFacts facts, PlanStep step, JsonElement inputs)
    {
        if (step.Child?.Read is { } child) return Cost(facts, child, ChildInputs(step.Child));
        if (step.Agent is { } agent) return Cents.Lower(agent.MaxCost, Turn(facts, agent))!.Value;
        if (step.Skill is not { } skill) return Cents.Zero;
        var call = Call(facts.Price(skill), step.Params);
        return call == 0 || step is { ForEach: null } ? new Cents(call) : new Cents(call * CallCount.Of(step, inputs).Min);
    }

    /// <summary>Typical cost of a step that calls a skill so often.</summary>
    internal static Cents Cost(SkillPrice price, PlanStep step, CallCount calls)
    {
        var call = Call(price, step.Params);
        return new Cents(step.ForEach is null ? call : call * calls.Min);
    }

    /// <summary>Typical cost of one turn of an agent step.</summary>
    internal static Cents Turn(SimulatorFacts facts, AgentClause agent) => new(Call(facts.Price(AgentClause.Model), Asked(agent)));

    /// <summary>
    /// Upper bound of an agent step: what its plan allows, else all its turns as if nothing had been said before them. What tools cost is not in it.
    /// </summary>
    internal static Cents Bound(CostModel? turn, AgentClause agent, Cents typical)
    {
        if (agent.MaxCost is { } max) return max;
        var one = turn?.UpperBound(Asked(agent)) ?? Cents.Zero;
        return new Cents((one < typical ? typical : one).Value * agent.MaxTurns);
    }

    /// <summary>Parameters of a first turn, as far as the plan tells them.</summary>
    internal static JsonElement Asked(AgentClause agent) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("prompt");
        agent.Goal.WriteTo(writer);
        if (agent.ModelName is { } model) writer.WriteString("model", model);
        if (agent.MaxTokens is { } tokens) writer.WriteNumber("max_tokens", tokens);
        writer.WriteEndObject();
    });

    /// <summary>Typical cost of one call, never above the bound of a model that the step itself names.</summary>
    internal static decimal Call(SkillPrice price, JsonElement parameters)
    {
        if (price.CentsPerThousandCharacters == 0) return price.Cents;
        var cost = Math.Max(price.Cents, price.CentsPerThousandCharacters * (PromptLength(parameters) / 1000));
        return price.Bound is { } model && parameters.GetText("model") is { } named && model.Prices.ContainsKey(named)
            ? Math.Min(cost, model.UpperBound(parameters).Value)
            : cost;
    }

    /// <summary>Never more than this, for the parameters as they are written.</summary>
    internal static Cents Bound(SkillPrice price, PlanStep step, Cents cost, CallCount calls)
    {
        if (price.Bound is not { } model) return cost;
        var call = model.UpperBound(step.Params);
        if (step.MaxCost is { } max && call > max) call = max;
        var bound = new Cents(call.Value * calls.Max);
        return bound < cost ? cost : bound;
    }

    /// <summary>Typical cost of the plan's calls by the model each names, those of children included; null: none is named.</summary>
    internal static Dictionary<string, Cents>? ByModel(SimulatorFacts facts, Plan plan, JsonElement inputs, Dictionary<string, Cents>? sums = null)
    {
        foreach (var step in plan.Steps)
        {
            if (step.FallbackOnly) continue;
            if (step.Child?.Read is { } child) sums = ByModel(facts, child, ChildInputs(step.Child), sums);
            if ((step.Agent is { } agent ? agent.ModelName : step.Skill is null ? null : step.Params.GetText("model")) is not { } model) continue;
            sums ??= new Dictionary<string, Cents>(StringComparer.Ordinal);
            sums[model] = sums.GetValueOrDefault(model) + Cost(facts, step, inputs);
        }

        return sums;
    }

    /// <summary>What a child is given, when that is known before the run.</summary>
    internal static JsonElement ChildInputs(ChildClause clause) => Template.HasExpressions(clause.Inputs) ? Json.EmptyObject : clause.Inputs;

    private static int PromptLength(JsonElement parameters) =>
        parameters.GetText("prompt") is { } prompt ? prompt.Length : parameters.Get("messages") is { } messages ? messages.GetRawText().Length : 0;
}
