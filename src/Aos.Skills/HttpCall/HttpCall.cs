using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record HttpCallIn(
    [Description("Absolute http or https URL; with a connection a path below its base URL.")] [StringLength(8192, MinimumLength = 1)] string Url,
    [AllowedValues("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "post", "put", "patch", "delete", "head", "options")] string Method = "GET",
    [Description("Request headers. A value may be secret:NAME or Bearer secret:NAME.")] Dictionary<string, string>? Headers = null,
    [Description("Query parameters, added to those of the URL: texts, numbers, truth values, lists of them.")] Dictionary<string, JsonElement>? Params = null,
    [Description("Milliseconds for the whole call, redirects included."), Range(100, 300_000)] int? TimeoutMs = null,
    [Description("The same in seconds."), Range(0.1, 300.0)] decimal? TimeoutSeconds = null,
    [Description("Sent as Idempotency-Key; makes POST and PATCH repeatable.")] [StringLength(255, MinimumLength = 1)] string? IdempotencyKey = null,
    [Description("Follow up to 5 redirects, each judged anew. false: a redirect is the answer.")] bool FollowRedirects = true,
    [Description("No effect: retries are the step's retry clause.")] int? MaxRetries = null,
    [Description("A connection of the tenant, of the kind http: base URL, headers and credential come from it at the call.")]
    [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string? Connection = null)
{
    [Description("A text is sent as it is, anything else as JSON.")]
    public JsonElement Body { get; init; }

    [Description("The same: seconds, or a text such as 10s.")]
    public JsonElement Timeout { get; init; }

    [Description("No effect: retries are the step's retry clause.")]
    public JsonElement RetryConfig { get; init; }
}

/// <param name="Code">The same as <paramref name="StatusCode"/>, under the older name.</param>
/// <param name="Url">As asked for; <paramref name="FinalUrl"/> is where redirects led.</param>
/// <param name="Connection">Null: the call named none.</param>
internal sealed record HttpCallOut(
    int StatusCode, int Code, string Status, SortedDictionary<string, string> Headers, string HeadersHash, JsonElement Body, string BodyEncoding, string BodyHash,
    string Url, string FinalUrl, long LatencyMs, int Retries, string? IdempotencyKey, IReadOnlyList<string>? Warnings, ConnectionUsed? Connection = null);

/// <summary>One HTTP request through the guard. Retries are the run's, not hidden here.</summary>
internal sealed class HttpCall(IEgress egress, TimeProvider clock) : ISkill<HttpCallIn, HttpCallOut>, ITargeted<HttpCallIn>
{
    internal const string Name = "http_call";

    private const int BytesMax = 10 * 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = Name,
        Version = "2.3.0",
        Description = "Sends one HTTP request to a public address and gives back the answer.",
        Effect = EffectClass.Idempotent,
        EffectParam = "method",
        EffectByParam = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal, [KeyValuePair.Create("POST", EffectClass.AtMostOnce), KeyValuePair.Create("PATCH", EffectClass.AtMostOnce)]),
        KeyMakesIdempotent = true,
        TypicalLatencyMs = 500,
        FailureModes =
        [
            new("TIMEOUT", 0.1, "No answer in time."), new("DNS_FAILURE", 0.02, "The name cannot be resolved."),
            new("HTTP_4XX", 0.05, "The peer refused."), new("HTTP_5XX", 0.03, "The peer failed."),
            new("CONNECTION_REFUSED", 0.01, "Nothing listens there."), new("RATE_LIMITED", 0.01, "The peer asks to slow down."),
            new("TLS_FAILURE", 0.005, "The certificate does not fit."), new("EGRESS_BLOCKED", 0.005, "The target is not a public address."),
            new("SERVICE_UNAVAILABLE", 0.005, "The peer is down or overloaded."), new("GATEWAY_TIMEOUT", 0.005, "Whom the peer asks does not answer it."),
            new("CONNECTION_RESET", 0.005, "The connection broke."), new("RESPONSE_TOO_LARGE", 0.001, "The answer is longer than a call may read."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_response_bytes", Json.Of(BytesMax)), KeyValuePair.Create("max_timeout_ms", Json.Of(300_000)),
            KeyValuePair.Create("max_redirects", Json.Of(5)), KeyValuePair.Create("schemes", Json.Parse("""["http","https"]""")),
            KeyValuePair.Create("blocked_hosts", Json.Parse("""["localhost","127.0.0.1","169.254.169.254"]""")),
            KeyValuePair.Create("blocked_addresses", Json.Of("every address that is not public, judged after the name is resolved")),
        ]),
        StableFields = ["status_code", "headers_hash", "body_hash"],
        SecretParams = ["headers", "params", "body"],
        TargetParam = "url",
        ConnectionKinds = [ConnectionKinds.Http],
        OftenFollowedBy = ["json_transform", "llm_invoke"],
        OftenPrecededBy = ["kv_get"],
        AntiPatterns = ["Calling the same URL again and again."],
        FreeParams = ["body", "params"],
        Tags = ["network", "http", "api"],
        OutputBytesMax = 2 * BytesMax,
    };

    public JsonTypeInfo<HttpCallIn> Input => SkillsJson.Default.HttpCallIn;

    public JsonTypeInfo<HttpCallOut> Output => SkillsJson.Default.HttpCallOut;

    public async Task<SkillAnswer<HttpCallOut>> InvokeAsync(HttpCallIn input, SkillCall call, CancellationToken cancel)
    {
        var method = input.Method.ToUpperInvariant();
        if (!HttpRoute.TryFind(input.Url, input.Headers, call.Connection, out var route, out var problem)) return Fail(problem);
        if (!HttpQuery.TryAdd(route.Url, input.Params, out var url, out var wrong)) return Fail(wrong);
        if (HttpHeaders.KeyProblem(input.IdempotencyKey ?? call.IdempotencyKey) is { } broken) return Fail(broken);
        var isSafe = method is "GET" or "HEAD" or "OPTIONS";
        var key = isSafe ? null : input.IdempotencyKey ?? call.IdempotencyKey;
        var (response, failure) = await egress.SendAsync(Request(input, route, method, url, key, Time(input, call, route.TimeMax)), cancel);
        if (failure is not null) return new SkillAnswer<HttpCallOut>(null, failure);
        ImmutableArray<SideEffect> effects = isSafe ? [] : [new SideEffect("http_" + method.ToLowerInvariant(), route.Shown(route.Url), false)];
        if (response!.Status >= 400) return new SkillAnswer<HttpCallOut>(null, HttpFailures.Of(response, route.Shown(route.Url), clock.GetUtcNow()), SideEffects: effects);
        var body = HttpBody.Read(response);
        var headers = HttpHeaders.Of(response);
        return new SkillAnswer<HttpCallOut>(
            new HttpCallOut(
                response.Status, response.Status, "ok", headers, HttpHeaders.Hash(headers), body.Value, body.Encoding, body.Hash, input.Url, route.Shown(response.FinalUrl),
                (long)response.Latency.TotalMilliseconds, 0, key, Warnings(input), route.Used), SideEffects: effects);
    }

    public CallTarget? Target(HttpCallIn input) => Target(input, null);

    public CallTarget? Target(HttpCallIn input, Connection? through) => HttpRoute.Target(input.Url, input.Connection, through);

    private static EgressRequest Request(HttpCallIn input, HttpRoute route, string method, string url, string? key, TimeSpan timeout)
    {
        var headers = route.Headers.ToList();
        if (key is not null && !headers.Exists(header => header.Key.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase)))
            headers.Add(new("Idempotency-Key", key));
        var isText = input.Body.ValueKind == JsonValueKind.String;
        ReadOnlyMemory<byte>? body = input.Body.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
            ? (ReadOnlyMemory<byte>?)null
            : Encoding.UTF8.GetBytes(isText ? input.Body.GetString()! : input.Body.GetRawText());
        var type = body is null ? null : isText ? "text/plain; charset=utf-8" : "application/json";
        return new EgressRequest(method, url, headers, body, type, timeout, BytesMax, input.FollowRedirects ? 5 : 0);
    }

    /// <summary>What the parameters ask for, within what the call has and the connection lets it have.</summary>
    private static TimeSpan Time(HttpCallIn input, SkillCall call, TimeSpan? cap)
    {
        var asked = input.TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms)
            : input.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds((double)seconds)
            : Durations.Read(input.Timeout) is { } time && time > TimeSpan.Zero ? time
            : call.Timeout;
        var most = cap < call.Timeout ? cap.Value : call.Timeout;
        return asked < most ? asked : most;
    }

    private static string[]? Warnings(HttpCallIn input) =>
        input.MaxRetries is null && input.RetryConfig.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
            ? null
            : ["max_retries and retry_config have no effect: give the step a retry clause."];

    private static SkillAnswer<HttpCallOut> Fail(string message) => new(null, FailureCatalog.Fail("INVALID_INPUT", message));
}
