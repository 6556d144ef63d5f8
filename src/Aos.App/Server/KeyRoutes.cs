using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/keys</c>: API keys of the caller's tenant. The text of a key is in the answer that makes it, and nowhere else.</summary>
internal static class KeyRoutes
{
    private const int RolesMax = 32;

    internal static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/keys", ListAsync);
        routes.MapPost("/api/v1/keys", CreateAsync);
        routes.MapGet("/api/v1/keys/{id}", ReadAsync);
        routes.MapPost("/api/v1/keys/{id}/rotate", RotateAsync);
        routes.MapDelete("/api/v1/keys/{id}", RevokeAsync);
    }

    [Needs("key:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var keys = await Book(context).ListAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in keys) Write(writer, key, null);
            writer.WriteEndArray();
            writer.WriteNumber("count", keys.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("key:write")]
    private static async Task CreateAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var caller = For(context.Caller(), body.TextOf("tenant_id"));
        context.ActAs(caller);
        var scopes = body.Get("scopes") is { ValueKind: not JsonValueKind.Null } ? ScopeSet.Read(Texts(body, "scopes"), out var wrong) ?? throw RefusedException.Wrong($"scopes: {Asked.Short(wrong!)} is no scope such as run:read, run:* or *:read.") : null;
        var wish = new KeyWish(
            caller.Tenant, body.TextOf("name") ?? "", Texts(body, "roles"), scopes, body.TextOf("tier") ?? "pro", body.TextOf("agent_id"), Flag(body, "is_house"), Lifetime(body));
        var (made, refusal) = await Book(context).CreateAsync(caller, wish, context.RequestAborted);
        await ReplyAsync(context, made, refusal);
    }

    [Needs("key:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        var key = await Book(context).FindAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(id);
        await context.ReplyAsync(writer => Write(writer, key, null));
    }

    [Needs("key:write")]
    private static async Task RotateAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        var overlap = body.Get("overlap") is { ValueKind: not JsonValueKind.Null } text
            ? Durations.Read(text) ?? throw RefusedException.Wrong("overlap is a time such as 0s, 1h or 7d.")
            : TimeSpan.FromDays(1);
        var (made, refusal) = await Book(context).RotateAsync(context.Caller(), (string)context.Request.RouteValues["id"]!, overlap, context.RequestAborted);
        await ReplyAsync(context, made, refusal);
    }

    [Needs("key:write")]
    private static async Task RevokeAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        var before = await Book(context).FindAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(id);
        var key = await Book(context).RevokeAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(id);
        context.Changed(Json.Write(writer => Write(writer, before, null)), Json.Write(writer => Write(writer, key, null)));
        await context.ReplyAsync(writer => Write(writer, key, null));
    }

    private static IApiKeys Book(HttpContext context) => context.RequestServices.GetRequiredService<IApiKeys>();

    private static async Task ReplyAsync(HttpContext context, NewKey? made, Failure? refusal)
    {
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);
        context.Changed(null, Json.Write(writer => Write(writer, made!.Key, null)));
        context.Response.Headers.Location = $"/api/v1/keys/{made!.Key.Id}";
        context.Response.Headers.CacheControl = "no-store";
        await context.ReplyAsync(writer => Write(writer, made.Key, made.Text), 201);
    }

    /// <summary>A caller of the house may name the tenant that the key is for.</summary>
    private static Caller For(Caller caller, string? tenant)
    {
        if (tenant is null || tenant == caller.Tenant.Value) return caller;
        return caller.IsHouse
            ? caller with { Tenant = Asked.Tenant("tenant_id", tenant) }
            : throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller acts for {caller.Tenant}, not for {Asked.Short(tenant)}."));
    }

    private static TimeSpan? Lifetime(JsonElement body) =>
        body.Get("expires_in") is { ValueKind: not JsonValueKind.Null } text ? Durations.Read(text) ?? throw RefusedException.Wrong("expires_in is a time such as 12h or 90d.") : null;

    private static string[] Texts(JsonElement body, string name)
    {
        if (body.Get(name) is not { ValueKind: JsonValueKind.Array } list) throw RefusedException.Wrong($"{name} is a list of texts.");
        if (list.GetArrayLength() > RolesMax) throw RefusedException.Wrong($"{name} has at most {RolesMax} entries.");
        return [.. list.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String ? one.GetString()! : throw RefusedException.Wrong($"{name} is a list of texts."))];
    }

    private static bool Flag(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    private static RefusedException Unknown(string id) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no key {Asked.Short(id)}; aos keys list shows them."));

    private static void Write(Utf8JsonWriter writer, ApiKey key, string? text)
    {
        writer.WriteStartObject();
        writer.WriteString("id", key.Id);
        if (text is not null) writer.WriteString("key", text);
        writer.WriteString("name", key.Name);
        writer.WriteString("tenant_id", key.Tenant.Value);
        IdentityWire.WriteGrants(writer, key.Roles, key.Scopes, key.Tier, key.AgentId, key.IsHouse);
        writer.WriteString("created_at", key.CreatedAt.UtcDateTime);
        writer.WriteString("created_by", key.CreatedBy);
        IdentityWire.WriteTime(writer, "expires_at", key.ExpiresAt);
        IdentityWire.WriteTime(writer, "revoked_at", key.RevokedAt);
        IdentityWire.WriteTime(writer, "last_used_at", key.LastUsedAt);
        writer.WriteString("replaced_by", key.ReplacedBy);
        writer.WriteEndObject();
    }
}
