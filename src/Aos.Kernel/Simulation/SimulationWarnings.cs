using System.Collections.Immutable;
using System.Globalization;

namespace Aos.Kernel;

/// <summary>What a simulation says beside its verdict.</summary>
internal static class SimulationWarnings
{
    internal static void Add(
        List<string> warnings, SimulatorFacts facts, Plan plan, ImmutableArray<StepEstimate> steps, Cents? budget, Cents costMax, double risk)
    {
        foreach (var estimate in steps)
        {
            var step = plan.Steps[estimate.StepIndex];
            if (!estimate.Known && step.Skill is { } skill)
            {
                var figures = facts.Prices.ContainsKey(skill) ? "typical ones" : "a guess";
                warnings.Add($"Step {step.Id}: the skill '{skill}' is not available; its figures are {figures}.");
            }

            if (step.Agent is { } agent) AddAgent(warnings, facts, step, agent);
            else if (estimate.CallsMax > estimate.CallsMin)
                warnings.Add($"Step {step.Id} makes {estimate.CallsMin} to {estimate.CallsMax} calls; the estimate counts {estimate.CallsMin}.");
            if (step.Await is { Signal: { } signal }) warnings.Add($"Step {step.Id} waits for the signal {signal}; the duration does not count that.");
            if (step.Await is { Approval: not null }) warnings.Add($"Step {step.Id} waits for an approval; the duration does not count that.");
            if (step is { Skill: { } called, MaxCost: { } max } && facts.Price(called).Bound?.UpperBound(step.Params) is { } bound && bound > max)
                warnings.Add($"Step {step.Id}: a call may cost up to {bound} cents; max_cost_cents is {max}, so it is not made.");
        }

        if (budget is { } limit && costMax > limit)
            warnings.Add($"In the worst case the calls cost {costMax} cents; a call that could overspend the budget of {limit} is not made.");
        if (risk > facts.RiskThreshold) warnings.Add($"The cumulative risk of {Percent(risk)} is above the threshold of {Percent(facts.RiskThreshold)}.");
    }

    private static void AddAgent(List<string> warnings, SimulatorFacts facts, PlanStep step, AgentClause agent)
    {
        var limit = agent.MaxCost is { } max ? $"all of it together at most {max} cents" : "without max_cost_cents the run's budget alone bounds it";
        warnings.Add(
            $"Step {step.Id} takes 1 to {agent.MaxTurns} turns of its model, at about {Pricing.Turn(facts, agent)} cents each; the estimate counts 1 and no tools, {limit}.");
        if (!agent.Approve.IsEmpty) warnings.Add($"Step {step.Id}: calls of {string.Join(", ", agent.Approve)} wait for an approval; the duration does not count that.");
    }

    private static string Percent(double share) => Math.Round(share * 100, 1).ToString(CultureInfo.InvariantCulture) + " %";
}
