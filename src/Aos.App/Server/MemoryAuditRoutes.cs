using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/audit</c>: what became of each entry, and who read it.</summary>
internal static class MemoryAuditRoutes
{
    private static readonly string[] Operations = ["put", "patch", "increment", "append", "get", "list", "delete", "cleanup", "sweep", "run_read"];

    internal static void MapMemoryAudit(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/memory/audit", ListAsync);

    [Needs("memory_pin:admin")]
    private static async Task ListAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        _ = context.Pins(); // Refuses where there is no memory.
        var filter = Filter(context);
        var page = await context.RequestServices.GetRequiredService<IPinAudit>().ListAsync(context.Caller(), filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("entries");
            foreach (var row in page.Rows) Write(writer, row);
            writer.WriteEndArray();
            writer.WriteNumber("limit", filter.Limit);
            writer.WriteString("next_cursor", page.Next?.ToString(CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        });
    }

    private static PinAuditFilter Filter(HttpContext context)
    {
        var operation = context.Text("operation");
        if (operation is not null && !Operations.Contains(operation)) throw RefusedException.Wrong($"operation is one of {string.Join(", ", Operations)}.");
        long? before = context.Text("cursor") is not { } text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw RefusedException.Wrong("cursor is the next_cursor of a page.");
        return new PinAuditFilter(
            context.Text("key"), operation, Asked.Time("since", context.Text("since")), Asked.Time("until", context.Text("until")), context.Whole("limit", 1, 1_000, 100)) { Before = before };
    }

    private static void Write(Utf8JsonWriter writer, PinAuditRow row)
    {
        var entry = row.Entry;
        writer.WriteStartObject();
        writer.WriteNumber("id", row.Number);
        writer.WriteString("ts", entry.At.UtcDateTime);
        writer.WriteString("tenant_id", entry.Tenant.Value);
        writer.WriteString("operation", entry.Operation);
        writer.WriteString("key", entry.Key);
        writer.WriteString("subject", entry.Who);
        writer.WriteString("source", entry.Source);
        writer.WriteString("outcome", entry.Outcome);
        writer.WriteBoolean("success", entry.Outcome is "success" or "absent");
        writer.WriteString("error_code", entry.Code);
        writer.WriteBoolean("cache_hit", entry.IsCacheHit);
        writer.WriteNumber("latency_ms", Math.Round(entry.Latency.TotalMilliseconds, 3));
        Number("version", entry.Version);
        writer.WriteString("old_value_hash", entry.Before);
        writer.WriteString("new_value_hash", entry.After);
        Number("count", entry.Count);
        writer.WriteEndObject();

        void Number(string name, long? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    }
}
