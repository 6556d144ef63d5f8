using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/admin</c>: runs that failed, and running one again.</summary>
internal static class AdminRoutes
{
    internal static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/admin/rerun", RerunAsync);
        routes.MapGet("/admin/failed-runs", FailedAsync);
    }

    [Needs("run:operate", KeyIsField = true)]
    private static async Task RerunAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        if (body.TextOf("run_id") is not { } text) throw RefusedException.Wrong("run_id is the id of an ended run.");
        if (!RunId.TryParse(text, out var id)) throw new RefusedException(FailureCatalog.Fail("RUN_NOT_FOUND", "Run not found"));
        var reason = body.TextOf("reason") ?? "manual_retry";
        if (reason.Length > 500) throw RefusedException.Wrong("reason has at most 500 characters.");
        var (run, before, refusal) = await context.RequestServices.GetRequiredService<IRecords>().AgainAsync(context.Caller(), id, reason, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code is "INVALID_STATE" or "OUTCOME_UNKNOWN" ? 400 : null);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "queued");
            writer.WriteString("run_id", run.ToString());
            writer.WriteString("original_run_id", id.ToString());
            writer.WriteString("original_status", before!.Status.Wire());
            writer.WriteString("reason", reason);
            writer.WriteEndObject();
        });
    }

    [Needs("run:read", KeyIsField = true)]
    private static async Task FailedAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1000, 50);
        var runs = await context.RequestServices.GetRequiredService<IRecords>().FailedAsync(context.Caller(), limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("count", runs.Count);
            writer.WriteStartArray("runs");
            foreach (var run in runs)
            {
                writer.WriteStartObject();
                writer.WriteString("run_id", run.Row.Id.ToString());
                writer.WriteString("agent_id", run.Row.AgentId);
                writer.WriteString("goal", run.Row.Goal);
                writer.WriteNumber("attempts", run.Attempt);
                writer.WriteString("error_message", run.State.End?.Failure is { } failure ? $"{failure.Code}: {failure.Message}" : null);
                writer.WriteString("code", run.Row.FailureCode);
                if (run.Row.EndedAt is { } ended) writer.WriteString("completed_at", ended);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}
