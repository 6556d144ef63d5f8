using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Whether a valid plan may run at all. Simulate and start ask the same question here.</summary>
public static class Admission
{
    /// <summary>Why the plan is refused, or null.</summary>
    /// <param name="budget">Of the run, beside the plan's own; null: unlimited.</param>
    public static Failure? Refusal(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms, Cents? budget)
    {
        foreach (var step in plan.Steps)
        {
            if (step.Kind == StepKind.Agent) return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: agent steps are not available in this version.");
            if (step.Await?.Approval is not null) return FailureCatalog.Fail("NOT_AVAILABLE", $"Step {step.Id}: approvals are not available in this version.");
        }

        foreach (var skill in SkillsOf(plan))
        {
            if (!terms.ContainsKey(skill)) return FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}.");
        }

        return null;
    }

    /// <summary>
    /// What a caller gave as the plan wants it, defaults put in; or why it is refused (<c>INVALID_INPUT</c>, each problem
    /// in <c>details.problems</c>). A plan that declares no inputs takes any.
    /// </summary>
    public static (JsonElement Inputs, Failure? Refusal) Inputs(Plan plan, JsonElement given)
    {
        if (plan.DeclaredInputs is not { } declared) return (given, null);
        var (inputs, problems) = declared.Take(given);
        return (inputs, problems.Count == 0 ? null : SchemaFailure.Of("INVALID_INPUT", problems));
    }

    /// <summary>Names of all skills the plan can call, each once, in plan order; those of inline child plans included.</summary>
    public static IReadOnlyList<string> SkillsOf(Plan plan)
    {
        var names = new List<string>();
        foreach (var step in plan.Steps)
        {
            Add(step.Skill);
            Add(step.Compensate?.Skill);
            if (step.Child?.Plan is { } child) AddChild(child);
        }

        return names;

        void AddChild(JsonElement child)
        {
            foreach (var step in child.Get("steps")?.EnumerateArray() ?? default)
            {
                Add(step.GetText("skill"));
                Add(step.Get("compensate")?.GetText("skill"));
                if (step.Get("run")?.Get("plan") is { } inner) AddChild(inner);
            }
        }

        void Add(string? name)
        {
            if (name is not null && !names.Contains(name)) names.Add(name);
        }
    }
}
