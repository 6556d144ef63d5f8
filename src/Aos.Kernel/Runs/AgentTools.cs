namespace Aos.Kernel;

/// <summary>Which tool calls of a model are made.</summary>
internal static class AgentTools
{
    /// <summary>Why a call is not made, whatever it would cost; or null. Parameters are judged by the schema the run has pinned.</summary>
    internal static Failure? Problem(RunState state, PlanStep step, ToolAsk ask)
    {
        var skills = step.Agent!.Skills;
        if (!skills.Contains(ask.Name))
        {
            if (state.Start!.Terms.ContainsKey(ask.Name)) return FailureCatalog.Fail("PERMISSION_DENIED", $"{ask.Name} is none of your tools.");
            var near = Nearest.To(ask.Name, skills.AsSpan());
            return FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no tool {Short(ask.Name)}; there are {string.Join(", ", skills)}.{(near is null ? "" : $" Did you mean {near}?")}");
        }

        if (ask.Arguments is not { } arguments) return FailureCatalog.Fail("INVALID_INPUT", $"The arguments of {ask.Name} are no object.");
        if (ask.Invalid is { } invalid) return FailureCatalog.Fail("INVALID_INPUT", invalid);
        if (state.Start!.Terms[ask.Name].Tool?.InputSchema is not { } schema || JsonSchema.Parse(schema).Schema is not { } parsed) return null;
        var problems = parsed.Check(arguments, "arguments");
        return problems.Count == 0 ? null : SchemaFailure.Of("INVALID_INPUT", problems);
    }

    private static string Short(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
