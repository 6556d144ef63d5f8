using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/me</c> and <c>/api/v1/rbac</c>: who the caller is, what roles may do, and the policy that says so.</summary>
internal static class IdentityRoutes
{
    internal static void MapIdentity(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/me", MeAsync);
        routes.MapGet("/api/v1/rbac/info", InfoAsync);
        routes.MapGet("/api/v1/rbac/matrix", MatrixAsync);
        routes.MapAccess();
        routes.MapPost("/api/v1/rbac/reload", ReloadAsync);
        routes.MapPut("/api/v1/rbac/policy", PutAsync);
    }

    [Needs(OpenInDevelopment = true)]
    private static async Task MeAsync(HttpContext context)
    {
        var caller = context.Caller();
        var permissions = await context.RequestServices.GetRequiredService<IIdentity>().PermissionsOfAsync(caller, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("principal", caller.Principal);
            writer.WriteString("tenant_id", caller.Tenant.Value);
            IdentityWire.WriteGrants(writer, caller.Roles, caller.Scopes, caller.Tier, caller.AgentId, caller.IsHouse);
            IdentityWire.WriteTime(writer, "expires_at", caller.ExpiresAt);
            SkillWire.WriteTexts(writer, "permissions", permissions.Select(permission => permission.ToString()));
            writer.WritePropertyName("rate_limit");
            if (RateHeaders.Quota(context) is { } quota) IdentityWire.WriteQuota(writer, quota, RateHeaders.Reset(context, quota));
            else writer.WriteNullValue();
            writer.WriteEndObject();
        });
    }

    [Needs("rbac:read")]
    private static async Task InfoAsync(HttpContext context)
    {
        var info = await Rbac(context).InfoAsync(context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("version", info.Version);
            writer.WriteString("hash", info.Hash);
            writer.WriteString("source", info.Source);
            writer.WriteString("loaded_at", info.LoadedAt.UtcDateTime);
            SkillWire.WriteTexts(writer, "roles", info.Matrix.Keys);
            SkillWire.WriteTexts(writer, "resources", Permissions.Resources.Select(resource => resource.Resource));
            writer.WriteString("mode", info.Mode.ToString().ToLowerInvariant());
            writer.WriteBoolean("enforce_mode", info.Mode == RbacMode.Enforce);
            writer.WriteBoolean("fail_open", false);
            writer.WriteEndObject();
        });
    }

    [Needs("rbac:read")]
    private static async Task MatrixAsync(HttpContext context)
    {
        var info = await Rbac(context).InfoAsync(context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("version", info.Version);
            writer.WriteString("hash", info.Hash);
            writer.WriteStartObject("matrix");
            foreach (var (role, rows) in info.Matrix)
            {
                writer.WriteStartObject(role);
                foreach (var (resource, actions) in rows) SkillWire.WriteTexts(writer, resource, actions);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    [Needs("rbac:reload", OfHouse = true)]
    private static async Task ReloadAsync(HttpContext context) => await ReplyAsync(context, await Rbac(context).ReloadAsync(context.Caller(), context.RequestAborted), 500);

    [Needs("rbac:reload", OfHouse = true)]
    private static async Task PutAsync(HttpContext context)
    {
        var document = await context.ObjectBodyAsync();
        await ReplyAsync(context, await Rbac(context).PutAsync(context.Caller(), document, context.RequestAborted), 422);
    }

    private static IRbac Rbac(HttpContext context) => context.RequestServices.GetRequiredService<IRbac>();

    private static Task ReplyAsync(HttpContext context, RbacReload reload, int refused)
    {
        if (reload.Problem is not { } problem)
        {
            context.ChangedHash(reload.PreviousHash, reload.NewHash);
            return context.ReplyAsync(writer => IdentityWire.WriteReload(writer, reload));
        }

        var detail = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", "reload_failed");
            writer.WriteString("message", problem);
            writer.WriteEndObject();
        });
        throw new RefusedException(FailureCatalog.Fail("CONFIG_INVALID", $"{problem} The policy {reload.PreviousHash} stays in force."), refused, detail);
    }
}
