using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Reads one step in the normal shape.</summary>
internal sealed partial class StepText(
    JsonElement source, string path, int index, IReadOnlyDictionary<string, SkillTerms> skills, bool strict, bool allowUnknownSkills,
    PlanReport report, PlanValues values, PlanLinks links, PlanReferences references)
{
    private static readonly string[] Actions = ["skill", "sleep", "await", "run", "agent"];

    private readonly PlanMembers members = source;

    internal PlanStep Read()
    {
        if (source.ValueKind != JsonValueKind.Object)
        {
            report.Problem(path, "INVALID_PLAN", "A step is an object.", "{\"id\": \"a\", \"skill\": \"echo\"}");
            return Broken($"s{index + 1}");
        }

        report.Unknown(members, path, strict, "id", "skill", "params", "description", "depends_on", "when", "for_each", "as", "max_parallel", "tolerate", "repeat",
            "timeout", "retry", "on_error", "fallback_only", "max_cost_cents", "idempotency_key", "compensate", "replay_behavior", "sleep", "await", "run", "agent");
        var id = values.Text(members, "id", path) ?? $"s{index + 1}";
        if (!Id().IsMatch(id)) report.Problem($"{path}.id", "INVALID_PLAN", $"The id '{id}' must be 1 to 64 letters, digits, _ or -.");
        links.Add(id, index, path, source);
        if (Action() is not { } action) return Broken(id);
        var step = new PlanStep
        {
            Id = id,
            Index = index,
            Kind = StepKind.Skill,
            Description = values.Text(members, "description", path),
            When = When(),
            Timeout = values.Duration(members, "timeout", path),
            Retry = Retry(),
            FallbackOnly = members.Get("fallback_only") is { ValueKind: JsonValueKind.True },
            MaxCost = values.Cents(members, "max_cost_cents", path),
            IdempotencyKey = values.Text(members, "idempotency_key", path),
            ForEach = members.Get("for_each"),
            As = values.Text(members, "as", path) ?? "item",
            MaxParallel = values.Whole(members, "max_parallel", path, 1, 1_000) ?? 8,
            Tolerate = Tolerance.Read(members, path, report, values),
            Repeat = Repeat(),
            Compensate = Compensate(),
            Replay = Replay(),
        };
        if (step is { Repeat: not null, ForEach: not null })
            report.Problem($"{path}.repeat", "INVALID_PLAN", "A step has repeat or for_each, not both.");
        return OnErrorOf(Act(step, action));
    }

    private ReplayBehavior? Replay()
    {
        switch (values.Text(members, "replay_behavior", path))
        {
            case null: return null;
            case "execute": return ReplayBehavior.Execute;
            case "skip": return ReplayBehavior.Skip;
            case "check": return ReplayBehavior.Check;
            case var other:
                report.Problem($"{path}.replay_behavior", "INVALID_PLAN", $"'{other}' is not execute, skip or check.");
                return null;
        }
    }

    private PlanStep Broken(string id) => new() { Id = id, Index = index, Kind = StepKind.Sleep, Sleep = TimeSpan.Zero };

    /// <summary>The one thing the step does; null: it names none or several, which is reported.</summary>
    private string? Action()
    {
        string? one = null;
        foreach (var action in Actions)
        {
            if (members.Get(action) is null) continue;
            if (one is not null)
            {
                Misses("INVALID_PLAN", string.Join(" and ", Actions.Where(action => source.Get(action) is not null)));
                return null;
            }

            one = action;
        }

        if (one is null) Misses("MISSING_REQUIRED_FIELD", "none");
        return one;

        void Misses(string code, string got) => report.Problem(path, code, $"A step has exactly one of {string.Join(", ", Actions)}; this one has {got}.");
    }

    private PlanStep Act(PlanStep step, string action)
    {
        switch (action)
        {
            case "skill":
                return Skill(step);
            case "sleep":
                return Pause(step, Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WritePropertyName("duration");
                    source.GetProperty("sleep").WriteTo(writer);
                    writer.WriteEndObject();
                }), $"{path}.sleep");
            case "await":
                return step with { Kind = StepKind.Await, Await = Await(source.GetProperty("await")) };
            case "run":
                return step with { Kind = StepKind.Child, Child = Child(source.GetProperty("run")) };
            default:
                return new AgentText(members, path, skills, strict, report, values).Read(step);
        }
    }

    private PlanStep Skill(PlanStep step)
    {
        var skill = report.Named(values.Text(members, "skill", path) ?? "", $"{path}.skill");
        var parameters = members.Get("params") ?? Json.EmptyObject;
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            values.Wrong(path, "params", "an object", parameters);
            parameters = Json.EmptyObject;
        }

        if (skill == "wait" && step is { ForEach: null, Repeat: null })
        {
            report.Unknown(parameters, $"{path}.params", strict, "ms", "seconds", "duration");
            return Pause(step, parameters, $"{path}.params");
        }

        if (skill == AgentClause.Invoke) return Invoke(step, parameters);
        report.Skill(skills, skill, $"{path}.skill");
        if (!skills.TryGetValue(skill, out var terms)) return Calls(parameters);
        CheckParams(terms, parameters);
        return Calls(strict ? parameters : Known(terms, parameters));

        PlanStep Calls(JsonElement with)
        {
            (step.Skill, step.Params) = (skill, with);
            return step;
        }
    }

    private PlanStep Invoke(PlanStep step, JsonElement parameters)
    {
        foreach (var name in (ReadOnlySpan<string>)["for_each", "repeat", "idempotency_key"])
        {
            if (members.Get(name) is not null)
                report.Problem($"{path}.{name}", "INVALID_PLAN", $"A step of {AgentClause.Invoke} is a child run and has no {name}.", "Remove it, or put the step into a workflow of its own.");
        }

        report.Skill(skills, AgentClause.Invoke, $"{path}.skill");
        InvokedAgent.Unknown(parameters, path, strict, report);
        var (plan, inputs) = InvokedAgent.Child(parameters);
        var reading = PlanReader.ReadInner(plan, skills, allowUnknownSkills, isAccepted: !strict, references.Inside());
        InvokedAgent.Tell(reading, report, path);
        return step with
        {
            Kind = StepKind.Child, ForEach = null, Repeat = null, IdempotencyKey = null,
            Child = new ChildClause(plan, null, inputs) { Read = reading.Plan, IsInvokedAgent = true },
        };
    }

    private PlanStep Pause(PlanStep step, JsonElement parameters, string at)
    {
        step = step with { Kind = StepKind.Sleep, Sleep = TimeSpan.Zero };
        if (Pauses.IsOpen(parameters)) return step with { SleepFrom = parameters };
        var (time, member, problem) = Pauses.Read(parameters);
        if (problem is not null) report.Problem(member.Length == 0 || at.EndsWith(".sleep", StringComparison.Ordinal) ? at : $"{at}.{member}", "INVALID_PLAN", problem);
        return step with { Sleep = time };
    }

    /// <summary>Only what the skill accepts: a member that was said to be ignored must not reach it.</summary>
    private static JsonElement Known(SkillTerms terms, JsonElement parameters)
    {
        if (terms.KnownParams.IsEmpty || parameters.EnumerateObject().All(member => terms.KnownParams.Contains(member.Name))) return parameters;
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in parameters.EnumerateObject().Where(member => terms.KnownParams.Contains(member.Name))) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    private void CheckParams(SkillTerms terms, JsonElement parameters)
    {
        foreach (var required in terms.RequiredParams)
        {
            if (parameters.Get(required) is null)
                report.Problem($"{path}.params.{required}", "MISSING_REQUIRED_FIELD", $"The skill {terms.Name} needs {required}.");
        }

        if (!terms.KnownParams.IsEmpty) report.Unknown(parameters, $"{path}.params", strict, [.. terms.KnownParams]);
    }

    private AwaitClause Await(JsonElement clause)
    {
        report.Unknown(clause, $"{path}.await", strict, "signal", "approval", "timeout");
        var approval = clause.Get("approval");
        var signal = approval is null ? values.Text(clause, "signal", $"{path}.await") : null;
        if (approval is null && string.IsNullOrEmpty(signal))
            report.Problem($"{path}.await", "MISSING_REQUIRED_FIELD", "await needs a signal or an approval.", "{\"signal\": \"payment\"}");
        var timeout = values.Duration(clause, "timeout", $"{path}.await");
        if (approval is not { } asked) return new AwaitClause(signal, null, timeout);
        var read = new ApprovalText(report, values, strict).Read(asked, $"{path}.await.approval");
        return new AwaitClause(null, read with { Timeout = read.Timeout ?? timeout }, null);
    }

    private ChildClause Child(JsonElement clause)
    {
        report.Unknown(clause, $"{path}.run", strict, "plan", "inputs");
        var plan = clause.Get("plan");
        var reference = plan?.GetText("$ref");
        if (plan is null) report.Problem($"{path}.run.plan", "MISSING_REQUIRED_FIELD", "run needs a plan.");
        if (reference is not null)
        {
            return new ChildClause(null, reference, clause.Get("inputs") ?? Json.EmptyObject) { Read = references.Read(reference, path, skills, allowUnknownSkills, report) };
        }

        if (plan is { } inline)
        {
            var reading = PlanReader.ReadInner(inline, skills, allowUnknownSkills, isAccepted: false, references.Inside());
            references.Take(reading.Plan);
            foreach (var problem in reading.Problems) report.Problem($"{path}.run.plan.{problem.Path}", problem.Code, problem.Message, problem.Suggestion);
            foreach (var warning in reading.Warnings) report.Warn($"{path}.run.plan.{warning.Path}", warning.Code, warning.Message, warning.Suggestion);
            foreach (var ask in reading.Asks) report.Asks.Add(ask with { Path = $"{path}.run.plan.{ask.Path}" });
            return new ChildClause(plan, null, clause.Get("inputs") ?? Json.EmptyObject) { Read = reading.Plan };
        }

        return new ChildClause(null, null, clause.Get("inputs") ?? Json.EmptyObject);
    }

    private string? When()
    {
        if (members.Get("when") is { ValueKind: JsonValueKind.True or JsonValueKind.False } fixedValue) return fixedValue.GetRawText();
        var when = values.Text(members, "when", path);
        if (when is null) return null;
        when = Bare(when);
        links.CheckExpression(when, $"{path}.when", index);
        return when;
    }

    private static string Bare(string expression)
    {
        var text = expression.Trim();
        return text.StartsWith("${{", StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal) ? text[3..^2].Trim() : text;
    }

    private RetryClause? Retry()
    {
        if (members.Get("retry") is not { ValueKind: not JsonValueKind.Null } clause) return null;
        if (clause.ValueKind != JsonValueKind.Object)
        {
            values.Wrong(path, "retry", "an object with max_attempts", clause);
            return null;
        }

        var at = $"{path}.retry";
        report.Unknown(clause, at, strict, "max_attempts", "backoff", "max_backoff", "factor");
        var factor = clause.Get("factor") is { ValueKind: JsonValueKind.Number } f && f.TryGetDecimal(out var number) ? number : 2m;
        if (factor is < 1 or > 10) report.Problem($"{at}.factor", "INVALID_PLAN", "factor must be from 1 to 10.");
        return new RetryClause(
            values.Whole(clause, "max_attempts", at, 1, 100) ?? 3,
            values.Duration(clause, "backoff", at) ?? TimeSpan.FromMilliseconds(500),
            values.Duration(clause, "max_backoff", at) ?? TimeSpan.FromSeconds(30),
            Math.Clamp(factor, 1, 10));
    }

    private RepeatClause? Repeat()
    {
        if (members.Get("repeat") is not { } clause) return null;
        var at = $"{path}.repeat";
        report.Unknown(clause, at, strict, "until", "max", "delay");
        var until = values.Text(clause, "until", at);
        if (until is null) report.Problem($"{at}.until", "MISSING_REQUIRED_FIELD", "repeat needs until.");
        else links.CheckExpression(Bare(until), $"{at}.until", index);
        return new RepeatClause(
            Bare(until ?? "true"), values.Whole(clause, "max", at, 1, 100_000) ?? 20, values.Duration(clause, "delay", at) ?? TimeSpan.FromSeconds(1));
    }

    private CompensateClause? Compensate()
    {
        if (members.Get("compensate") is not { } clause) return null;
        report.Unknown(clause, $"{path}.compensate", strict, "skill", "params");
        var skill = report.Named(values.Text(clause, "skill", $"{path}.compensate") ?? "", $"{path}.compensate.skill");
        report.Skill(skills, skill, $"{path}.compensate.skill");
        if (skill == AgentClause.Invoke) report.Problem($"{path}.compensate.skill", "INVALID_PLAN", $"{skill} is a child run: it cannot undo a step.", "Undo it by a single call.");
        return new CompensateClause(skill, clause.Get("params") ?? Json.EmptyObject);
    }

    private PlanStep OnErrorOf(PlanStep step)
    {
        if (members.Get("on_error") is not { ValueKind: not JsonValueKind.Null } clause) return step;
        if (clause.ValueKind == JsonValueKind.Object && clause.GetText("fallback") is { } fallback)
        {
            links.Fallback(index, fallback, $"{path}.on_error.fallback");
            return step with { OnError = OnError.Fallback };
        }

        switch (clause.ValueKind == JsonValueKind.String ? clause.GetString() : null)
        {
            case "abort": return step;
            case "continue": return step with { OnError = OnError.Continue };
            case "compensate": return step with { OnError = OnError.Compensate };
            default:
                values.Wrong(path, "on_error", "abort, continue, compensate or {\"fallback\": STEP}", clause);
                return step;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
