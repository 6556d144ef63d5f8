using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A plan that may run, or why there is none.</summary>
/// <param name="Cost">What planning cost, in both cases.</param>
internal sealed record Planning(Plan? Plan, PlannerMetadata? Metadata, ImmutableArray<string> Warnings, Failure? Failure, int? Status, Cents Cost);

/// <summary>Has a goal planned and the plan inspected.</summary>
internal sealed class PlanningDesk(PlannerRegistry planners, ISkills skills, TargetScreen screen, AgentOptions options, TimeProvider clock)
{
    /// <summary>Plans with the agent's planner, else the house's.</summary>
    internal async Task<Planning> PlanAsync(Agent agent, string goal, Cents? left, CancellationToken cancel)
    {
        if (agent.Settings.Planner == LoopPlan.Planner) return await LoopAsync(agent, goal, left, cancel);
        var planner = planners.Get(agent.Settings.Planner) ?? planners.Get()!;
        var steps = Math.Min(agent.Settings.StepsMax ?? options.Inspection.StepsMax, options.Inspection.StepsMax);
        var request = Request(agent, goal, steps);
        PlanCheck check = async (plan, token) => (await ReadAsync(agent, plan, steps, left, token)).Problems;
        using var timeout = new CancellationTokenSource(options.PlannerTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        PlannerReply reply;
        try
        {
            reply = await planner.PlanAsync(request, check, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed(new PlannerError(PlannerCodes.Timeout, $"The planner {planner.Id} took longer than {options.PlannerTimeout.TotalSeconds} s.", Json.EmptyObject, true));
        }

        if (reply.Output is not { } output) return Failed(reply.Error!);
        var (plan, problems, warnings) = await ReadAsync(agent, output.ToPlan("goal", goal), steps, left, cancel);
        return plan is null
            ? Failed(new PlannerError(PlannerCodes.InvalidPlan, $"The planned plan is not valid: {problems[0].Path}: {problems[0].Message}", Problems.ToJson(problems), Cost: output.Metadata.Cost))
            : new Planning(plan, output.Metadata, [.. output.Warnings, .. warnings], null, null, output.Metadata.Cost);
    }

    /// <summary>A plan of one agent step.</summary>
    private async Task<Planning> LoopAsync(Agent agent, string goal, Cents? left, CancellationToken cancel)
    {
        var tools = LoopPlan.Tools(agent, skills.Contracts.Keys);
        if (tools.Count == 0) return new Planning(null, null, [], FailureCatalog.Fail("PERMISSION_DENIED", $"The agent {agent.Id} may use no skill that its model could call."), null, Cents.Zero);
        string[] told = tools.Count > AgentClause.SkillsMax ? [$"The agent may use {tools.Count} skills; its model is told of the first {AgentClause.SkillsMax}."] : [];
        var (plan, problems, warnings) = await ReadAsync(agent, LoopPlan.Of(agent, goal, tools.Take(AgentClause.SkillsMax)), 1, left, cancel);
        return plan is null
            ? new Planning(null, null, [], FailureCatalog.Fail(problems[0].Code, $"{problems[0].Path}: {problems[0].Message}", null, Problems.ToJson(problems)), null, Cents.Zero)
            : new Planning(plan, LoopPlan.Metadata(agent), [.. told, .. warnings], null, null, Cents.Zero);
    }

    /// <summary>A plan of one step of the named skill.</summary>
    internal async Task<Planning> ForceAsync(Agent agent, string goal, string skill, JsonElement? given, Cents? left, CancellationToken cancel)
    {
        skill = SkillNames.Bare(skill);
        if (!skills.All.TryGetValue(skill, out var description))
            return new Planning(null, null, [], SkillNames.Off(skill) ?? FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}."), null, Cents.Zero);
        var (parameters, warnings) = given is { } own ? (own, []) : ForcedStep.Params(description.InputSchema, goal);
        var output = new PlannerOutput([new PlannedStep("s1", skill, parameters)], new PlannerMetadata("forced", "1.0.0") { Deterministic = true });
        var (plan, problems, found) = await ReadAsync(agent, output.ToPlan("goal", goal), 1, left, cancel);
        return plan is null
            ? new Planning(null, null, [], FailureCatalog.Fail(problems[0].Code, $"{problems[0].Path}: {problems[0].Message}", null, Problems.ToJson(problems)), null, Cents.Zero)
            : new Planning(plan, output.Metadata, [.. warnings, .. found], null, null, Cents.Zero);
    }

    internal async Task<IReadOnlyList<PlanProblem>> WarningsAsync(Plan plan, CancellationToken cancel)
    {
        var limits = options.Inspection with { StepsMax = int.MaxValue, LoopsMax = int.MaxValue, CostMax = decimal.MaxValue };
        var inspection = PlanInspector.Inspect(plan, skills.For(plan).Terms, limits, null);
        if (inspection.Errors.IsEmpty) return inspection.Warnings; // No name is looked up for a harmless plan.
        inspection = await screen.PlanAsync(plan, skills.For(plan).Terms, limits, null, cancel);
        return [.. inspection.Errors, .. inspection.Warnings];
    }

    private PlannerRequest Request(Agent agent, string goal, int steps) => new()
    {
        Tenant = agent.Tenant,
        AgentId = agent.Id,
        Goal = goal,
        Manifest =
        [
            .. skills.All.Where(skill => agent.May(skill.Key)).OrderBy(skill => skill.Key, StringComparer.Ordinal)
                .Select(skill => new ManifestSkill(skill.Key, skill.Value.Contract.Version, skill.Value.Contract.Description, skill.Value.InputSchema)),
        ],
        Extra = GoalSanitizer.Urls(goal) is [var url, ..] ? ForcedStep.Object("url", url) : Json.EmptyObject,
        Model = agent.Settings.Model ?? options.PlannerModel,
        TokensMax = agent.Settings.PlannerTokens ?? 2048,
        StepsMax = steps,
        Seed = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(Convert.FromHexString(ContentHash.Short(Json.Of(goal)))),
    };

    private async Task<(Plan? Plan, IReadOnlyList<PlanProblem> Problems, IReadOnlyList<string> Warnings)> ReadAsync(
        Agent agent, JsonElement source, int steps, Cents? left, CancellationToken cancel)
    {
        var reading = skills.ReadPlan(source);
        if (reading.Plan is not { } plan) return (null, reading.Problems, []);
        var problems = Admission.SkillsOf(plan).Where(skill => !agent.May(skill))
            .Select(skill => new PlanProblem("steps", "PERMISSION_DENIED", $"The agent may not use {skill}.")).ToList();
        var inspection = await screen.PlanAsync(plan, skills.For(plan).Terms, options.Inspection with { StepsMax = steps }, left, cancel);
        problems.AddRange(inspection.Errors);
        return problems.Count > 0 ? (null, problems, []) : (plan, [], [.. inspection.Warnings.Select(warning => $"{warning.Path}: {warning.Message}")]);
    }

    /// <summary>Planners fail by the goal (422), or for now (503 with Retry-After).</summary>
    private static Planning Failed(PlannerError error)
    {
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("planner_code", error.Code);
            foreach (var member in error.Details.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
        var failure = FailureCatalog.Fail(error.Code, error.Message, error.Retryable ? error.RetryAfter ?? TimeSpan.FromSeconds(2) : null, details) with { Retryable = error.Retryable };
        return new Planning(null, null, [], failure, error.Retryable ? 503 : 422, error.Cost);
    }
}
