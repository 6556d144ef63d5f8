using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The catalog of failures.</summary>
internal static class FailureRoutes
{
    internal static void MapFailures(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/failures/catalog", CatalogAsync);
        routes.MapGet("/api/v1/failures/catalog/{code}", EntryAsync);
    }

    [Open("Documentation; it holds nothing of any tenant.")]
    private static Task CatalogAsync(HttpContext context) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("version", "1.0.0");
        writer.WriteNumber("count", FailureCatalog.All.Count);
        writer.WriteStartArray("entries");
        foreach (var entry in FailureCatalog.All) Write(writer, entry);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    [Open("Documentation; it holds nothing of any tenant.")]
    private static Task EntryAsync(HttpContext context)
    {
        var code = (string)context.Request.RouteValues["code"]!;
        var entry = context.RequestServices.GetRequiredService<IFailures>().Find(code)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"The catalog has no code {code}."));
        return context.ReplyAsync(writer => Write(writer, entry));
    }

    private static void Write(Utf8JsonWriter writer, FailureEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("code", entry.Code);
        writer.WriteString("category", entry.Category.ToString().ToUpperInvariant());
        writer.WriteBoolean("retryable", entry.Retryable);
        writer.WriteNumber("http_status", entry.HttpStatus);
        writer.WriteString("meaning", entry.Meaning);
        writer.WriteString("advice", entry.Advice);
        writer.WriteNumber("retries_max", entry.RetriesMax);
        writer.WriteNumber("backoff_ms", entry.BackoffMs);
        writer.WriteStartArray("aliases");
        foreach (var alias in entry.Aliases) writer.WriteStringValue(alias);
        writer.WriteEndArray();
        writer.WriteString("help", $"docs/errors/{entry.Code}.md");
        writer.WriteEndObject();
    }
}
