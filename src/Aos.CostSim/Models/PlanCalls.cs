using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>The calls that a plan makes at least, as a list: what cost models know to ask about.</summary>
internal static class PlanCalls
{
    /// <summary>Plans that make more calls are not looked at.</summary>
    internal const int CallsMax = 10_000;

    /// <summary>Stands for a budget without limit, cents.</summary>
    internal const long Unlimited = 9_000_000_000;

    /// <summary>Null: there is none, or there are too many.</summary>
    internal static CostQuestion? Of(SimulatedPlan simulated)
    {
        var calls = ImmutableArray.CreateBuilder<CostStep>();
        if (!Add(calls, simulated.Plan, simulated.Inputs) || calls.Count == 0) return null;
        var budget = simulated.Budget is { } limit ? (long)decimal.Floor(Math.Min(limit.Value, Unlimited)) : Unlimited;
        return new CostQuestion(calls.DrainToImmutable(), budget, []); // What an agent may use is no question of money.
    }

    private static bool Add(ImmutableArray<CostStep>.Builder calls, Plan plan, JsonElement inputs)
    {
        foreach (var step in plan.Steps)
        {
            if (step.FallbackOnly) continue;
            if (step.Child?.Read is { } child && !Add(calls, child, Simulator.ChildInputs(step.Child))) return false;
            if (step.Agent is { } agent) calls.Add(new CostStep(AgentClause.Model, Prompt(agent)));
            else if (step.Skill is { } skill)
            {
                var times = Simulator.FewestCalls(step, inputs);
                if (calls.Count + (long)times > CallsMax) return false;
                for (var i = 0; i < times; i++) calls.Add(new CostStep(skill, step.Params));
            }
        }

        return calls.Count <= CallsMax;
    }

    private static JsonElement Prompt(AgentClause agent) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("prompt");
        agent.Goal.WriteTo(writer);
        writer.WriteEndObject();
    });
}
