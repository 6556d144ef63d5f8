using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/pins</c>: JSON objects by key, of the caller's tenant.</summary>
internal static class MemoryRoutes
{
    internal static void MapMemory(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/memory/pins", PostAsync);
        routes.MapGet("/api/v1/memory/pins", ListAsync);
        routes.MapGet("/api/v1/memory/pins/{key}", ReadAsync);
        routes.MapPut("/api/v1/memory/pins/{key}", PutAsync);
        routes.MapDelete("/api/v1/memory/pins/{key}", DeleteAsync);
        routes.MapPost("/api/v1/memory/pins/cleanup", CleanupAsync);
        routes.MapMemoryChanges();
        routes.MapMemoryAudit();
    }

    [Needs("memory_pin:write")]
    private static async Task PostAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.ForTenant(body.TextOf("tenant_id"));
        var wish = PinRequest.Wish(body, body.TextOf("key") ?? throw RefusedException.Wrong("key is missing."), PinRequest.Source);
        var (made, refusal) = await context.Pins().PutAsync(context.Caller(), wish with { Condition = context.PinCondition(), IdempotencyKey = context.PinKey() }, context.RequestAborted);
        await context.ReplyAsync(made, refusal, 201);
    }

    [Needs("memory_pin:write")]
    private static async Task PutAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.ForTenant(body.TextOf("tenant_id"));
        if (body.TextOf("key") is { } named && named != context.KeyOfPath()) throw RefusedException.Wrong("key is another one than that of the path.");
        var wish = PinRequest.Wish(body, context.KeyOfPath(), PinRequest.Source);
        var (made, refusal) = await context.Pins().PutAsync(context.Caller(), wish with { Condition = context.PinCondition(), IdempotencyKey = context.PinKey() }, context.RequestAborted);
        await context.ReplyAsync(made, refusal, made is { Before: null, IsRepeat: false } ? 201 : 200);
    }

    [Needs("memory_pin:read")]
    private static async Task ListAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var filter = PinRequest.Filter(context);
        var page = await context.Pins().ListAsync(context.Caller(), filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("pins");
            foreach (var pin in page.Pins) PinWire.Write(writer, pin);
            writer.WriteEndArray();
            writer.WriteNumber("total", page.Total);
            writer.WriteBoolean("total_is_exact", page.IsTotalExact);
            writer.WriteNumber("limit", filter.Limit);
            writer.WriteNumber("offset", filter.Offset);
            writer.WriteString("next_cursor", page.Next is { } next ? PinCursor.Text(next) : null);
            writer.WriteEndObject();
        });
    }

    [Needs("memory_pin:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var key = context.ExistingKey();
        var pin = await context.Pins().FindAsync(context.Caller(), key, context.RequestAborted) ?? throw PinRequest.Unknown(key);
        context.Response.Headers.ETag = PinWire.Tag(pin.Version);
        if (!context.KnowsVersion(pin.Version))
        {
            await context.ReplyAsync(writer => PinWire.Write(writer, pin));
            return;
        }

        context.Response.StatusCode = StatusCodes.Status304NotModified;
    }

    [Needs("memory_pin:delete")]
    private static async Task DeleteAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var key = context.ExistingKey();
        var (pin, refusal) = await context.Pins().DeleteAsync(context.Caller(), key, context.PinCondition(), context.RequestAborted);
        if (refusal is not null) throw PinRequest.Refused(refusal);
        if (pin is null) throw PinRequest.Unknown(key);
        context.ChangedHash(pin.Hash, null);
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
        context.ForTenant(context.Text("tenant_id"));
        var (count, refusal) = await context.Pins().CleanupAsync(context.Caller(), context.RequestAborted);
        if (refusal is not null) throw PinRequest.Refused(refusal);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("deleted_count", count);
            writer.WriteString("tenant_id", context.Caller().Tenant.Value);
            writer.WriteString("timestamp", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
            writer.WriteEndObject();
        });
    }
}
