using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// <c>/api/v1/webhooks/endpoints</c>: where outside systems post to, of the caller's tenant. <c>/webhooks/in/{endpoint}</c>: where they post.
/// </summary>
internal static class WebhookRoutes
{
    private static readonly string[] Members = ["name", "secret", "scheme", "forward", "enabled", "window_seconds"];
    private static readonly string[] ForwardMembers = ["signal", "run_id", "run_field"];

    internal static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/webhooks/endpoints", ListAsync);
        routes.MapPost("/api/v1/webhooks/endpoints", CreateAsync);
        routes.MapGet("/api/v1/webhooks/endpoints/{id}", ReadAsync);
        routes.MapPatch("/api/v1/webhooks/endpoints/{id}", ChangeAsync);
        routes.MapDelete("/api/v1/webhooks/endpoints/{id}", DeleteAsync);
        routes.MapPost("/webhooks/in/{endpoint}", ReceiveAsync);
    }

    [Needs("webhook:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var endpoints = await Book(context).ListAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("endpoints");
            foreach (var endpoint in endpoints) WebhookWire.Write(writer, endpoint);
            writer.WriteEndArray();
            writer.WriteNumber("count", endpoints.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("webhook:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var endpoint = await Book(context).FindAsync(context.Caller(), Id(context), context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => WebhookWire.Write(writer, endpoint));
    }

    [Needs("webhook:write")]
    private static async Task CreateAsync(HttpContext context)
    {
        var body = await WishAsync(context);
        if (body.Get("enabled") is not null) throw RefusedException.Wrong("enabled: a new endpoint is; change it afterwards.");
        var (made, refusal) = await Book(context).CreateAsync(
            context.Caller(), Required(body, "name"), Required(body, "secret"), Scheme(body.TextOf("scheme")), Forward(body),
            Window(body) ?? TimeSpan.FromSeconds(IWebhookEndpoints.WindowUsual), context.RequestAborted);
        if (refusal is not null) throw Refused(refusal);
        context.Changed(null, WebhookWire.Known(made!));
        await context.ReplyAsync(writer => WebhookWire.Write(writer, made!), 201);
    }

    [Needs("webhook:write")]
    private static async Task ChangeAsync(HttpContext context)
    {
        var body = await WishAsync(context);
        if (body.Get("scheme") is not null) throw RefusedException.Wrong("scheme: stays as it is; make another endpoint.");
        var (name, secret, forward, window, enabled) = (body.TextOf("name"), body.TextOf("secret"), Forward(body), Window(body), Enabled(body));
        var setsForward = body.Get("forward") is not null;
        var (before, after, refusal) = await Book(context).ChangeAsync(
            context.Caller(), Id(context),
            one => one with
            {
                Name = name ?? one.Name, Secret = secret ?? one.Secret, Forward = setsForward ? forward : one.Forward, Window = window ?? one.Window, IsEnabled = enabled ?? one.IsEnabled,
            },
            context.RequestAborted);
        if (refusal is not null) throw Refused(refusal);
        if (after is null) throw Unknown(context);
        context.Changed(WebhookWire.Known(before!), WebhookWire.Known(after));
        await context.ReplyAsync(writer => WebhookWire.Write(writer, after));
    }

    [Needs("webhook:write")]
    private static async Task DeleteAsync(HttpContext context)
    {
        var endpoint = await Book(context).DeleteAsync(context.Caller(), Id(context), context.RequestAborted) ?? throw Unknown(context);
        context.Changed(WebhookWire.Known(endpoint), null);
        await context.ReplyAsync(writer => WebhookWire.Write(writer, endpoint));
    }

    [Open("Whoever posts proves by a signature that the delivery is the endpoint's.")]
    private static async Task ReceiveAsync(HttpContext context)
    {
        var receiver = context.RequestServices.GetRequiredService<IWebhookReceiver>();
        var (endpoint, address) = ((string)context.Request.RouteValues["endpoint"]!, context.Connection.RemoteIpAddress?.ToString());
        if (await receiver.TakeAsync(endpoint, address, context.RequestAborted) is { } wait)
            throw new RefusedException(FailureCatalog.Fail("RATE_LIMITED", "Too many deliveries came to this endpoint or from this address.", wait));
        var body = await context.BytesAsync(receiver.BodyBytesMax);
        var headers = context.Request.Headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? ""))).ToList();
        var (result, delivery) = await receiver.ReceiveAsync(new WebhookRequest(endpoint, headers, context.Request.ContentType, body, address), context.RequestAborted);
        switch (result)
        {
            case WebhookResult.Refused:
                throw new RefusedException(FailureCatalog.Fail("SIGNATURE_INVALID", "There is no such endpoint, or the delivery is not signed as it expects."));
            case WebhookResult.Conflict:
                throw new RefusedException(FailureCatalog.Fail("IDEMPOTENCY_CONFLICT", "Another body came under this delivery's id before; it stays as it was."));
        }

        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", result == WebhookResult.Stored ? "stored" : "duplicate");
            writer.WriteString("id", delivery);
            writer.WriteEndObject();
        });
    }

    private static async Task<JsonElement> WishAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        Known(body, Members, "");
        return body;
    }

    private static void Known(JsonElement body, string[] members, string path)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!members.Contains(member.Name, StringComparer.Ordinal)) throw RefusedException.Wrong($"{path}{Asked.Short(member.Name)}: there are {string.Join(", ", members)}.");
        }
    }

    /// <summary>Null: it is absent, or null and forwards nothing.</summary>
    private static WebhookForward? Forward(JsonElement body)
    {
        if (body.Get("forward") is null or { ValueKind: JsonValueKind.Null }) return null;
        var forward = body.ObjectOf("forward");
        Known(forward, ForwardMembers, "forward.");
        RunId? run = forward.TextOf("run_id") is not { } text ? null : RunId.TryParse(text, out var id) ? id : throw RefusedException.Wrong("forward.run_id is no run id.");
        return new WebhookForward(forward.TextOf("signal") ?? throw RefusedException.Wrong("forward.signal: the name of the signal that the run awaits."), run, forward.TextOf("run_field"));
    }

    private static WebhookScheme Scheme(string? text) => text switch
    {
        null or "aos" => WebhookScheme.Aos,
        "github" => WebhookScheme.GitHub,
        "stripe" => WebhookScheme.Stripe,
        _ => throw RefusedException.Wrong("scheme is aos, github or stripe."),
    };

    private static TimeSpan? Window(JsonElement body) => body.Get("window_seconds") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var seconds) => TimeSpan.FromSeconds(seconds),
        _ => throw RefusedException.Wrong($"window_seconds is a whole number from {IWebhookEndpoints.WindowMin} to {IWebhookEndpoints.WindowMax}."),
    };

    private static bool? Enabled(JsonElement body) => body.Get("enabled") switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw RefusedException.Wrong("enabled is true or false."),
    };

    private static string Required(JsonElement body, string name) => body.TextOf(name) ?? throw RefusedException.Wrong($"{name} is missing.");

    private static IWebhookEndpoints Book(HttpContext context) => context.RequestServices.GetRequiredService<IWebhookEndpoints>();

    private static string Id(HttpContext context) => Asked.Storable("id", (string)context.Request.RouteValues["id"]!);

    private static RefusedException Refused(Failure refusal) => new(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no webhook endpoint {Asked.Short(Id(context))}; aos webhooks lists them."));
}
