using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/pins</c>: JSON objects by key, of the caller's tenant.</summary>
internal static class MemoryRoutes
{
    private const string Source = "api";

    internal static void MapMemory(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/memory/pins", PutAsync);
        routes.MapGet("/api/v1/memory/pins", ListAsync);
        routes.MapGet("/api/v1/memory/pins/{key}", ReadAsync);
        routes.MapDelete("/api/v1/memory/pins/{key}", DeleteAsync);
        routes.MapPost("/api/v1/memory/pins/cleanup", CleanupAsync);
    }

    [Needs("memory_pin:write")]
    private static async Task PutAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var wish = new PinWish(
            body.TextOf("key") ?? throw RefusedException.Wrong("key is missing."), body.Get("value") ?? throw RefusedException.Wrong("value is missing."), body.TextOf("source") ?? Source, Seconds(body));
        var (made, refusal) = await Memory(context).PutAsync(context.Caller(), wish, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);
        context.Changed(made!.Before is { } before ? Known(before) : null, Known(made.After));
        await context.ReplyAsync(writer => Write(writer, made.After), 201);
    }

    [Needs("memory_pin:read")]
    private static async Task ListAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var filter = new PinFilter(context.Text("prefix"), context.Whole("limit", 1, 1_000, 100), context.Whole("offset", 0, int.MaxValue, 0), Flag(context, "include_expired"));
        var page = await Memory(context).ListAsync(context.Caller(), filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("pins");
            foreach (var pin in page.Pins) Write(writer, pin);
            writer.WriteEndArray();
            writer.WriteNumber("total", page.Total);
            writer.WriteNumber("limit", filter.Limit);
            writer.WriteNumber("offset", filter.Offset);
            writer.WriteEndObject();
        });
    }

    [Needs("memory_pin:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var pin = await Memory(context).FindAsync(context.Caller(), Key(context), context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => Write(writer, pin));
    }

    [Needs("memory_pin:delete")]
    private static async Task DeleteAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var pin = await Memory(context).DeleteAsync(context.Caller(), Key(context), context.RequestAborted) ?? throw Unknown(context);
        context.Changed(Known(pin), null);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("deleted", true);
            writer.WriteString("key", pin.Key);
            writer.WriteString("tenant_id", pin.Tenant.Value);
            writer.WriteEndObject();
        });
    }

    [Needs("memory_pin:admin")]
    private static async Task CleanupAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var count = await Memory(context).CleanupAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("deleted_count", count);
            writer.WriteString("tenant_id", context.Caller().Tenant.Value);
            writer.WriteString("timestamp", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
            writer.WriteEndObject();
        });
    }

    private static IMemory Memory(HttpContext context) => context.RequestServices.GetRequiredService<IMemory>();

    private static string Key(HttpContext context)
    {
        var key = (string)context.Request.RouteValues["key"]!;
        return MemoryKey.Problem(key) is null ? key : throw Unknown(context); // No such key can have been written.
    }

    private static int? Seconds(JsonElement body) => body.Get("ttl_seconds") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var seconds) => seconds,
        _ => throw RefusedException.Wrong($"ttl_seconds is a whole number from 0 to {IMemory.TtlSecondsMax}."),
    };

    private static bool Flag(HttpContext context, string name) => context.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    private static JsonElement Known(Pin pin) => Json.Write(writer => Write(writer, pin));

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no entry {Asked.Short((string)context.Request.RouteValues["key"]!)} in the memory; aos memory list shows them."));

    private static void Write(Utf8JsonWriter writer, Pin pin)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", pin.Id);
        writer.WriteString("tenant_id", pin.Tenant.Value);
        writer.WriteString("key", pin.Key);
        writer.WritePropertyName("value");
        pin.Value.WriteTo(writer);
        writer.WriteString("source", pin.Source);
        writer.WriteString("created_at", pin.CreatedAt.UtcDateTime);
        writer.WriteString("updated_at", pin.UpdatedAt.UtcDateTime);
        if (pin.TtlSeconds is { } ttl) writer.WriteNumber("ttl_seconds", ttl);
        else writer.WriteNull("ttl_seconds");
        IdentityWire.WriteTime(writer, "expires_at", pin.ExpiresAt);
        writer.WriteEndObject();
    }
}
