using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.App.Server;

/// <summary><c>/api/v1/runtime/*</c> and <c>/skills</c>: what there is, what it costs, what one may do.</summary>
internal static class RuntimeRoutes
{
    internal static void MapRuntime(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/skills", ManifestAsync);
        routes.MapGet("/api/v1/runtime/skills", SkillsAsync);
        routes.MapGet("/api/v1/runtime/skills/{skill_id}", SkillAsync);
        routes.MapGet("/api/v1/runtime/registry", RegistryAsync);
        routes.MapGet("/api/v1/runtime/capabilities", CapabilitiesAsync);
        routes.MapGet("/api/v1/runtime/resource-contract/{resource_id}", ContractAsync);
        routes.MapPost("/api/v1/runtime/query", RuntimeQueries.AnswerAsync);
    }

    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task ManifestAsync(HttpContext context)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        return context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            WriteVersions(writer, skills);
            writer.WriteStartArray("manifest");
            foreach (var skill in SkillWire.Ordered(skills)) SkillWire.WriteManifest(writer, skill);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary><c>skills: [{name, version}]</c>.</summary>
    internal static void WriteVersions(Utf8JsonWriter writer, ISkills skills)
    {
        writer.WriteStartArray("skills");
        foreach (var skill in SkillWire.Ordered(skills))
        {
            writer.WriteStartObject();
            writer.WriteString("name", skill.Contract.Name);
            writer.WriteString("version", skill.Contract.Version);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task SkillsAsync(HttpContext context)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        return context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            SkillWire.WriteTexts(writer, "skills", SkillWire.Ordered(skills).Select(skill => skill.Contract.Name));
            writer.WriteNumber("count", skills.All.Count);
            writer.WriteStartObject("descriptors");
            foreach (var skill in SkillWire.Ordered(skills))
            {
                writer.WritePropertyName(skill.Contract.Name);
                SkillWire.Write(writer, skill, VersionsOf(skills, skill.Contract.Name));
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task SkillAsync(HttpContext context)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        var id = SkillNames.Bare((string)context.Request.RouteValues["skill_id"]!);
        var (name, found) = Wanted(skills, id);
        if (found is { } skill) return context.ReplyAsync(writer => SkillWire.Write(writer, skill, VersionsOf(skills, name)));
        var versions = string.Join(", ", VersionsOf(skills, name));
        var failure = FailureCatalog.Fail("SKILL_NOT_FOUND", versions.Length == 0 ? $"There is no skill {name}." : $"There is no {id}; of {name} there is {versions}.");
        throw new RefusedException(failure, 404, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", failure.Code);
            writer.WriteString("message", failure.Message);
            SkillWire.WriteTexts(writer, "available_skills", SkillWire.Ordered(skills).Select(known => known.Contract.Name));
            writer.WriteEndObject();
        }));
    }

    /// <summary>The contracts of all versions of all skills, to be kept and compared.</summary>
    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task RegistryAsync(HttpContext context) => context.ReplyAsync(SkillSnapshots.Of(context.RequestServices.GetRequiredService<ISkills>()).WriteTo);

    private static IEnumerable<string> VersionsOf(ISkills skills, string name) => skills.Versions(name).Select(one => one.Contract.Version);

    /// <summary>The skill of <c>NAME</c>, or of <c>NAME@VERSIONS</c> the newest of these.</summary>
    private static (string Name, SkillDescription? Skill) Wanted(ISkills skills, string id)
    {
        if (id.IndexOf('@', StringComparison.Ordinal) is not (> 0 and var cut)) return (id, skills.All.GetValueOrDefault(id));
        var name = id[..cut];
        if (VersionRange.Read(id[(cut + 1)..]) is not { } range) return (name, null);
        var (chosen, missing) = skills.Choose([new SkillAsk("", name, range)]);
        return (name, missing.Count == 0 ? chosen.All.GetValueOrDefault(name) : null);
    }

