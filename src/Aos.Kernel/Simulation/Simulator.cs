using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// Says what a plan will cost, how long it takes and whether it can work. A pure function of request and facts: equal
/// ones give equal answers, whenever and wherever.
/// </summary>
public static class Simulator
{
    /// <summary>Of the rules below.</summary>
    public const string Version = "1.0.0";

    /// <summary>Risks up to this probability are not named.</summary>
    private const double RiskNamed = 0.05;

    /// <summary>The longest step that is counted, milliseconds: sums stay within 64 bits.</summary>
    private const long LatencyMax = 300_000_000_000_000;

    /// <summary>Why a run of this plan is refused, or null. The refusal <see cref="Simulate"/> names.</summary>
    public static Failure? Admit(SimulatorFacts facts, SimulationRequest request) => Verdict.Of(facts, request).Refusal;

    /// <summary>What one call with these parameters typically costs, as <see cref="Simulate"/> counts it.</summary>
    public static Cents Typical(SimulatorFacts facts, string skill, JsonElement parameters) => new(Pricing.Call(facts.Price(skill), parameters));

    /// <summary>How often a step calls its skill at least, when it runs.</summary>
    public static int FewestCalls(PlanStep step, JsonElement inputs) => CallCount.Of(step, inputs).Min;

    /// <summary>What a child is given, when that is known before the run; else <c>{}</c>.</summary>
    public static JsonElement ChildInputs(ChildClause clause) => Pricing.ChildInputs(clause);

    public static Simulation Simulate(SimulatorFacts facts, SimulationRequest request)
    {
        var verdict = Verdict.Of(facts, request);
        var budget = verdict.Budget;
        var warnings = new List<string>();
        foreach (var warning in request.Reading.Warnings) warnings.Add($"{warning.Path}: {warning.Message}");
        var steps = ImmutableArray<StepEstimate>.Empty;
        var (costMax, duration, risk) = (Cents.Zero, 0L, 0.0);
        if (request.Reading.Plan is { } plan)
        {
            steps = Estimate(facts.With(request.Measured), plan, verdict.Inputs);
            costMax = Max(steps);
            duration = CriticalPath.Of(plan, steps.AsSpan());
            risk = Cumulative(plan, steps);
            SimulationWarnings.Add(warnings, facts, plan, steps, budget, costMax, risk);
        }
        else if (request.Reading.Problems.Any(problem => problem.Code == "EMPTY_PLAN"))
        {
            warnings.Add("Empty plan: there is no step to run.");
        }

        foreach (var fact in request.Moment)
        {
            if (fact.Warning is { } warning) warnings.Add(warning);
        }

        var (trace, root) = Identify(request);
        return new Simulation(
            verdict.Refusal is null, verdict.Status, verdict.Refusal, verdict.Cost, costMax, duration, budget,
            budget is { } limit ? limit - verdict.Cost : null, verdict.FitsBudget, verdict.Gaps, verdict.DomainGaps, Risks(steps), risk, steps,
            Others(facts, request, verdict, steps), verdict.Problems, [.. warnings], trace, root, Versions(facts, request));
    }

    private static ImmutableArray<StepEstimate> Estimate(SimulatorFacts facts, Plan plan, JsonElement inputs)
    {
        var steps = ImmutableArray.CreateBuilder<StepEstimate>(plan.Steps.Length);
        foreach (var step in plan.Steps) steps.Add(Estimate(facts, step, inputs));
        return steps.MoveToImmutable();
    }

    private static StepEstimate Estimate(SimulatorFacts facts, PlanStep step, JsonElement inputs)
    {
        if (step.Child?.Read is { } child) return Child(facts, step, child);
        if (step.Agent is { } agent) return Agent(facts, step, agent);
        if (step.Skill is not { } skill)
        {
            var (name, time) = step.Kind switch
            {
                StepKind.Sleep => ("wait", step.Sleep ?? TimeSpan.Zero),
                StepKind.Await => ("await", TimeSpan.Zero),
                _ => ("run", TimeSpan.Zero),
            };
            return new StepEstimate(step.Index, step.Id, name, Cents.Zero, Cents.Zero, (long)time.TotalMilliseconds, 0, "none", true, 1, 1, []);
        }

        var price = facts.Price(skill);
        var calls = CallCount.Of(step, inputs);
        var cost = Pricing.Cost(price, step, calls);
        var probability = calls.Min == 1 ? price.Worst.Probability : Rounded(1 - Math.Pow(1 - price.Worst.Probability, calls.Min));
        return new StepEstimate(
            step.Index, step.Id, skill, cost, Pricing.Bound(price, step, cost, calls), Latency(price, step, calls), probability,
            RiskTypes.Of(price.Worst.Code), facts.Terms.ContainsKey(skill), calls.Min, calls.Max, price.Risks);
    }

    private static StepEstimate Child(SimulatorFacts facts, PlanStep step, Plan child)
    {
        var inside = Estimate(facts, child, Pricing.ChildInputs(step.Child!));
        var cost = Pricing.Cost(facts, child, Pricing.ChildInputs(step.Child!));
        return new StepEstimate(
            step.Index, step.Id, "run", cost, Max(inside), CriticalPath.Of(child, inside.AsSpan()), Cumulative(child, inside), "child_failed",
            inside.All(estimate => estimate.Known), 1, 1, []);
    }

