using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Reads the <c>agent</c> clause of a step.</summary>
internal sealed class AgentText(
    PlanMembers step, string path, IReadOnlyDictionary<string, SkillTerms> skills, bool strict, PlanReport report, PlanValues values)
{
    private static readonly string[] Foreign = ["params", "for_each", "as", "max_parallel", "tolerate", "repeat", "idempotency_key"];

    private readonly string at = $"{path}.agent";

    internal PlanStep Read(PlanStep read)
    {
        foreach (var name in Foreign)
        {
            if (step.Get(name) is not null) report.Problem($"{path}.{name}", "INVALID_PLAN", $"An agent step has no {name}.", "Remove it, or put the step into a child plan.");
        }

        // What it does there is the loop's limit, not that of each call.
        read = read with { Kind = StepKind.Agent, ForEach = null, Repeat = null, IdempotencyKey = null, MaxCost = null };
        var source = step.Get("agent")!.Value;
        if (source.ValueKind != JsonValueKind.Object)
        {
            values.Wrong(path, "agent", "an object with a goal and skills", source);
            return read with { Agent = new AgentClause(Json.Null, []) };
        }

        PlanMembers clause = source;
        report.Unknown(clause, at, strict, "goal", "skills", "system", "model", "max_tokens", "max_turns", "max_cost_cents", "approve", "approval", "output_schema");
        if (!skills.ContainsKey(AgentClause.Model)) report.Problem(at, "SKILL_NOT_FOUND", $"An agent step needs the skill {AgentClause.Model}, which is not here.");
        var named = Names(clause, "skills", isRequired: true);
        foreach (var (i, skill) in named.Index())
        {
            report.Skill(skills, skill, $"{at}.skills[{i}]");
            if (skill == AgentClause.Invoke)
                report.Problem($"{at}.skills[{i}]", "INVALID_PLAN", $"{skill} is a step of a plan, no tool of a model.", "Give the model the skills that the other agent would have, or call the agents in steps.");
        }

        return read with
        {
            Agent = new AgentClause(Goal(clause), named)
            {
                System = values.Text(clause, "system", at) is null ? null : clause.Get("system"),
                ModelName = values.Text(clause, "model", at) is { Length: > 0 } model and not "default" ? model : null,
                MaxTokens = values.Whole(clause, "max_tokens", at, 1, 100_000),
                MaxTurns = values.Whole(clause, "max_turns", at, 1, AgentClause.TurnsMax) ?? AgentClause.TurnsDefault,
                MaxCost = Cents.Lower(values.Cents(clause, "max_cost_cents", at), values.Cents(step, "max_cost_cents", path)),
                Approve = Approve(clause, named),
                Approval = clause.Get("approval") is { } approval ? new ApprovalText(report, values, strict).Read(approval, $"{at}.approval") : new ApprovalClause(),
                Output = Output(clause),
            },
        };
    }

    private JsonElement Goal(PlanMembers clause)
    {
        if (clause.Get("goal") is null) report.Problem($"{at}.goal", "MISSING_REQUIRED_FIELD", "agent needs a goal.", "{\"goal\": \"Find out ...\", \"skills\": [\"http_call\"]}");
        else if (values.Text(clause, "goal", at) is { } goal && string.IsNullOrWhiteSpace(goal)) report.Problem($"{at}.goal", "INVALID_PLAN", "The goal is empty.");
        return clause.Get("goal") ?? Json.Null;
    }

    private ImmutableArray<string> Names(PlanMembers clause, string name, bool isRequired)
    {
        if (clause.Get(name) is not { ValueKind: not JsonValueKind.Null } list)
        {
            if (isRequired) report.Problem($"{at}.{name}", "MISSING_REQUIRED_FIELD", $"agent needs {name}: the skills its model may call.");
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > AgentClause.SkillsMax || (isRequired && list.GetArrayLength() == 0))
        {
            values.Wrong(at, name, $"a list of {(isRequired ? 1 : 0)} to {AgentClause.SkillsMax} skills", list);
            return [];
        }

        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var (i, item) in list.EnumerateArray().Index())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                values.Wrong(at, $"{name}[{i}]", "the name of a skill", item);
                continue;
            }

            var skill = report.Named(item.GetString()!, $"{at}.{name}[{i}]");
            if (names.Contains(skill)) report.Problem($"{at}.{name}[{i}]", "INVALID_PLAN", $"{skill} stands in the list already.");
            else names.Add(skill);
        }

        return names.ToImmutable();
    }

    private ImmutableArray<string> Approve(PlanMembers clause, ImmutableArray<string> named)
    {
        var approve = Names(clause, "approve", isRequired: false);
        foreach (var (i, skill) in approve.Index())
        {
            if (named.Contains(skill)) continue;
            var near = Nearest.To(skill, named.AsSpan());
            report.Problem($"{at}.approve[{i}]", "INVALID_REFERENCE", $"{skill} is none of the step's skills.", near is null ? "Add it to skills." : $"Did you mean {near}?");
        }

        return approve;
    }

    private JsonSchema? Output(PlanMembers clause)
    {
        if (clause.Get("output_schema") is not { ValueKind: not JsonValueKind.Null } schema) return null;
        var reading = JsonSchema.Parse(schema, $"{at}.output_schema");
        foreach (var problem in reading.Problems) report.Problem(problem.Path, "INVALID_PLAN", problem.ToString());
        return reading.Schema;
    }
}

/// <summary>Reads an <c>approval</c> clause.</summary>
internal sealed class ApprovalText(PlanReport report, PlanValues values, bool strict)
{
    private static readonly string[] PolicyTypes = ["cost", "capability", "resource", "rate_limit"];

    internal ApprovalClause Read(JsonElement source, string at)
    {
        if (source.ValueKind != JsonValueKind.Object)
        {
            report.Problem(at, "INVALID_PLAN", "approval is an object.", "{\"level\": 3, \"timeout\": \"2h\"}");
            return new ApprovalClause();
        }

        PlanMembers clause = source;
        report.Unknown(clause, at, strict, "policy_type", "level", "timeout", "on_timeout", "message");
        var policy = values.Text(clause, "policy_type", at);
        if (policy is not null && !PolicyTypes.Contains(policy)) report.Problem($"{at}.policy_type", "INVALID_PLAN", $"policy_type is one of {string.Join(", ", PolicyTypes)}.");
        var onTimeout = values.Text(clause, "on_timeout", at);
        if (onTimeout is not (null or "approve" or "reject")) report.Problem($"{at}.on_timeout", "INVALID_PLAN", "on_timeout is approve or reject.");
        var timeout = values.Duration(clause, "timeout", at);
        return new ApprovalClause
        {
            PolicyType = policy,
            Level = values.Whole(clause, "level", at, 1, ApprovalClause.LevelMax) ?? 1,
            Timeout = timeout,
            ApprovesOnTimeout = onTimeout == "approve",
            Message = values.Text(clause, "message", at) is null ? null : clause.Get("message"),
        };
    }
}
