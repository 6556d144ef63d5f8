using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/webhooks/deliveries</c>: what outside systems sent, of the caller's tenant.</summary>
internal static class WebhookDeliveryRoutes
{
    /// <summary>Deliveries that an export reads at once.</summary>
    private const int PageMax = 100;

    private const int LimitMax = 1_000;

    internal static void MapWebhookDeliveries(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/webhooks/deliveries", ListAsync);
        routes.MapGet("/api/v1/webhooks/deliveries/export", ExportAsync);
        routes.MapGet("/api/v1/webhooks/deliveries/{id}", ReadAsync);
        routes.MapGet("/api/v1/webhooks/deliveries/{id}/raw", RawAsync);
        routes.MapPost("/api/v1/webhooks/deliveries/{id}/replay", ReplayAsync);
    }

    [Needs("webhook:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var (filter, limit) = (Filter(context), context.Whole("limit", 1, LimitMax, 100));
        var page = await Book(context).ListAsync(filter, context.Text("before"), limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("deliveries");
            foreach (var delivery in page) WebhookWire.Write(writer, delivery, isWhole: false);
            writer.WriteEndArray();
            writer.WriteNumber("count", page.Count);
            writer.WriteString("next", page.Count == limit ? page[^1].Id : null);
            writer.WriteEndObject();
        });
    }

    [Needs("webhook:read", Weight = 5)]
    private static async Task ExportAsync(HttpContext context)
    {
        if (context.Text("format") is { } format and not "jsonl") throw RefusedException.Wrong($"format is jsonl, not {Asked.Short(format)}.");
        var (filter, book, before) = (Filter(context), Book(context), context.Text("before"));
        var page = await book.ListAsync(filter, before, PageMax, context.RequestAborted); // What goes wrong first is an answer of its own.
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.ContentDisposition = "attachment; filename=webhook-deliveries.jsonl";
        for (; page.Count > 0; page = await book.ListAsync(filter, page[^1].Id, PageMax, context.RequestAborted))
        {
            foreach (var delivery in page)
            {
                // One at a time: bodies may be large. It may be forgotten meanwhile.
                if (await book.FindAsync(delivery.Tenant, delivery.Id, context.RequestAborted) is { } whole)
                    await context.Response.Body.WriteAsync(WebhookWire.Line(whole), context.RequestAborted);
            }

            if (page.Count < PageMax) break;
        }
    }

    [Needs("webhook:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var delivery = await FindAsync(context);
        await context.ReplyAsync(writer => WebhookWire.Write(writer, delivery, isWhole: true));
    }

    /// <summary>The exact bytes, with whatever is secret in them: more than reading.</summary>
    [Needs("webhook:operate")]
    private static async Task RawAsync(HttpContext context)
    {
        var delivery = await FindAsync(context);
        context.Response.ContentType = "application/octet-stream"; // A browser must not take a stranger's bytes for a page of this server.
        context.Response.Headers.ContentDisposition = $"attachment; filename={delivery.Id}.body";
        context.Response.ContentLength = delivery.Body.Length;
        await context.Response.Body.WriteAsync(delivery.Body, context.RequestAborted);
    }

    [Needs("webhook:operate")]
    private static async Task ReplayAsync(HttpContext context)
    {
        var (delivery, refusal) = await Book(context).ReplayAsync(context.Caller(), Id(context), context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        if (delivery is null) throw Unknown(context);
        context.Changed(null, Json.Of($"{delivery.Id} replay {delivery.Replays}"));
        await context.ReplyAsync(writer => WebhookWire.Write(writer, delivery, isWhole: false), 202);
    }

    private static async Task<StoredDelivery> FindAsync(HttpContext context) =>
        await Book(context).FindAsync(context.Caller().Tenant, Id(context), context.RequestAborted) ?? throw Unknown(context);

    private static WebhookFilter Filter(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        return new WebhookFilter(context.Caller().Tenant)
        {
            Endpoint = context.Text("endpoint"), DeliveryId = context.Text("delivery_id"), AlertName = context.Text("alertname"), Severity = context.Text("severity"),
            Forwarding = context.Text("forwarding") switch
            {
                null => null,
                "none" => WebhookForwarding.None,
                "waiting" => WebhookForwarding.Waiting,
                "done" => WebhookForwarding.Done,
                "failed" => WebhookForwarding.Failed,
                _ => throw RefusedException.Wrong("forwarding is none, waiting, done or failed."),
            },
            Since = Asked.Time("since", context.Text("since")), Until = Asked.Time("until", context.Text("until")),
        };
    }

    private static IWebhookDeliveries Book(HttpContext context) => context.RequestServices.GetRequiredService<IWebhookDeliveries>();

    private static string Id(HttpContext context) => Asked.Storable("id", (string)context.Request.RouteValues["id"]!);

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no webhook delivery {Asked.Short(Id(context))}; aos webhooks deliveries lists them."));
}
