using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Reads plans with all that is known of skills: what the kernel sees, and the schemas of parameters.</summary>
public static class SkillPlans
{
    /// <summary>
    /// Reads a plan and judges the parameters of its steps, those of child plans and compensations too. Values that
    /// templates will fill are not judged. With <paramref name="allowUnknownSkills"/> a plan whose only problems are skills
    /// that are not there is given beside them; the problems are the same either way.
    /// </summary>
    public static PlanReading ReadPlan(this ISkills skills, JsonElement source, bool allowUnknownSkills = false, WorkflowLinks? links = null) =>
        skills.Chosen(terms => PlanReader.Read(source, terms, allowUnknownSkills: true, links: links), allowUnknownSkills);

    /// <summary>The same for the plan of a stored workflow, in the shape in which it was accepted.</summary>
    public static PlanReading ReadStored(this ISkills skills, JsonElement source, bool allowUnknownSkills, WorkflowLinks links) =>
        skills.Chosen(terms => PlanReader.ReadAccepted(source, terms, links, allowUnknownSkills: true), allowUnknownSkills);

    /// <summary>The skills as a run of this plan has them: in the versions it asks for.</summary>
    public static ISkills For(this ISkills skills, Plan? plan) => plan is null || plan.Asks.IsEmpty ? skills : skills.Choose(plan.Asks).Skills;

    /// <summary>A plan that asks for versions of skills is read again under those it gets.</summary>
    private static PlanReading Chosen(this ISkills skills, Func<IReadOnlyDictionary<string, SkillTerms>, PlanReading> read, bool allowUnknownSkills)
    {
        var reading = read(skills.Terms);
        if (reading.Asks.IsEmpty) return skills.Judged(reading, allowUnknownSkills);
        var (chosen, missing) = skills.Choose(reading.Asks);
        if (!ReferenceEquals(chosen, skills)) reading = read(chosen.Terms);
        if (missing.Count > 0) reading = reading with { Problems = reading.Problems.AddRange(missing) };
        return chosen.Judged(reading, allowUnknownSkills);
    }

    private static PlanReading Judged(this ISkills skills, PlanReading reading, bool allowUnknownSkills)
    {
        if (reading.Plan is not { } plan) return reading;
        var problems = new List<PlanProblem>(reading.Problems);
        Check(skills, plan, "", problems);
        var gaps = ExternalCalls.Gaps(plan, skills.TargetParam).ToList();
        if (gaps.Count > 0) reading = reading with { Warnings = [.. reading.Warnings, .. gaps] };
        var isUsable = problems.Count == 0 || (allowUnknownSkills && problems.Count == reading.Problems.Length);
        return isUsable ? reading : new PlanReading(null, [.. problems], reading.Warnings);
    }

    private static void Check(ISkills skills, Plan plan, string path, List<PlanProblem> problems)
    {
        foreach (var step in plan.Steps)
        {
            Judge(step.Skill, step.Params, $"{path}steps[{step.Index}].params");
            Judge(step.Compensate?.Skill, step.Compensate?.Params ?? Json.EmptyObject, $"{path}steps[{step.Index}].compensate.params");
            if (step.Child?.Read is { } child) Check(skills, child, $"{path}steps[{step.Index}].run.plan.", problems);
        }

        void Judge(string? skill, JsonElement parameters, string at)
        {
            if (skill is not null && skills.Terms.ContainsKey(skill)) problems.AddRange(skills.Check(skill, parameters, at));
        }
    }
}