    [Needs("skill:read", OpenInDevelopment = true)]
    private static async Task CapabilitiesAsync(HttpContext context)
    {
        var tenant = context.Text("tenant_id");
        context.RefuseOtherTenant(tenant);
        var agent = context.Text("agent_id");
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        var budget = await RuntimeBudget.OfAsync(context, null, agent);
        var agents = context.RequestServices.GetRequiredService<IAgents>();
        var known = agent is null ? null : await agents.FindAsync(context.Caller().Tenant, agent, context.RequestAborted);
        var permissions = await context.RequestServices.GetRequiredService<IIdentity>().PermissionsOfAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("agent_id", agent);
            writer.WriteString("tenant_id", context.Caller().Tenant.Value);
            writer.WriteStartObject("skills");
            foreach (var skill in SkillWire.Ordered(skills)) WriteCapability(writer, skill.Contract, known?.May(skill.Contract.Name) ?? true);
            writer.WriteEndObject();
            SkillWire.WriteTexts(writer, "skills_available", SkillWire.Names(skills, known));
            budget.WriteNested(writer);
            writer.WriteNumber("budget_remaining_cents", budget.Remaining.ToWholeCents());
            // No skill has a rate limit of its own; those of callers are enforced at the edge.
            writer.WriteStartObject("rate_limits");
            writer.WriteEndObject();
            writer.WriteStartObject("agent_loop");
            writer.WriteBoolean("available", skills.Contracts.ContainsKey(AgentClause.Model) && (known?.May(AgentClause.Model) ?? true));
            writer.WriteNumber("max_turns", AgentClause.TurnsMax);
            writer.WriteNumber("max_skills", AgentClause.SkillsMax);
            writer.WriteEndObject();
            writer.WriteNumber("approval_level", ApproverLevels.Of(context.Caller()));
            SkillWire.WriteTexts(writer, "permissions", permissions.Select(permission => permission.ToString()));
            writer.WriteEndObject();
        });
    }

    private static void WriteCapability(Utf8JsonWriter writer, SkillContract contract, bool isAvailable)
    {
        writer.WriteStartObject(contract.Name);
        writer.WriteBoolean("available", isAvailable);
        writer.WriteNumber("cost_estimate_cents", SkillWire.TypicalCents(contract));
        writer.WriteNumber("avg_latency_ms", contract.TypicalLatencyMs);
        writer.WriteNull("rate_limit_remaining");
        SkillWire.WriteTexts(writer, "known_failure_patterns", contract.FailureModes.Where(mode => mode.Probability > 0.05).Select(mode => mode.Code));
        writer.WriteEndObject();
    }

    /// <summary>
    /// The limits that hold for an agent, a skill, or (any other name) the tenant; <c>known</c> says whether the name stands for
    /// something. Null is unlimited.
    /// </summary>
    [Needs("skill:read", OpenInDevelopment = true)]
    private static async Task ContractAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["resource_id"]!;
        var skill = context.RequestServices.GetRequiredService<ISkills>().All.GetValueOrDefault(id)?.Contract;
        var budget = await RuntimeBudget.OfAsync(context, null, skill is null ? id : null);
        var filter = new RunFilter(context.Caller().Tenant, skill is null && budget.Runs > 0 ? id : null, [RunStatus.Running, RunStatus.Retry], Limit: 1000);
        var running = await context.RequestServices.GetRequiredService<IRunRows>().ListAsync(filter, context.RequestAborted);
        var most = await RunsAtOnceAsync(context, skill is null && id != "default" ? id : null);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("resource_id", id);
            writer.WriteBoolean("known", skill is not null || budget.Runs > 0 || id == "default");
            budget.WriteNested(writer);
            writer.WriteNumber("budget_cents", budget.Total.ToWholeCents());
            writer.WriteStartObject("rate_limits");
            foreach (var name in new[] { "requests_per_minute", "remaining", "resets_at" }) writer.WriteNull(name);
            writer.WriteEndObject();
            writer.WriteStartObject("concurrency");
            WriteNumber(writer, "max_concurrent", most);
            writer.WriteNumber("current_running", running.Count);
            writer.WriteNumber("max_parallel_steps", RunMachine.ParallelStepsMax);
            writer.WriteEndObject();
            WriteNumber(writer, "max_concurrency", most);
            writer.WriteStartObject("time");
            if (skill is null) writer.WriteNull("max_run_duration_ms");
            else writer.WriteNumber("max_run_duration_ms", (long)skill.TimeoutDefault.TotalMilliseconds);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    /// <summary>Of an agent; of the caller's tenant when there is none of that name.</summary>
    private static async Task<int?> RunsAtOnceAsync(HttpContext context, string? agent)
    {
        var (services, tenant) = (context.RequestServices, context.Caller().Tenant);
        var limits = services.GetRequiredService<RunsOptions>().Limits;
        if (agent is null) return limits.OfTenant(tenant);
        var known = await services.GetRequiredService<IAgents>().FindAsync(tenant, agent, context.RequestAborted);
        return limits.OfAgent(tenant, agent, known is null ? null : services.GetRequiredService<AgentOptions>().RunsOf(known.Settings)) ?? limits.OfTenant(tenant);
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }
}
