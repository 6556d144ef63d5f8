using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/outbox</c>: what waits to be delivered outside, and what was given up.</summary>
internal static class OutboxRoutes
{
    internal static void MapOutbox(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/outbox", ListAsync);
        routes.MapPost("/api/v1/outbox/{id}/resend", ResendAsync);
    }

    [Needs("outbox:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        OutboxState? state = (string?)context.Request.Query["state"] switch
        {
            null or "" => null,
            "dead" => OutboxState.Dead,
            "waiting" => OutboxState.Waiting,
            _ => throw RefusedException.Wrong("state is dead or waiting."),
        };
        var limit = context.Whole("limit", 1, 1000, 100);
        var rows = await context.RequestServices.GetRequiredService<IOutbox>().ListAsync(context.Caller().Tenant, state, limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("deliveries");
            foreach (var row in rows)
            {
                writer.WriteStartObject();
                writer.WriteString("id", row.Item.Id.ToString("D", CultureInfo.InvariantCulture));
                writer.WriteString("state", row.State == OutboxState.Dead ? "dead" : "waiting");
                writer.WriteString("kind", row.Item.Kind);
                writer.WriteString("endpoint", row.Item.Endpoint);
                if (row.Item.Run is { } run) writer.WriteString("run_id", run.ToString());
                writer.WriteNumber("attempts", row.Attempts);
                writer.WriteString("due_at", row.DueAt);
                writer.WriteString("created_at", row.CreatedAt);
                if (row.LastError is { } error) writer.WriteString("last_error", error);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("count", rows.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("outbox:operate", OpenInDevelopment = true)]
    private static async Task ResendAsync(HttpContext context)
    {
        var text = (string?)context.Request.RouteValues["id"];
        var isKnown = Guid.TryParse(text, out var id)
            && await context.RequestServices.GetRequiredService<IOutbox>().ResendAsync(context.Caller().Tenant, id, context.RequestAborted);
        if (!isKnown) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no dead delivery {text}."));
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", id.ToString("D", CultureInfo.InvariantCulture));
                writer.WriteString("state", "waiting");
                writer.WriteEndObject();
            },
            202);
    }
}
