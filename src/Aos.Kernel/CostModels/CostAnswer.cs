using System.Collections.Immutable;
using System.Globalization;

namespace Aos.Kernel;

/// <summary>What both models of this house share of an answer: the order in which a plan is judged.</summary>
internal readonly record struct CostAnswer(long Cents, decimal Milliseconds, decimal Risk, ImmutableArray<string> Gaps)
{
    /// <summary>Skills of the plan that are not allowed, each once, in the order of the plan.</summary>
    internal static ImmutableArray<string> GapsOf(CostQuestion question)
    {
        if (question.AllowedSkills.IsDefaultOrEmpty) return [];
        var allowed = question.AllowedSkills.ToHashSet(StringComparer.Ordinal);
        return [.. question.Steps.Select(step => step.Skill).Where(skill => !allowed.Contains(skill)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The first of: money, permission, risk. Null: nothing is against the plan.</summary>
    internal (string Status, string Warning)? Against(CostQuestion question)
    {
        if (Cents > question.BudgetCents)
            return ("budget_insufficient", string.Create(CultureInfo.InvariantCulture, $"The plan is estimated at {Cents} cents; the budget is {question.BudgetCents}."));
        if (!Gaps.IsEmpty) return ("permission_denied", $"Not allowed: {string.Join(", ", Gaps)}.");
        return (double)Risk > question.RiskThreshold
            ? ("risk_too_high", string.Create(CultureInfo.InvariantCulture, $"The cumulative risk of {Math.Round(Risk, 4)} is above the threshold of {question.RiskThreshold}."))
            : null;
    }

    internal static CostRisk Named(int index, string skill, string type, decimal probability)
    {
        var percent = Math.Round(probability * 100, 2).ToString("0.##", CultureInfo.InvariantCulture);
        return new CostRisk(index, skill, type, (double)probability, $"{skill} fails with {type} in {percent} % of its calls.", RiskTypes.Mitigation(type));
    }
}
