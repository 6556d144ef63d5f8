using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/archive</c>: the files of ended runs. They hold the runs of all tenants, so all of it is for administrators.</summary>
internal static class ArchiveRoutes
{
    internal static void MapArchive(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/archive", ListAsync);
        routes.MapPost("/api/v1/archive", RunAsync);
        routes.MapGet("/api/v1/archive/verify", VerifyAsync);
    }

    [Needs("archive:read", OfHouse = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 10_000, 1_000);
        var files = await context.RequestServices.GetRequiredService<IArchive>().FilesAsync(limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("files");
            foreach (var file in files)
            {
                writer.WriteStartObject();
                Write(writer, file);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("count", files.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("archive:admin", OfHouse = true)]
    private static async Task RunAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        var age = body.Get("older_than") is { ValueKind: not JsonValueKind.Null } text ? Durations.Read(text) : TimeSpan.FromDays(30);
        if (age is not { } olderThan || olderThan < IArchive.AgeMin) throw RefusedException.Wrong("older_than is a time of at least a day, such as 30d.");
        var isDry = body.Get("dry_run") switch
        {
            null or { ValueKind: JsonValueKind.Null or JsonValueKind.False } => false,
            { ValueKind: JsonValueKind.True } => true,
            _ => throw RefusedException.Wrong("dry_run is true or false."),
        };
        var archive = context.RequestServices.GetRequiredService<IArchive>();
        var report = isDry ? await archive.CountAsync(olderThan, context.RequestAborted) : await archive.ArchiveAsync(olderThan, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("dry_run", isDry);
            writer.WriteNumber("runs", report.Runs);
            writer.WriteNumber("events", report.Events);
            writer.WriteNumber("files", report.Files);
            writer.WriteNumber("bytes", report.Bytes);
            writer.WriteNumber("skipped", report.Skipped);
            writer.WriteEndObject();
        });
    }

    [Needs("archive:read", OfHouse = true)]
    private static async Task VerifyAsync(HttpContext context)
    {
        var verdicts = await context.RequestServices.GetRequiredService<IArchive>().VerifyAsync(context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("ok", verdicts.All(verdict => verdict.Reason is null));
            writer.WriteNumber("checked", verdicts.Count(verdict => verdict.IsHere));
            writer.WriteNumber("elsewhere", verdicts.Count(verdict => !verdict.IsHere));
            writer.WriteStartArray("files");
            foreach (var verdict in verdicts)
            {
                writer.WriteStartObject();
                Write(writer, verdict.File);
                writer.WriteBoolean("is_here", verdict.IsHere);
                writer.WriteString("reason", verdict.Reason);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter writer, ArchiveFile file)
    {
        writer.WriteString("id", file.Id.ToString("D", CultureInfo.InvariantCulture));
        writer.WriteString("name", file.Name);
        writer.WriteString("place", file.Place);
        writer.WriteNumber("bytes", file.Bytes);
        writer.WriteString("sha256", file.Sha256);
        writer.WriteNumber("runs", file.Runs);
        writer.WriteNumber("events", file.Events);
        writer.WriteString("ended_from", file.EndedFrom.UtcDateTime);
        writer.WriteString("ended_to", file.EndedTo.UtcDateTime);
        writer.WriteString("made_at", file.MadeAt.UtcDateTime);
    }
}
