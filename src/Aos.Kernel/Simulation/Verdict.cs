using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Whether a plan may run, and with what a start is refused: simulate and admission both ask here.</summary>
/// <param name="Cost">Typical; zero for a plan that could not be read.</param>
/// <param name="Budget">The lower one of the request's and the plan's.</param>
/// <param name="Inputs">With the defaults of the plan.</param>
internal readonly record struct Verdict(
    string Status, Failure? Refusal, Cents Cost, Cents? Budget, JsonElement Inputs, bool FitsBudget, ImmutableArray<string> Gaps,
    ImmutableArray<DomainGap> DomainGaps, ImmutableArray<PlanProblem> Problems)
{
    /// <summary>
    /// The first of: a plan that is not valid, a skill that is not there, an agent that starts nothing now, a skill it may not use, a
    /// domain it may not reach, a workflow that was not looked up, inputs that do not fit, a budget or limit below the estimate,
    /// an agent without the money.
    /// </summary>
    internal static Verdict Of(SimulatorFacts facts, SimulationRequest request)
    {
        var problems = request.Reading.Problems;
        if (request.Reading.Plan is not { } plan)
            return new Verdict("invalid_plan", Admission.Refusal(problems), Cents.Zero, request.Budget, request.Inputs, true, [], [], problems);
        var budget = Cents.Lower(request.Budget, plan.Budget);
        var (inputs, wrong) = Admission.Inputs(plan, request.Inputs);
        var cost = Pricing.Cost(facts, plan, inputs);
        var byModel = facts.Limits.ModelMax.IsEmpty ? null : Pricing.ByModel(facts, plan, inputs);
        var money = PlanBudgetVerdict.Of(facts.Limits, cost, byModel, budget);
        var skills = Admission.SkillsOf(plan);
        var gaps = request.Rules?.SkillGaps(skills) ?? [];
        var domains = request.Rules?.DomainGaps(plan, facts.TargetParam) ?? [];
        var (status, refusal) = Judge(facts, request, plan, skills, wrong, money, gaps, domains);
        return new Verdict(status, refusal, cost, budget, inputs, money.Allowed, gaps, domains, problems);
    }

    private static (string Status, Failure? Refusal) Judge(
        SimulatorFacts facts, SimulationRequest request, Plan plan, IReadOnlyList<string> skills, Failure? wrongInputs, PlanBudgetVerdict money,
        ImmutableArray<string> gaps, ImmutableArray<DomainGap> domains)
    {
        if (request.Reading.Problems is { IsEmpty: false } problems) return ("skill_unavailable", Admission.Refusal(problems));
        if (Refused(request, isPermission: true) is { } standing) return ("permission_denied", standing);
        if (!gaps.IsEmpty) return ("permission_denied", Admission.Denied(request.AgentId, gaps));
        if (!domains.IsEmpty) return ("permission_denied", Admission.Unreachable(request.AgentId, domains));
        if (NotLookedUp(plan) is { } unknown) return ("invalid_plan", unknown);
        foreach (var skill in skills)
        {
            if (!facts.Terms.ContainsKey(skill)) return ("skill_unavailable", FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}."));
        }

        if (wrongInputs is not null) return ("invalid_plan", wrongInputs);
        return (money.Refusal() ?? Refused(request, isPermission: false)) is { } refusal ? ("budget_insufficient", refusal) : ("feasible", null);
    }

    private static Failure? NotLookedUp(Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            if (step.Child is { Read: null, Workflow: { } reference })
                return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: {reference} was not looked up; a plan that is made here cannot refer to workflows.");
            if (step.Child?.Read is { } child && NotLookedUp(child) is { } inside) return inside;
        }

        return null;
    }

    private static Failure? Refused(SimulationRequest request, bool isPermission)
    {
        foreach (var fact in request.Moment)
        {
            if (fact.Refusal is { } refusal && refusal.Code == "PERMISSION_DENIED" == isPermission) return refusal;
        }

        return null;
    }
}