    /// <summary>One turn at least; how many it takes, and what its tools cost, is seen in the run.</summary>
    private static StepEstimate Agent(SimulatorFacts facts, PlanStep step, AgentClause agent)
    {
        var price = facts.Price(AgentClause.Model);
        var turn = Pricing.Turn(facts, agent);
        return new StepEstimate(
            step.Index, step.Id, "agent", Cents.Lower(agent.MaxCost, turn)!.Value, Pricing.Bound(price.Bound, agent, turn), Latency(price, step, new CallCount(1, 1)),
            price.Worst.Probability, RiskTypes.Of(price.Worst.Code), agent.Skills.All(facts.Terms.ContainsKey) && facts.Terms.ContainsKey(AgentClause.Model), 1, agent.MaxTurns,
            price.Risks);
    }

    /// <summary>Typical latency of the step: its calls in rounds of as many as run at once.</summary>
    private static long Latency(SkillPrice price, PlanStep step, CallCount calls)
    {
        decimal call = price.LatencyMs;
        if (price.TimeoutBoundsLatency && step.Params.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in step.Params.EnumerateObject())
            {
                if (member.NameEquals("timeout"u8) || member.NameEquals("timeout_seconds"u8)) call = Least(call, member.Value, 1000);
                else if (member.NameEquals("timeout_ms"u8)) call = Least(call, member.Value, 1);
            }
        }

        if (step.Timeout is { } timeout) call = Math.Min(call, (decimal)timeout.TotalMilliseconds);
        var rounds = (calls.Min + step.MaxParallel - 1) / step.MaxParallel;
        return (long)Math.Min(call * rounds, LatencyMax);
    }

    private static decimal Least(decimal milliseconds, JsonElement timeout, int unit) =>
        timeout.ValueKind == JsonValueKind.Number && timeout.TryGetDecimal(out var value) && value is >= 0 and < 1_000_000
            ? Math.Min(milliseconds, value * unit)
            : milliseconds;

    private static Cents Max(ImmutableArray<StepEstimate> steps)
    {
        var sum = 0m;
        foreach (var step in steps) sum += step.CostMax.Value;
        return new Cents(sum);
    }

    private static double Cumulative(Plan plan, ImmutableArray<StepEstimate> steps)
    {
        var success = 1.0;
        foreach (var step in steps)
        {
            if (!plan.Steps[step.StepIndex].FallbackOnly) success *= 1 - step.RiskProbability;
        }

        return Rounded(1 - success);
    }

    private static double Rounded(double probability) => Math.Round(probability, 6);

    /// <summary>Steps of one skill share the words for its failures, which many steps need not say anew.</summary>
    private static ImmutableArray<SimulatedRisk> Risks(ImmutableArray<StepEstimate> steps)
    {
        var risks = ImmutableArray.CreateBuilder<SimulatedRisk>();
        var said = new Dictionary<(string Skill, SkillRisk Risk), SimulatedRisk>();
        foreach (var step in steps)
        {
            foreach (var risk in step.Failures)
            {
                if (risk.Probability <= RiskNamed) continue;
                if (!said.TryGetValue((step.SkillId, risk), out var known)) said[(step.SkillId, risk)] = known = Said(step, risk);
                risks.Add(known with { StepIndex = step.StepIndex });
            }
        }

        return risks.DrainToImmutable();
    }

    private static SimulatedRisk Said(StepEstimate step, SkillRisk risk)
    {
        var type = RiskTypes.Of(risk.Code);
        var percent = Math.Round(risk.Probability * 100, 2).ToString(CultureInfo.InvariantCulture);
        return new SimulatedRisk(
            step.StepIndex, step.SkillId, risk.Code, type, risk.Probability, $"{step.SkillId} fails with {type} in {percent} % of its calls.", RiskTypes.Mitigation(type));
    }

    private static ImmutableArray<Alternative> Others(SimulatorFacts facts, SimulationRequest request, Verdict verdict, ImmutableArray<StepEstimate> steps) =>
        request.Reading.Plan is { } plan && (request.WithAlternatives || !verdict.FitsBudget) ? new Alternatives(facts, request, plan, verdict).Find(steps) : [];

    private static ImmutableSortedDictionary<string, string> Versions(SimulatorFacts facts, SimulationRequest request)
    {
        var versions = facts.Versions.Value;
        foreach (var fact in request.Moment) versions = versions.SetItem(fact.Name, fact.Value);
        if (request.Measured.Hash is { } measured) versions = versions.SetItem("measured_risks", measured);
        return request.Rules is { } rules ? versions.SetItem("agent", Hash(rules)) : versions;
    }

    private static string Hash(AgentRules rules) => ContentHash.Short(Json.Write(writer =>
    {
        writer.WriteStartObject();
        Names("allowed", rules.AllowedSkills);
        Names("blocked", rules.BlockedSkills);
        if (!rules.Domains.IsEmpty)
        {
            Names("allowed_domains", rules.Domains.Allowed);
            Names("blocked_domains", rules.Domains.Blocked);
        }

        writer.WriteEndObject();

        void Names(string name, ImmutableArray<string>? names)
        {
            if (names is not { IsDefault: false } some) return;
            writer.WriteStartArray(name);
            foreach (var one in some.Order(StringComparer.Ordinal)) writer.WriteStringValue(one);
            writer.WriteEndArray();
        }
    }));

    private static (string Trace, string Root) Identify(SimulationRequest request)
    {
        var plan = request.Reading.Plan?.Hash ?? request.SourceHash ?? "";
        var text = string.Create(
            CultureInfo.InvariantCulture, $"aos.simulation.v1\n{plan}\n{request.Seed}\n{request.Timestamp}\n{request.Tenant.Value}\n{TypicalFigures.Version}");
        var root = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return ($"sim_{root.AsSpan(0, 32)}", root);
    }
}
