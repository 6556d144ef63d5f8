using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/rules</c>: what happens to values as they are written into the tenant's memory.</summary>
internal static class MemoryRuleRoutes
{
    internal static void MapMemoryRules(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/memory/rules", ReadAsync);
        routes.MapPut("/api/v1/memory/rules", ReplaceAsync);
        routes.MapPost("/api/v1/memory/rules/test", TryAsync);
    }

    [Needs("memory_pin:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var stored = await Rules(context).ReadAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer => Write(writer, stored));
    }

    [Needs("memory_pin:admin")]
    private static async Task ReplaceAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var body = await context.ObjectBodyAsync();
        // What was read may be sent back as it is.
        var version = Version(body);
        var rules = Read(Without(body, "version", "changed_at", "changed_by"));
        var (after, before, refusal) = await Rules(context).ReplaceAsync(context.Caller(), rules, version, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        context.Changed(Known(before!), Known(after!));
        await context.ReplyAsync(writer => Write(writer, after!));
    }

    [Needs("memory_pin:read")]
    private static async Task TryAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var body = await context.ObjectBodyAsync();
        var key = body.TextOf("key") ?? throw RefusedException.Wrong("key is missing.");
        if (MemoryKey.Problem(key) is { } wrong) throw RefusedException.Wrong($"key: {wrong}.");
        var value = Value(body, "value") ?? throw RefusedException.Wrong("value is missing.");
        var made = await Rules(context).TryAsync(context.Caller(), new RuleTrial(key, value, Value(body, "existing"), body.Get("rules") is { } rules ? Read(rules) : null), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("accepted", made.Value is not null);
            writer.WritePropertyName("value");
            (made.Value ?? Json.Null).WriteTo(writer);
            SkillWire.WriteTexts(writer, "applied", made.Applied);
            writer.WriteString("merge_strategy", MemoryRuleText.Wire(made.Merge));
            writer.WriteString("problem", made.Failure?.Message);
            writer.WriteEndObject();
        });
    }

    private static JsonElement? Value(JsonElement body, string name) =>
        body.Get(name) is not { } value ? null : value.ValueKind == JsonValueKind.Object ? value : throw RefusedException.Wrong($"{name}: an entry of memory is an object.");

    private static MemoryRules Read(JsonElement text)
    {
        var (rules, problems) = MemoryRuleText.Read(text);
        return rules ?? throw RefusedException.Wrong(string.Join(' ', problems));
    }

    private static long? Version(JsonElement body)
    {
        if (body.Get("version") is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var version) && version >= 0 ? version : throw RefusedException.Wrong("version: the version that is replaced, a whole number.");
    }

    private static JsonElement Without(JsonElement body, params string[] names) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in body.EnumerateObject().Where(member => !names.Contains(member.Name))) member.WriteTo(writer);
        writer.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter writer, StoredRules stored)
    {
        writer.WriteStartObject();
        foreach (var member in Json.Write(inner => MemoryRuleText.Write(inner, stored.Rules)).EnumerateObject()) member.WriteTo(writer);
        writer.WriteNumber("version", stored.Version);
        if (stored.ChangedAt is { } at) writer.WriteString("changed_at", at.UtcDateTime);
        else writer.WriteNull("changed_at");
        writer.WriteString("changed_by", stored.ChangedBy);
        writer.WriteEndObject();
    }

    private static JsonElement Known(StoredRules stored) => Json.Write(writer => Write(writer, stored));

    private static IMemoryRules Rules(HttpContext context)
    {
        context.Pins(); // Without a memory there are no rules of one.
        return context.RequestServices.GetRequiredService<IMemoryRules>();
    }
}
