using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a plan needs in order to run, and how a plan that cannot be read is refused.</summary>
public static class Admission
{
    /// <summary>Why a plan that cannot be read is refused: the first of its mistakes; all of them, one at least, stand in <c>details.problems</c>.</summary>
    public static Failure Refusal(ImmutableArray<PlanProblem> problems)
    {
        var first = problems[0];
        return FailureCatalog.Fail(first.Code, first.Path.Length == 0 ? first.Message : $"{first.Path}: {first.Message}", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            PlanProblem.WriteList(writer, "problems", problems);
            writer.WriteEndObject();
        }));
    }

    /// <summary>Why an agent is refused a plan that calls skills it may not use; they stand in <c>details.permission_gaps</c>.</summary>
    public static Failure Denied(string? agent, IReadOnlyList<string> gaps)
    {
        var who = agent is null ? "The agent" : $"The agent {agent}";
        return FailureCatalog.Fail("PERMISSION_DENIED", $"{who} may not use {string.Join(", ", gaps)}.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("permission_gaps");
            foreach (var gap in gaps) writer.WriteStringValue(gap);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
    }

    /// <summary>
    /// Why an agent is refused a target that it may not reach: the first of them, and all in <c>details.domain_gaps</c>. Also what a
    /// call fails with whose URL was not known before.
    /// </summary>
    public static Failure Unreachable(string? agent, ImmutableArray<DomainGap> gaps)
    {
        var first = gaps[0];
        var who = agent is null ? "The agent" : $"The agent {agent}";
        var where = first.Path.Length == 0 ? "" : $"{first.Path}: ";
        return FailureCatalog.Fail("PERMISSION_DENIED", $"{where}{who} may not reach {first.Target} ({first.Rule}).", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("reason", "domain");
            Write(first);
            writer.WriteStartArray("domain_gaps");
            foreach (var gap in gaps)
            {
                writer.WriteStartObject();
                Write(gap);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();

            void Write(DomainGap gap)
            {
                if (gap.Path.Length > 0) writer.WriteString("path", gap.Path);
                writer.WriteString("host", gap.Target.Host);
                writer.WriteNumber("port", gap.Target.Port);
                writer.WriteString("rule", gap.Rule);
            }
        }));
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

    /// <summary>Whether the plan, or a child plan in it, reads the tenant's memory.</summary>
    public static bool ReadsMemory(Plan plan) => Memories.Reads(plan);

    /// <summary>Names of all skills the plan can call, each once, in plan order; those of child plans included.</summary>
    public static IReadOnlyList<string> SkillsOf(Plan plan)
    {
        var names = new List<string>();
        Add(names, plan);
        return names;
    }

    /// <summary>Names of the skills that models may call as tools, each once; those of inline child plans included.</summary>
    public static IReadOnlySet<string> ToolsOf(Plan plan)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var step in plan.Steps)
        {
            if (step.Agent is { } agent) names.UnionWith(agent.Skills);
            if (step.Child?.Read is { } child) names.UnionWith(ToolsOf(child));
        }

        return names;
    }

    private static void Add(List<string> names, Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            Add(names, step.Skill);
            Add(names, step.Compensate?.Skill);
            if (step.Child is { IsInvokedAgent: true }) Add(names, AgentClause.Invoke);
            if (step.Child?.Read is { } child) Add(names, child);
            if (step.Agent is not { } agent) continue;
            Add(names, AgentClause.Model);
            foreach (var skill in agent.Skills) Add(names, skill);
        }
    }

    private static void Add(List<string> names, string? name)
    {
        if (name is not null && !names.Contains(name)) names.Add(name);
    }
}
