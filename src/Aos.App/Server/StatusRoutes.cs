using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/status_history</c>: changes of status of the caller's tenant, as the journal tells them.</summary>
internal static class StatusRoutes
{
    internal static void MapStatus(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/status_history", ListAsync);
        routes.MapGet("/status_history/entity/{entity_type}/{entity_id}", EntityAsync);
        routes.MapGet("/status_history/stats", StatsAsync);
        routes.MapPost("/status_history/export", ExportAsync);
        routes.MapGet("/status_history/download/{export_id}", DownloadAsync);
    }

    /// <summary>One change as clients read it.</summary>
    internal static void Write(Utf8JsonWriter writer, StatusChange change)
    {
        writer.WriteStartObject();
        writer.WriteString("id", change.Id);
        writer.WriteString("entity_type", change.EntityType);
        writer.WriteString("entity_id", change.EntityId);
        writer.WriteString("old_status", change.OldStatus);
        writer.WriteString("new_status", change.NewStatus);
        writer.WriteString("actor_type", change.ActorType);
        writer.WriteNull("actor_id");
        writer.WriteString("reason", change.Reason);
        writer.WriteString("tenant_id", change.Tenant.Value);
        writer.WriteNull("correlation_id");
        writer.WriteStartObject("metadata");
        writer.WriteEndObject();
        writer.WriteString("created_at", change.At.UtcDateTime);
        writer.WriteNumber("sequence", change.Sequence);
        writer.WriteEndObject();
    }

    [Needs("run:read", OpenInDevelopment = true)]
    private static Task ListAsync(HttpContext context) => PageAsync(context, Filter(context), oldestFirst: false);

    [Needs("run:read", OpenInDevelopment = true)]
    private static Task EntityAsync(HttpContext context) => PageAsync(
        context,
        Filter(context) with { EntityType = (string)context.Request.RouteValues["entity_type"]!, EntityId = (string)context.Request.RouteValues["entity_id"]! },
        oldestFirst: true);

    [Needs("run:read", OpenInDevelopment = true)]
    private static async Task StatsAsync(HttpContext context)
    {
        var counts = await context.RequestServices.GetRequiredService<IStatusHistory>().CountAsync(Filter(context), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("total_records", counts.Total);
            WriteCounts(writer, "records_by_entity_type", counts.ByEntityType);
            WriteCounts(writer, "records_by_actor_type", counts.ByActorType);
            WriteCounts(writer, "records_by_status", counts.ByStatus);
            if (counts is { Oldest: { } oldest, Newest: { } newest })
            {
                writer.WriteString("oldest_record", oldest.UtcDateTime);
                writer.WriteString("newest_record", newest.UtcDateTime);
                writer.WriteNumber("time_range_days", (newest - oldest).TotalDays);
            }
            else
            {
                foreach (var name in new[] { "oldest_record", "newest_record", "time_range_days" }) writer.WriteNull(name);
            }

            writer.WriteEndObject();
        });
    }

    [Needs("run:read", OpenInDevelopment = true, Weight = 5)]
    private static async Task ExportAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var format = body.TextOf("format") ?? "csv";
        if (!StatusExports.Formats.Contains(format)) throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", "format is csv or jsonl."), 400);
        var filter = new StatusFilter(
            context.Caller().Tenant, body.TextOf("entity_type"), body.TextOf("entity_id"), From: Asked.Time("start_time", body.TextOf("start_time")),
            To: Asked.Time("end_time", body.TextOf("end_time")));
        var made = await context.RequestServices.GetRequiredService<StatusExports>().MakeAsync(filter, format, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("export_id", made.Id);
            writer.WriteString("download_url", made.Url);
            writer.WriteString("expires_at", made.ExpiresAt.UtcDateTime);
            writer.WriteString("format", format);
            writer.WriteNumber("record_count", made.Count);
            writer.WriteBoolean("truncated", made.IsTruncated);
            writer.WriteEndObject();
        });
    }

    [Open("The link is signed.")]
    private static async Task DownloadAsync(HttpContext context)
    {
        var exports = context.RequestServices.GetRequiredService<StatusExports>();
        var (id, format) = ((string)context.Request.RouteValues["export_id"]!, context.Text("format"));
        if (format is null || context.Text("sig") is not { } signature || !long.TryParse(context.Text("expires"), out var expires))
            throw RefusedException.Wrong("A link has the parameters format, expires and sig.");
        if (!await exports.IsSignedAsync(id, format, expires, signature, context.RequestAborted))
            throw new RefusedException(FailureCatalog.Fail("SIGNATURE_INVALID", "The link is not one of this server, or it has expired."), 403);
        if (exports.Find(id, format) is not { } file) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"The export {id} is gone."));
        context.Response.ContentType = format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
        context.Response.Headers.ContentDisposition = $"attachment; filename=status_history_{id}.{format}";
        await context.Response.SendFileAsync(file, context.RequestAborted);
    }

    private static async Task PageAsync(HttpContext context, StatusFilter filter, bool oldestFirst)
    {
        var (limit, offset) = (context.Whole("limit", 1, 1000, 100), context.Whole("offset", 0, int.MaxValue, 0));
        var history = context.RequestServices.GetRequiredService<IStatusHistory>();
        var (items, total) = await history.ListAsync(filter, oldestFirst, limit, offset, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var change in items) Write(writer, change);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteBoolean("has_more", (long)offset + items.Count < total);
            writer.WriteEndObject();
        });
    }

    private static StatusFilter Filter(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        return new StatusFilter(
            context.Caller().Tenant, context.Text("entity_type"), context.Text("entity_id"), context.Text("actor_type"), context.Text("new_status"),
            Asked.Time("start_time", context.Text("start_time")), Asked.Time("end_time", context.Text("end_time")));
    }

    private static void WriteCounts(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, long> counts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, count) in counts) writer.WriteNumber(key, count);
        writer.WriteEndObject();
    }
}
