using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Reads a plan in the normal shape.</summary>
internal sealed class PlanText(
    JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, PlanLimits limits, bool strict, bool allowUnknownSkills, PlanReport report,
    PlanReferences references)
{
    internal Plan? Read()
    {
        if (source.ValueKind != JsonValueKind.Object || source.Get("steps") is not { ValueKind: JsonValueKind.Array } list)
        {
            report.Problem("steps", "INVALID_PLAN", "A plan is an object with a list of steps, or a list of steps.", "{\"steps\": [{\"skill\": \"echo\"}]}");
            return null;
        }

        if (source.Bytes() > limits.BytesMax)
        {
            report.Problem("", "INPUT_TOO_LARGE", $"The plan is longer than {limits.BytesMax} bytes.");
            return null;
        }

        var count = list.GetArrayLength();
        if (count == 0) report.Problem("steps", "EMPTY_PLAN", "Empty plan: there is no step to run.", "Add a step.");
        if (count > limits.StepsMax)
        {
            report.Problem("steps", "TOO_MANY_STEPS", $"The plan has {count} steps, the maximum is {limits.StepsMax}.", "Split it into child runs.");
            return null;
        }

        PlanMembers members = source;
        report.Unknown(members, "", strict, "name", "version", "goal", "seed", "budget_cents", "timeout", "inputs", "steps", "output", "on_failure", "max_parallel_steps", "description", "external_calls");
        var values = new PlanValues(report);
        var steps = new List<PlanStep>(count);
        var links = new PlanLinks(report);
        var index = 0;
        foreach (var step in list.EnumerateArray())
        {
            steps.Add(new StepText(step, $"steps[{index}]", index, skills, strict, allowUnknownSkills, report, values, links, references).Read());
            index++;
        }

        var isGraph = links.IsGraph;
        var ordered = links.Resolve(steps);
        CheckOutput(links, steps);
        return new Plan
        {
            Name = values.Text(members, "name", "") ?? "plan",
            Version = values.Text(members, "version", "") ?? "1.0.0",
            Goal = values.Text(members, "goal", ""),
            Seed = values.Seed(members),
            Budget = values.Cents(members, "budget_cents", ""),
            Timeout = values.Duration(members, "timeout", ""),
            Inputs = members.Get("inputs"),
            DeclaredInputs = PlanInputs.Read(members.Get("inputs"), report),
            Output = members.Get("output"),
            OutputReads = PlanMemory.Of(members.Get("output"), "output", report),
            Calls = Calls(members),
            MaxParallelSteps = values.Whole(members, "max_parallel_steps", "", 1, RunMachine.ParallelStepsLimit),
            CompensateOnFailure = OnFailure(values, members),
            Steps = [.. ordered],
            IsGraph = isGraph,
            Workflows = references.Used,
            Asks = [.. report.Asks],
            Source = source,
            Hash = ContentHash.Hex(source),
        };
    }

    private ExternalCalls? Calls(PlanMembers members)
    {
        if (members.Get("external_calls") is not { } value) return null;
        var (calls, path, problem) = ExternalCalls.Read(value, "external_calls");
        if (problem is not null) report.Problem(path!, "INVALID_PLAN", problem, "Write deny, allow, a list of hosts, or {hosts: [...], skills: [...]}.");
        return calls;
    }

    private bool OnFailure(PlanValues values, PlanMembers members)
    {
        var text = values.Text(members, "on_failure", "");
        if (text is null or "abort") return false;
        if (text != "compensate") report.Problem("on_failure", "INVALID_PLAN", $"on_failure is {text}.", "Write compensate, or leave it out.");
        return true;
    }

    private void CheckOutput(PlanLinks links, List<PlanStep> steps)
    {
        if (source.Get("output") is { } output) links.Check(output, "output", steps, -1);
    }
}
