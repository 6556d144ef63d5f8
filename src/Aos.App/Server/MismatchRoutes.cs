using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Reports of replays that did not come out as recorded.</summary>
internal static class MismatchRoutes
{
    private const int ReasonChars = 2_000;
    private const int HashChars = 128;
    private const int NoteChars = 1_000;

    /// <summary>Bytes of a report's details.</summary>
    private const int DetailsBytes = 64 * 1024;

    /// <summary>Mismatches of one bulk report.</summary>
    private const int BulkMax = 100;

    internal static void MapMismatches(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/traces/{id}/mismatch", ReportAsync);
        routes.MapGet("/api/v1/traces/{id}/mismatches", ListAsync);
        routes.MapPost("/api/v1/traces/{id}/mismatches/{mismatch_id}/resolve", ResolveAsync);
        routes.MapPost("/api/v1/traces/mismatches/bulk-report", BulkAsync);
    }

    [Needs("trace:write", OpenInDevelopment = true)]
    private static async Task ReportAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var (made, refusal) = await Mismatches(context).ReportAsync(context.Caller(), TraceBookRoutes.Part(context, "id"), Report(body), context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        if (made is null) throw TraceBookRoutes.Unknown(TraceBookRoutes.Part(context, "id"));
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("mismatch_id", made.Id);
                writer.WriteString("trace_id", made.TraceId);
                writer.WriteString("status", "recorded");
                writer.WriteString("notified", made.Notified.ToString().ToLowerInvariant());
                writer.WriteString("issue_url", made.IssueUrl);
                writer.WriteEndObject();
            },
            201);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var id = TraceBookRoutes.Part(context, "id");
        var found = await Mismatches(context).ListAsync(context.Caller(), id, context.RequestAborted) ?? throw TraceBookRoutes.Unknown(id);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("trace_id", found.Count > 0 ? found[0].TraceId : id);
            writer.WriteStartArray("mismatches");
            foreach (var mismatch in found) Write(writer, mismatch);
            writer.WriteEndArray();
            writer.WriteNumber("total", found.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:operate", OpenInDevelopment = true)]
    private static async Task ResolveAsync(HttpContext context)
    {
        var named = TraceBookRoutes.Part(context, "mismatch_id");
        var note = context.Text("resolution_note");
        if (note is { Length: > NoteChars }) throw RefusedException.Wrong($"resolution_note has at most {NoteChars} characters.");
        var resolved = Guid.TryParse(named, out var id)
            ? await Mismatches(context).ResolveAsync(context.Caller(), TraceBookRoutes.Part(context, "id"), id, note, context.RequestAborted)
            : null;
        if (resolved is null) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"This trace has no mismatch {Asked.Short(named)}."));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "resolved");
            writer.WriteString("mismatch_id", resolved.Id);
            writer.WriteString("resolved_by", resolved.ResolvedBy);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:operate", OpenInDevelopment = true)]
    private static async Task BulkAsync(HttpContext context)
    {
        var issue = context.Text("github_issue") switch
        {
            null or "true" => true,
            "false" => false,
            _ => throw RefusedException.Wrong("github_issue is true or false."),
        };
        var report = await Mismatches(context).BulkAsync(context.Caller(), Ids(context), issue, context.RequestAborted);
        if (report.Linked.Count == 0) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", "There is none of these mismatches."));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("linked_count", report.Linked.Count);
            writer.WriteNumber("traces_affected", report.Linked.Select(mismatch => mismatch.TraceId).Distinct().Count());
            writer.WriteNull("issue_url");
            writer.WriteString("notified", report.Issue ? "github" : "none");
            writer.WriteStartArray("mismatch_ids");
            foreach (var mismatch in report.Linked) writer.WriteStringValue(mismatch.Id);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static MismatchReport Report(JsonElement body)
    {
        if (body.Get("step_index") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt32(out var step) || step < 0)
            throw RefusedException.Wrong("step_index is a whole number from 0.");
        if (body.TextOf("reason") is not { Length: > 0 and <= ReasonChars } reason) throw RefusedException.Wrong($"reason is a text of 1 to {ReasonChars} characters.");
        var details = body.ObjectOf("details");
        if (details.Bytes() > DetailsBytes) throw RefusedException.Wrong($"details have at most {DetailsBytes} bytes.");
        return new MismatchReport(step, reason, Hash(body, "expected_hash"), Hash(body, "actual_hash"), details);
    }

    private static string? Hash(JsonElement body, string name) => body.TextOf(name) switch
    {
        { Length: > HashChars } => throw RefusedException.Wrong($"{name} has at most {HashChars} characters."),
        var hash => hash,
    };

    private static List<Guid> Ids(HttpContext context)
    {
        var named = context.Request.Query["mismatch_ids"];
        if (named.Count is 0 or > BulkMax) throw RefusedException.Wrong($"mismatch_ids stands 1 to {BulkMax} times in the query.");
        return [.. named.Select(text => Guid.TryParse(text, out var id) ? id : throw RefusedException.Wrong("mismatch_ids are UUIDs."))];
    }

    private static void Write(Utf8JsonWriter writer, Mismatch mismatch)
    {
        writer.WriteStartObject();
        writer.WriteString("mismatch_id", mismatch.Id);
        writer.WriteNumber("step_index", mismatch.StepIndex);
        writer.WriteString("reason", mismatch.Reason);
        writer.WriteString("expected_hash", mismatch.ExpectedHash);
        writer.WriteString("actual_hash", mismatch.ActualHash);
        writer.WritePropertyName("details");
        mismatch.Details.WriteTo(writer);
        writer.WriteBoolean("notification_sent", mismatch.IsNotified);
        writer.WriteString("notified", mismatch.Notified.ToString().ToLowerInvariant());
        writer.WriteString("issue_url", mismatch.IssueUrl);
        writer.WriteBoolean("resolved", mismatch.ResolvedAt is not null);
        if (mismatch.ResolvedAt is { } at) writer.WriteString("resolved_at", at);
        else writer.WriteNull("resolved_at");
        writer.WriteString("resolved_by", mismatch.ResolvedBy);
        writer.WriteString("resolution_note", mismatch.Note);
        writer.WriteString("created_at", mismatch.CreatedAt);
        writer.WriteEndObject();
    }

    private static IMismatches Mismatches(HttpContext context) => context.RequestServices.GetRequiredService<IMismatches>();
}
