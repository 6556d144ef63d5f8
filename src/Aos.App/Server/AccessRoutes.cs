using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/rbac/can</c>: whether a key may do something, and all that is asked for it.</summary>
internal static class AccessRoutes
{
    /// <summary>What a run needs that calls a skill.</summary>
    private static readonly Permission Start = new("run", "write");

    private static readonly Permission ReadAgents = new("agent", "read");

    private const string SkillPrefix = "skill:";
    private const decimal CentsMax = 9_000_000_000m;

    internal static void MapAccess(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/rbac/can", CanAsync);

    /// <summary>Whether a key of the tenant, or the caller itself, may do something, and by which rule.</summary>
    [Needs("rbac:read")]
    private static async Task CanAsync(HttpContext context)
    {
        var (action, resource) = (context.Text("action"), context.Text("resource"));
        if (action is null || resource is null) throw RefusedException.Wrong("action and resource say what is asked, for instance action=write and resource=run, or action=use and resource=skill:http_call.");
        var question = await QuestionAsync(context, action, resource);
        if (question.AgentId is not null) await RefuseStrangerAsync(context);
        var answer = await context.RequestServices.GetRequiredService<IAccess>().ExplainAsync(question, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("principal", question.Caller.Principal);
            writer.WriteString("tenant_id", question.Caller.Tenant.Value);
            writer.WriteString("resource", resource);
            writer.WriteString("action", action);
            writer.WriteString("permission", question.Permission.ToString());
            writer.WriteString("agent_id", question.AgentId);
            writer.WriteBoolean("allowed", answer.Decision.IsAllowed);
            writer.WriteString("rule", answer.Decision.Rule);
            writer.WriteString("denied_by", answer.DeniedBy?.Name);
            writer.WriteString("policy", answer.Decision.Policy);
            writer.WriteStartArray("walls");
            foreach (var wall in answer.Walls) Write(writer, wall);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task<AccessQuestion> QuestionAsync(HttpContext context, string action, string resource)
    {
        var skill = resource.StartsWith(SkillPrefix, StringComparison.Ordinal) ? resource[SkillPrefix.Length..] : null;
        if (skill is not null && action != "use") throw RefusedException.Wrong($"A skill is used: action=use and resource={Asked.Short(resource)}.");
        var permission = skill is null ? new Permission(resource, action) : Start;
        if (!Permissions.All.Contains(permission)) throw RefusedException.Wrong($"There is no {Asked.Short(permission.ToString())}; GET /api/v1/rbac/matrix shows resources and actions.");
        var caller = context.Text("key") is { } id ? await OfKeyAsync(context, id) : context.Caller();
        var agent = context.Text("agent") ?? (skill is null ? null : caller.AgentId ?? "default");
        if (agent?.Length > RunRequest.NameMax) throw RefusedException.Wrong($"agent has at most {RunRequest.NameMax} characters.");
        var url = context.Text("url");
        if (url is not null && skill is null) throw RefusedException.Wrong("url is where a skill goes: name it, for instance resource=skill:http_call.");
        var cost = Cost(context);
        if (cost > Cents.Zero && agent is null) throw RefusedException.Wrong("cost_cents is what a run of an agent may cost: name it with agent.");
        return new AccessQuestion(caller, permission)
        {
            AgentId = agent,
            Skill = skill,
            Target = url is null ? null : WebTarget.Of(url) ?? throw RefusedException.Wrong("url is an absolute http or https URL."),
            Cost = cost,
        };
    }

    private static Cents Cost(HttpContext context) => context.Text("cost_cents") switch
    {
        null => Cents.Zero,
        { } text when decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cents) && cents <= CentsMax => new Cents(cents),
        _ => throw RefusedException.Wrong($"cost_cents is a number from 0 to {CentsMax.ToString(CultureInfo.InvariantCulture)}."),
    };

    /// <summary>What an agent may and has spent is told to whoever may read agents.</summary>
    private static async Task RefuseStrangerAsync(HttpContext context)
    {
        var decision = await context.RequestServices.GetRequiredService<IIdentity>().ExplainAsync(context.Caller(), ReadAgents, ofHouse: false, context.RequestAborted);
        if (!decision.IsAllowed) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"What holds an agent is told to whoever may {ReadAgents}; this caller may not ({decision.Rule})."));
    }

    private static async Task<Caller> OfKeyAsync(HttpContext context, string id)
    {
        var key = await context.RequestServices.GetRequiredService<IApiKeys>().FindAsync(context.Caller(), id, context.RequestAborted)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no key {Asked.Short(id)}; aos keys list shows them."));
        return new Caller(key.Tenant, $"key:{key.Id}", [.. key.Roles], key.AgentId) { Scopes = key.Scopes, Tier = key.Tier, IsHouse = key.IsHouse, ExpiresAt = key.RevokedAt ?? key.ExpiresAt };
    }

    private static void Write(Utf8JsonWriter writer, AccessWall wall)
    {
        writer.WriteStartObject();
        writer.WriteString("name", wall.Name);
        writer.WriteBoolean("passed", wall.IsPassed);
        writer.WriteString("rule", wall.Rule);
        if (wall.Waits) writer.WriteBoolean("waits", true);
        if (wall.Says is { } says) writer.WriteString("says", says);
        if (wall.Unit is { } unit)
        {
            writer.WriteString("unit", unit);
            WriteNumber("limit", wall.Limit);
            WriteNumber("used", wall.Used);
            WriteNumber("left", wall.Left);
        }

        writer.WriteEndObject();

        void WriteNumber(string name, decimal? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    }
}
