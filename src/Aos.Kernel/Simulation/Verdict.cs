using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Whether a plan may run, and with what a start is refused: simulate and admission both ask here.</summary>
/// <param name="Cost">Typical; zero for a plan that could not be read.</param>
/// <param name="Budget">The lower one of the request's and the plan's.</param>
/// <param name="Inputs">With the defaults of the plan.</param>
internal readonly record struct Verdict(
    string Status, Failure? Refusal, Cents Cost, Cents? Budget, JsonElement Inputs, bool FitsBudget, ImmutableArray<string> Gaps,
    ImmutableArray<PlanProblem> Problems)
{
    /// <summary>
    /// The first of: a plan that is not valid, a skill that is not there, one the agent may not use, a construct whose
    /// room is not there, inputs that do not fit, a budget or limit below the estimate.
    /// </summary>
    internal static Verdict Of(SimulatorFacts facts, SimulationRequest request)
    {
        var problems = request.Reading.Problems;
        if (request.Reading.Plan is not { } plan)
            return new Verdict("invalid_plan", Admission.Refusal(problems), Cents.Zero, request.Budget, request.Inputs, true, [], problems);
        var budget = Cents.Lower(request.Budget, plan.Budget);
        var (inputs, wrong) = Admission.Inputs(plan, request.Inputs);
        var cost = Pricing.Cost(facts, plan, inputs);
        var byModel = facts.Limits.ModelMax.IsEmpty ? null : Pricing.ByModel(facts, plan, inputs);
        var money = PlanBudgetVerdict.Of(facts.Limits, cost, byModel, budget);
        var skills = Admission.SkillsOf(plan);
        var gaps = GapsOf(skills, request);
        var (status, refusal) = Judge(facts, request, plan, skills, wrong, money, gaps);
        return new Verdict(status, refusal, cost, budget, inputs, money.Allowed, gaps, problems);
    }

    private static (string Status, Failure? Refusal) Judge(
        SimulatorFacts facts, SimulationRequest request, Plan plan, IReadOnlyList<string> skills, Failure? wrongInputs, PlanBudgetVerdict money,
        ImmutableArray<string> gaps)
    {
        if (request.Reading.Problems is { IsEmpty: false } problems) return ("skill_unavailable", Admission.Refusal(problems));
        if (!gaps.IsEmpty) return ("permission_denied", Admission.Denied(request.AgentId, gaps));
        if (Unavailable(facts, plan) is { } unavailable) return ("invalid_plan", unavailable);
        foreach (var skill in skills)
        {
            if (!facts.Terms.ContainsKey(skill)) return ("skill_unavailable", FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}."));
        }

        if (wrongInputs is not null) return ("invalid_plan", wrongInputs);
        return money.Refusal() is { } refusal ? ("budget_insufficient", refusal) : ("feasible", null);
    }

    private static Failure? Unavailable(SimulatorFacts facts, Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            if (step.Kind == StepKind.Agent) return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: agent steps are not available in this version.");
            if (step.Await?.Approval is not null && !facts.HasApprovals)
                return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: approvals are not available in this version.");
            if (step.Child is { Read: null, Workflow: { } reference })
                return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: {reference} was not looked up; a plan that is made here cannot refer to workflows.");
            if (step.Child?.Read is { } child && Unavailable(facts, child) is { } inside) return inside;
        }

        return null;
    }

    private static ImmutableArray<string> GapsOf(IReadOnlyList<string> skills, SimulationRequest request)
    {
        if (request.AllowedSkills is null && request.BlockedSkills is null) return [];
        var gaps = ImmutableArray.CreateBuilder<string>();
        foreach (var skill in skills)
        {
            var isAllowed = request.AllowedSkills is null || request.AllowedSkills.Contains(skill);
            if (!isAllowed || request.BlockedSkills?.Contains(skill) == true) gaps.Add(skill);
        }

        return gaps.DrainToImmutable();
    }
}
