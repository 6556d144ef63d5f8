using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/runs/bulk</c>: one order for many runs.</summary>
internal static class BulkRoutes
{
    /// <summary>Ids shown by a preview.</summary>
    private const int ShownMax = 20;

    internal static void MapBulk(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/runs/bulk", OrderAsync);
        routes.MapGet("/api/v1/runs/bulk/{operation}", ReadAsync);
    }

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task OrderAsync(HttpContext context)
    {
        var body = BulkBody.Read(context, await context.ObjectBodyAsync());
        var bulk = context.RequestServices.GetRequiredService<IBulkRuns>();
        var (runs, hasMore) = await bulk.FindAsync(context.Caller(), body.Order, context.RequestAborted);
        var token = body.Token(runs.Count);
        if (body.IsPreview)
        {
            await PreviewAsync(context, body, runs, hasMore, token);
            return;
        }

        if (body.Given is { } given ? given != token : body.ExpectedCount != runs.Count)
        {
            throw new RefusedException(FailureCatalog.Fail(
                "INVALID_STATE", body.Given is null
                    ? $"The filter finds {runs.Count} runs now, not {body.ExpectedCount}. Nothing was done: look at a preview again."
                    : $"The token is of another filter, or of another number of runs than the {runs.Count} found now. Nothing was done: look at a preview again."));
        }

        var begun = await bulk.BeginAsync(context.Caller(), body.Order, runs, context.RequestAborted);
        var operation = await bulk.WaitAsync(context.Caller(), begun.Id, TimeSpan.FromSeconds(body.Wait), context.RequestAborted);
        context.Changed(null, Json.Write(writer => WriteOrder(writer, begun, runs)));
        await ReplyAsync(context, operation ?? begun, 0, 1_000);
    }

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        var id = Asked.Storable("operation", (string)context.Request.RouteValues["operation"]!);
        var bulk = context.RequestServices.GetRequiredService<IBulkRuns>();
        var operation = await bulk.WaitAsync(context.Caller(), id, TimeSpan.FromSeconds(context.Whole("wait", 0, RunRequest.WaitMax, 0)), context.RequestAborted)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no operation {Asked.Short(id)}; those that ended are kept for 7 days."));
        await ReplyAsync(context, operation, context.Whole("after", 0, 10_000, 0), context.Whole("limit", 1, 10_000, 1_000));
    }

    private static Task PreviewAsync(HttpContext context, BulkBody body, IReadOnlyList<BulkRun> runs, bool hasMore, string token) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("preview", true);
        writer.WriteString("action", BulkBody.Name(body.Order.Action));
        writer.WriteNumber("count", runs.Count);
        writer.WriteBoolean("has_more", hasMore);
        writer.WriteStartArray("run_ids");
        foreach (var run in runs.Take(ShownMax)) writer.WriteStringValue(run.Run.Value);
        writer.WriteEndArray();
        writer.WriteString("token", token);
        writer.WriteEndObject();
    });

    private static async Task ReplyAsync(HttpContext context, BulkOperation operation, int after, int limit)
    {
        var outcomes = await context.RequestServices.GetRequiredService<IBulkRuns>().OutcomesAsync(context.Caller(), operation.Id, after, limit, context.RequestAborted);
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("operation_id", operation.Id);
                writer.WriteString("action", BulkBody.Name(operation.Action));
                writer.WriteString("status", operation.EndedAt is null ? "running" : "ended");
                writer.WriteString("reason", operation.Reason);
                writer.WriteNumber("total", operation.Total);
                writer.WriteNumber("done", operation.Done);
                writer.WriteNumber("refused", operation.Worked - operation.Done);
                writer.WriteNumber("open", operation.Total - operation.Worked);
                writer.WriteString("created_at", operation.CreatedAt.UtcDateTime);
                if (operation.EndedAt is { } ended) writer.WriteString("completed_at", ended.UtcDateTime);
                writer.WriteStartArray("runs");
                foreach (var outcome in outcomes) Write(writer, outcome);
                writer.WriteEndArray();
                if (after + outcomes.Count < operation.Total) writer.WriteNumber("next_after", after + outcomes.Count);
                writer.WriteEndObject();
            },
            operation.EndedAt is null && HttpMethods.IsPost(context.Request.Method) ? 202 : 200);
    }

    private static void Write(Utf8JsonWriter writer, BulkOutcome outcome)
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", outcome.Run.Value);
        writer.WriteString("outcome", outcome.Code is null ? "done" : "refused");
        if (outcome.Code is { } code) writer.WriteString("code", code);
        if (outcome.Message is { } message) writer.WriteString("message", message);
        writer.WriteEndObject();
    }

    /// <summary>For the record: the order and every run it is for.</summary>
    private static void WriteOrder(Utf8JsonWriter writer, BulkOperation operation, IReadOnlyList<BulkRun> runs)
    {
        writer.WriteStartObject();
        writer.WriteString("operation_id", operation.Id);
        writer.WriteString("action", BulkBody.Name(operation.Action));
        writer.WriteNumber("count", runs.Count);
        writer.WriteStartArray("runs");
        foreach (var run in runs) writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{run.Run}:{run.Attempt}"));
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
