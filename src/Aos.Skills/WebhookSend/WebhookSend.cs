using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record WebhookSendIn(
    [Description("Absolute http or https URL of the receiver; with a connection a path below its base URL.")] [StringLength(8192, MinimumLength = 1)] string Url,
    [Description("The signing key, usually secret:NAME. Without it the delivery is not signed.")] [StringLength(4096, MinimumLength = 1)] string? Token = null,
    [Description("Which key it is, for receivers that rotate keys.")] [RegularExpression("^[A-Za-z0-9_.-]{1,32}$")] string KeyVersion = "v1",
    [Description("More request headers.")] Dictionary<string, string>? Headers = null,
    [Description("The delivery's id; by default it follows from the run and the step.")] [StringLength(255, MinimumLength = 1)] string? IdempotencyKey = null,
    [Description("A connection of the tenant, of the kind http: base URL, headers and credential come from it at the call.")]
    [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string? Connection = null)
{
    [Description("What to deliver. A text is sent as it is, anything else as canonical JSON.")]
    public JsonElement Body { get; init; }
}

internal sealed record WebhookSendOut(int StatusCode, string Status, string DeliveryId, bool Signed, string BodyHash, string Url, long LatencyMs, ConnectionUsed? Connection = null);

/// <summary>
/// Delivers a message by POST, signed. A repeat carries the same delivery id, so a receiver that remembers ids counts it
/// once; the timestamp, which the signature covers with the id, lets it refuse old messages that somebody sends again.
/// </summary>
internal sealed class WebhookSend(IEgress egress, TimeProvider clock) : ISkill<WebhookSendIn, WebhookSendOut>, ITargeted<WebhookSendIn>
{
    private const int PayloadBytesMax = 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "webhook_send",
        Version = "2.0.0",
        Description = "Delivers a message to a webhook by POST, signed with HMAC-SHA256. A repeat carries the same delivery id.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 300,
        FailureModes =
        [
            new("TIMEOUT", 0.1, "No answer in time."), new("HTTP_5XX", 0.05, "The receiver failed."), new("HTTP_4XX", 0.02, "The receiver refused."),
            new("DNS_FAILURE", 0.01, "The name cannot be resolved."), new("EGRESS_BLOCKED", 0.005, "The target is not a public address."),
            new("CONNECTION_REFUSED", 0.01, "Nothing listens there."), new("CONNECTION_RESET", 0.005, "The connection broke."),
            new("RATE_LIMITED", 0.01, "The receiver asks to slow down."), new("SERVICE_UNAVAILABLE", 0.005, "The receiver is down or overloaded."),
            new("GATEWAY_TIMEOUT", 0.005, "Whom the receiver asks does not answer it."), new("TLS_FAILURE", 0.005, "The certificate does not fit."),
            new("INPUT_TOO_LARGE", 0.001, "The body is longer than a delivery may be."), new("RESPONSE_TOO_LARGE", 0.001, "The answer is longer than a delivery reads."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("max_payload_bytes", Json.Of(PayloadBytesMax))]),
        StableFields = ["status_code", "signed", "body_hash"],
        SecretParams = ["token", "headers"],
        TargetParam = "url",
        ConnectionKinds = [ConnectionKinds.Http],
        OftenPrecededBy = ["json_transform"],
        AntiPatterns = ["Sending without a token: the receiver cannot tell who sent it."],
        FreeParams = ["body"],
        Tags = ["network", "http", "notification"],
    };

    public JsonTypeInfo<WebhookSendIn> Input => SkillsJson.Default.WebhookSendIn;

    public JsonTypeInfo<WebhookSendOut> Output => SkillsJson.Default.WebhookSendOut;

    public async Task<SkillAnswer<WebhookSendOut>> InvokeAsync(WebhookSendIn input, SkillCall call, CancellationToken cancel)
    {
        if (!HttpRoute.TryFind(input.Url, input.Headers, call.Connection, out var route, out var problem)) return Fail("INVALID_INPUT", problem);
        var isText = input.Body.ValueKind == JsonValueKind.String;
        var body = input.Body.ValueKind == JsonValueKind.Undefined ? [] : isText ? Encoding.UTF8.GetBytes(input.Body.GetString()!) : CanonicalJson.Bytes(input.Body);
        if (body.Length > PayloadBytesMax) return Fail("INPUT_TOO_LARGE", $"The body has {body.Length} bytes, the limit is {PayloadBytesMax}.");
        var delivery = input.IdempotencyKey ?? call.IdempotencyKey;
        if (HttpHeaders.KeyProblem(delivery) is { } broken) return Fail("INVALID_INPUT", broken);
        var request = new EgressRequest(
            "POST", route.Url, Headers(input, route, delivery, body), body, isText ? "text/plain; charset=utf-8" : "application/json",
            route.TimeMax < call.Timeout ? route.TimeMax.Value : call.Timeout, RedirectsMax: 0);
        var (response, failure) = await egress.SendAsync(request, cancel);
        if (failure is not null) return new SkillAnswer<WebhookSendOut>(null, failure);
        ImmutableArray<SideEffect> effects = [new SideEffect("webhook_send", route.Shown(route.Url), false)];
        if (response!.Status >= 400) return new SkillAnswer<WebhookSendOut>(null, HttpFailures.Of(response, route.Shown(route.Url), clock.GetUtcNow()), SideEffects: effects);
        if (response.Status >= 300) return Fail("HTTP_4XX", $"{route.Shown(route.Url)} answered {response.Status}: a delivery follows no redirect.");
        return new SkillAnswer<WebhookSendOut>(
            new WebhookSendOut(
                response.Status, "ok", delivery, input.Token is not null, ContentHash.Hex(body)[..16], input.Url, (long)response.Latency.TotalMilliseconds, route.Used),
            SideEffects: effects);
    }

    public CallTarget? Target(WebhookSendIn input) => Target(input, null);

    public CallTarget? Target(WebhookSendIn input, Connection? through) => HttpRoute.Target(input.Url, input.Connection, through);

    private List<KeyValuePair<string, string>> Headers(WebhookSendIn input, HttpRoute route, string delivery, byte[] body)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var headers = route.Headers
            .Where(header => !header.Key.StartsWith("X-Webhook-", StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase))
            .ToList();
        headers.Add(new(WebhookSignature.IdHeader, delivery));
        headers.Add(new("X-Webhook-Delivery", delivery));
        headers.Add(new("Idempotency-Key", delivery));
        headers.Add(new(WebhookSignature.TimestampHeader, timestamp));
        if (input.Token is not { } token) return headers;
        headers.Add(new(WebhookSignature.SignatureHeader, WebhookSignature.Of(token, timestamp, delivery, body)));
        headers.Add(new(WebhookSignature.KeyVersionHeader, input.KeyVersion));
        return headers;
    }

    private static SkillAnswer<WebhookSendOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
