using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The catalog of failures.</summary>
internal static class FailureRoutes
{
    private const int MessageChars = 4_000;
    private const int NameChars = 200;

    internal static void MapFailures(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/failures/catalog", CatalogAsync);
        routes.MapGet("/api/v1/failures/catalog/{code}", EntryAsync);
        routes.MapPost("/api/v1/failures/match", MatchAsync);
        routes.MapKeptFailures();
        routes.MapCandidates();
        routes.MapRecovery();
    }

    [Open("Documentation; it holds nothing of any tenant.")]
    private static Task CatalogAsync(HttpContext context) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("version", "1.0.0");
        writer.WriteNumber("count", FailureCatalog.All.Count);
        writer.WriteStartArray("entries");
        foreach (var entry in FailureCatalog.All) FailureWire.Write(writer, entry);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    [Open("Documentation; it holds nothing of any tenant.")]
    private static Task EntryAsync(HttpContext context)
    {
        var code = (string)context.Request.RouteValues["code"]!;
        var entry = context.RequestServices.GetRequiredService<IFailures>().Find(code)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"The catalog has no code {code}."));
        return context.ReplyAsync(writer => FailureWire.Write(writer, entry));
    }

    [Needs("failure:read", ChangesNothing = true, OpenInDevelopment = true)]
    private static async Task MatchAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var (code, message, exception) = (Bounded(body, "code", NameChars), Bounded(body, "message", MessageChars), Bounded(body, "exception", NameChars));
        var status = Status(body);
        if (code is null && message is null && exception is null && status is null) throw RefusedException.Wrong("Say at least one of code, http_status, exception and message.");
        var match = context.RequestServices.GetRequiredService<IFailures>().Classify(code, status, message, exception);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("matched", match.Entry is not null);
            writer.WriteString("match_type", match.Kind.ToString().ToLowerInvariant());
            writer.WriteNumber("confidence", match.Confidence);
            writer.WriteString("reason", match.Reason);
            writer.WritePropertyName("entry");
            if (match.Entry is { } entry) FailureWire.Write(writer, entry);
            else writer.WriteNullValue();
            writer.WriteEndObject();
        });
    }

    private static string? Bounded(JsonElement body, string name, int max) =>
        body.TextOf(name) is { } text ? text.Length <= max ? text : throw RefusedException.Wrong($"{name} has at most {max} characters.") : null;

    internal static int? Status(JsonElement body) => body.Get("http_status") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var status) && status is >= 100 and <= 599 => status,
        _ => throw RefusedException.Wrong("http_status is a whole number from 100 to 599."),
    };
}
