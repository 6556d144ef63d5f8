using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Another way to do what a plan does.</summary>
/// <param name="Kind"><c>fewer_model_calls</c>, <c>cheaper_model</c>, <c>cached_result</c>, <c>fewer_items</c> or <c>raise_budget</c>.</param>
/// <param name="PotentialSavings">Compared with the plan as it is: the changed plan was simulated.</param>
/// <param name="Feasible">Whether the changed plan would be admitted.</param>
public sealed record Alternative(string Kind, string Suggestion, Cents PotentialSavings, bool Feasible)
{
    /// <summary>The step it changes; null: several, or none.</summary>
    public string? StepId { get; init; }

    /// <summary>The model to name.</summary>
    public string? Model { get; init; }

    /// <summary>How many items to give the step.</summary>
    public int? Items { get; init; }

    /// <summary>The budget to give, cents.</summary>
    public long? BudgetCents { get; init; }
}

/// <summary>Alternatives of one plan, each found by judging the plan with the change made. Their number is bounded, and so is what each of them takes.</summary>
internal sealed class Alternatives(SimulatorFacts facts, SimulationRequest request, Plan plan, Verdict verdict)
{
    /// <summary>Of each kind that changes a single step: for the dearest ones.</summary>
    private const int StepsMax = 3;

    /// <summary>Plans with more steps get only what changes them as a whole, and no more of their steps are changed.</summary>
    private const int PlanStepsMax = 1_000;

    internal ImmutableArray<Alternative> Find(ImmutableArray<StepEstimate> estimates)
    {
        var found = ImmutableArray.CreateBuilder<Alternative>();
        var dearest = estimates.Where(step => step.Cost > Cents.Zero && !plan.Steps[step.StepIndex].FallbackOnly).OrderByDescending(step => step.Cost).ThenBy(step => step.StepIndex).ToList();
        var models = dearest.Where(step => facts.Price(step.SkillId).CentsPerThousandCharacters > 0).ToList();
        if (models.Count > 0)
            found.Add(Judge("fewer_model_calls", "Call the model less often, with shorter prompts, or choose a cheaper model.", Without(models)));
        AddCheaper(found, dearest);
        if (plan.Steps.Length <= PlanStepsMax)
        {
            AddCached(found, dearest);
            AddFewer(found, dearest);
        }

        found.Add(RaisedBudget());
        return found.DrainToImmutable();
    }

    private void AddCheaper(ImmutableArray<Alternative>.Builder found, List<StepEstimate> dearest)
    {
        var changes = new List<(PlanStep Step, string Model)>();
        foreach (var estimate in dearest.Take(PlanStepsMax))
        {
            if (plan.Steps[estimate.StepIndex] is { Skill: { } skill } step && CheaperModel.Of(facts, skill, step.Params) is { } model) changes.Add((CheaperModel.Named(step, model), model));
        }

        if (plan.Steps.Length <= PlanStepsMax)
        {
            foreach (var (step, model) in changes.Take(StepsMax))
                found.Add(Judge("cheaper_model", $"Let step {step.Id} ask {model}.", Changed([step])) with { StepId = step.Id, Model = model });
        }

        if (changes.Count < 2 && plan.Steps.Length <= PlanStepsMax || changes.Count == 0) return;
        var names = changes.Select(change => change.Model).Distinct(StringComparer.Ordinal).ToList();
        var all = Judge("cheaper_model", $"Let the {changes.Count} dearest steps that ask a model ask {string.Join(", ", names)}.", Changed(changes.Select(change => change.Step)));
        found.Add(names.Count == 1 ? all with { Model = names[0] } : all);
    }

    private void AddCached(ImmutableArray<Alternative>.Builder found, List<StepEstimate> dearest)
    {
        foreach (var estimate in dearest.Where(step => facts.Price(step.SkillId).CachesAnswers && plan.Steps[step.StepIndex].Params.Get("cache") is not { ValueKind: JsonValueKind.False }).Take(StepsMax))
        {
            var hasSeed = plan.Steps[estimate.StepIndex].Params.Get("seed") is { ValueKind: JsonValueKind.Number };
            var how = hasSeed || estimate.SkillId != AgentClause.Model ? "Ask" : "Give it a seed, and ask";
            found.Add(Judge("cached_result", $"Step {estimate.StepId}: an answer that is kept costs nothing. {how} what was asked before, word for word.", Without([estimate])) with { StepId = estimate.StepId });
        }
    }

    private void AddFewer(ImmutableArray<Alternative>.Builder found, List<StepEstimate> dearest)
    {
        foreach (var estimate in dearest.Where(step => step.CallsMin == step.CallsMax && step.CallsMin > 1 && plan.Steps[step.StepIndex].ForEach is not null).Take(StepsMax))
        {
            if (verdict.Budget is not { } budget) return;
            var (calls, one) = (estimate.CallsMin, estimate.Cost.Value / estimate.CallsMin);
            var fit = (int)Math.Clamp((budget.Value - (verdict.Cost.Value - estimate.Cost.Value)) / one, 1, calls - 1);
            var step = plan.Steps[estimate.StepIndex] with { ForEach = Zeros(fit) };
            found.Add(Judge("fewer_items", $"Give step {estimate.StepId} {fit} of its {calls} items.", Changed([step])) with { StepId = estimate.StepId, Items = fit });
        }
    }

    private Alternative RaisedBudget()
    {
        var whole = verdict.Cost.ToWholeCents();
        var raised = Verdict.Of(facts, request with { Budget = new Cents(whole), Reading = request.Reading with { Plan = plan with { Budget = null } } });
        return new Alternative("raise_budget", $"Raise the budget to at least {whole} cents.", Cents.Zero, raised.Refusal is null) { BudgetCents = whole };
    }

    private Alternative Judge(string kind, string suggestion, Plan changed)
    {
        var after = Verdict.Of(facts, request with { Reading = request.Reading with { Plan = changed } });
        return new Alternative(kind, suggestion, verdict.Cost - after.Cost, after.Refusal is null);
    }

    /// <summary>The plan with these steps in the place of those of the same index.</summary>
    private Plan Changed(IEnumerable<PlanStep> steps)
    {
        var all = plan.Steps.ToBuilder();
        foreach (var step in steps) all[step.Index] = step;
        return plan with { Steps = all.ToImmutable() };
    }

    /// <summary>The plan as if these steps made no call of their own.</summary>
    private Plan Without(IEnumerable<StepEstimate> steps) => Changed(steps.Select(step => plan.Steps[step.StepIndex] with { FallbackOnly = true }));

    /// <summary>A list of so many items: of a list only their number has a price.</summary>
    private static JsonElement Zeros(int count) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        for (var i = 0; i < count; i++) writer.WriteNumberValue(0);
        writer.WriteEndArray();
    });
}
