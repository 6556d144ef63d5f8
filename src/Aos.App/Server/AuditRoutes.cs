using System.Globalization;
using System.Text.Json;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary><c>/api/v1/audit</c>: what was done and refused. Under <c>/api/v1/rbac/audit</c> with the names that older clients know.</summary>
internal static class AuditRoutes
{
    private const int DaysMax = 3_650;

    internal static void MapAudit(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/audit", ListAsync);
        routes.MapGet("/api/v1/audit/verify", VerifyAsync);
        routes.MapGet("/api/v1/rbac/audit", ListAsync);
        routes.MapPost("/api/v1/rbac/audit/cleanup", CleanupAsync);
    }

    [Needs("audit:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var filter = Filter(context);
        var (rows, total) = await Audit(context).ListAsync(filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("entries");
            foreach (var row in rows) Write(writer, row);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", filter.Limit);
            writer.WriteNumber("offset", filter.Offset);
            writer.WriteEndObject();
        });
    }

    [Needs("audit:read", OfHouse = true, Weight = 5)]
    private static async Task VerifyAsync(HttpContext context)
    {
        var verdict = await Audit(context).VerifyAsync(context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("ok", verdict.Problem is null);
            writer.WriteNumber("entries", verdict.Entries);
            writer.WriteNumber("seals", verdict.Seals);
            writer.WriteString("problem", verdict.Problem);
            writer.WriteEndObject();
        });
    }

    [Needs("audit:admin", OfHouse = true)]
    private static async Task CleanupAsync(HttpContext context)
    {
        var days = context.Whole("retention_days", 1, DaysMax, 90);
        var gone = await Audit(context).ForgetAsync(TimeSpan.FromDays(days), context.RequestAborted);
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("deleted_count", gone);
            writer.WriteNumber("retention_days", days);
            writer.WriteString("timestamp", now.UtcDateTime);
            writer.WriteEndObject();
        });
    }

    private static IAudit Audit(HttpContext context) => context.RequestServices.GetRequiredService<IAudit>();

    /// <summary>A tenant's own entries; a caller of the house may ask for all of them.</summary>
    private static AuditFilter Filter(HttpContext context)
    {
        var caller = context.Caller();
        var isAll = Flag(context, "all_tenants") == true;
        if (isAll && !caller.IsHouse) throw RefusedException.Wrong("all_tenants is for callers of the house.");
        context.RefuseOtherTenant(context.Text("tenant_id"));
        return new AuditFilter(isAll ? null : caller.Tenant)
        {
            Resource = context.Text("resource"),
            Action = context.Text("action"),
            Subject = context.Text("subject"),
            IsAllowed = Flag(context, "allowed"),
            Since = Asked.Time("since", context.Text("since")),
            Limit = context.Whole("limit", 1, 1_000, 100),
            Offset = context.Whole("offset", 0, int.MaxValue, 0),
        };
    }

    private static bool? Flag(HttpContext context, string name) => context.Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    private static void Write(Utf8JsonWriter writer, AuditRow row)
    {
        var entry = row.Entry;
        writer.WriteStartObject();
        writer.WriteNumber("id", row.Number);
        writer.WriteString("ts", entry.At.UtcDateTime);
        writer.WriteString("subject", entry.Subject);
        writer.WriteString("resource", entry.Resource);
        writer.WriteString("action", entry.Action);
        writer.WriteBoolean("allowed", entry.IsAllowed);
        writer.WriteString("reason", entry.Reason);
        SkillWire.WriteTexts(writer, "roles", entry.Roles);
        writer.WriteString("path", entry.Path);
        writer.WriteString("method", entry.Method);
        writer.WriteNumber("status", entry.Status);
        writer.WriteString("tenant_id", entry.Tenant.Value);
        writer.WriteString("request_id", entry.RequestId);
        writer.WriteString("address", entry.Address);
        writer.WriteString("policy", entry.Policy);
        writer.WriteString("before", entry.Before);
        writer.WriteString("after", entry.After);
        writer.WriteNumber("latency_ms", Math.Round(entry.Latency.TotalMilliseconds, 3));
        writer.WriteEndObject();
    }
}
