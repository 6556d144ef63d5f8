using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/killswitches</c>: stops runs at once and keeps new ones from beginning, of a workflow, of the caller's tenant, or of the whole house.</summary>
internal static class KillSwitchRoutes
{
    private const int FormerMax = 1_000;

    internal static void MapKillSwitches(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/killswitches", ListAsync);
        routes.MapPost("/api/v1/killswitches/engage", EngageAsync);
        routes.MapPost("/api/v1/killswitches/release", ReleaseAsync);
        routes.MapPost("/api/v1/killswitches/house/engage", EngageHouseAsync);
        routes.MapPost("/api/v1/killswitches/house/release", ReleaseHouseAsync);
    }

    /// <summary>What holds for the caller's runs: the switches of its tenant, and the house's.</summary>
    [Needs("killswitch:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var caller = context.Caller();
        var isAll = context.Request.Query["all_tenants"] is ["true"];
        if (isAll && !caller.IsHouse) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", "Only a caller of the house sees the switches of all tenants."));
        var former = context.Whole("released", 0, FormerMax, 0);
        var now = await Switches(context).NowAsync(context.RequestAborted);
        List<KillSwitch> shown = [.. now.All.Where(one => isAll || one.Tenant is null || one.Tenant == caller.Tenant)];
        if (former > 0) shown.AddRange(await Switches(context).FormerAsync(caller.Tenant, former, context.RequestAborted));
        if (former > 0 && caller.IsHouse) shown.AddRange(await Switches(context).FormerAsync(null, former, context.RequestAborted));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("switches");
            foreach (var one in shown) Write(writer, one, caller);
            writer.WriteEndArray();
            writer.WriteNumber("count", shown.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("killswitch:operate")]
    private static async Task EngageAsync(HttpContext context)
    {
        var body = await BodyAsync(context, ["reason", "workflow"]);
        await EngageAsync(context, context.Caller().Tenant, Workflow(body), body);
    }

    [Needs("killswitch:operate", OfHouse = true)]
    private static async Task EngageHouseAsync(HttpContext context) => await EngageAsync(context, null, null, await BodyAsync(context, ["reason"]));

    [Needs("killswitch:operate")]
    private static async Task ReleaseAsync(HttpContext context)
    {
        var body = await BodyAsync(context, ["reason", "workflow"]);
        await ReleaseAsync(context, context.Caller().Tenant, Workflow(body), body);
    }

    [Needs("killswitch:operate", OfHouse = true)]
    private static async Task ReleaseHouseAsync(HttpContext context) => await ReleaseAsync(context, null, null, await BodyAsync(context, ["reason"]));

    private static async Task EngageAsync(HttpContext context, TenantId? tenant, string? workflow, JsonElement body)
    {
        if (Reason(body) is not { } reason) throw RefusedException.Wrong("reason is missing: whoever finds runs stopped must read why.");
        var caller = context.Caller();
        var (reply, refusal) = await Switches(context).EngageAsync(caller, tenant, workflow, reason, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        var after = Known(reply!.Switch);
        context.Changed(reply.HasChanged ? null : after, after);
        await context.ReplyAsync(writer => Write(writer, reply.Switch, caller), reply.HasChanged ? 201 : 200);
    }

    private static async Task ReleaseAsync(HttpContext context, TenantId? tenant, string? workflow, JsonElement body)
    {
        var caller = context.Caller();
        if (await Switches(context).ReleaseAsync(caller, tenant, workflow, Reason(body), context.RequestAborted) is not { } released)
            throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", "There is no such switch engaged; aos killswitch list shows those that are."));
        context.Changed(Known(released with { Release = null }), Known(released));
        await context.ReplyAsync(writer => Write(writer, released, caller));
    }

    private static IKillSwitches Switches(HttpContext context) => context.RequestServices.GetRequiredService<IKillSwitches>();

    /// <summary>An agent neither stops everybody else nor takes away what stops it.</summary>
    private static async Task<JsonElement> BodyAsync(HttpContext context, string[] members)
    {
        if (context.Caller().AgentId is { } agent) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This key acts for the agent {agent} only."));
        var body = await context.ObjectBodyOrEmptyAsync();
        foreach (var member in body.EnumerateObject())
        {
            if (!members.Contains(member.Name)) throw RefusedException.Wrong($"{Asked.Short(member.Name)} is no member: {string.Join(", ", members)}.");
        }

        return body;
    }

    private static string? Workflow(JsonElement body) => body.TextOf("workflow") switch
    {
        null => null,
        { Length: > 0 and <= RunRequest.NameMax } name when !name.Contains('@', StringComparison.Ordinal) => name,
        _ => throw RefusedException.Wrong("workflow is the name of a workflow, without a version: the switch stops all versions."),
    };

    private static string? Reason(JsonElement body) => RunRequest.Bounded(body, "reason", IKillSwitches.ReasonMax) is { } reason && !string.IsNullOrWhiteSpace(reason) ? reason.Trim() : null;

    private static JsonElement Known(KillSwitch one) => Json.Write(writer => Write(writer, one, null));

    /// <param name="reader">Null: for the record. A tenant is not told who of the house acted.</param>
    private static void Write(Utf8JsonWriter writer, KillSwitch one, Caller? reader)
    {
        var isTold = reader is not { IsHouse: false } || one.Tenant is not null;
        writer.WriteStartObject();
        writer.WriteString("scope", one.Scope.ToString().ToLowerInvariant());
        if (one.Tenant is { } tenant) writer.WriteString("tenant_id", tenant.Value);
        if (one.Workflow is { } workflow) writer.WriteString("workflow", workflow);
        writer.WriteBoolean("engaged", one.Release is null);
        writer.WriteString("reason", one.Reason);
        writer.WriteString("engaged_at", one.At.UtcDateTime);
        if (isTold) writer.WriteString("engaged_by", one.By);
        if (one.Release is { } release)
        {
            writer.WriteString("released_at", release.At.UtcDateTime);
            if (isTold) writer.WriteString("released_by", release.By);
            if (release.Reason is { } why) writer.WriteString("release_reason", why);
        }

        writer.WriteEndObject();
    }
}
