using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <param name="Body">A text is sent as it is, anything else as JSON.</param>
internal sealed record HttpCallIn(
    string Url, string Method = "GET", IReadOnlyDictionary<string, string>? Headers = null, JsonElement? Body = null,
    decimal? TimeoutSeconds = null, int? TimeoutMs = null, string? IdempotencyKey = null, bool FollowRedirects = true);

internal sealed record HttpCallOut(
    int StatusCode, string Status, IReadOnlyDictionary<string, string> Headers, JsonElement Body, string BodyHash, string FinalUrl);

/// <summary>One HTTP request through the guard. Retries are the run's, not hidden here.</summary>
internal sealed class HttpCall(IEgress egress) : ISkill<HttpCallIn, HttpCallOut>
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    public SkillContract Contract { get; } = new()
    {
        Name = "http_call",
        Version = "2.0.0",
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
        ],
        StableFields = ["status_code", "body_hash"],
        OftenFollowedBy = ["json_transform", "llm_invoke"],
        AntiPatterns = ["Calling the same URL again and again."],
        Tags = ["network", "http", "api"],
    };

    public JsonTypeInfo<HttpCallIn> Input => SkillsJson.Default.HttpCallIn;

    public JsonTypeInfo<HttpCallOut> Output => SkillsJson.Default.HttpCallOut;

    public async Task<SkillAnswer<HttpCallOut>> InvokeAsync(HttpCallIn input, SkillCall call, CancellationToken cancel)
    {
        var method = input.Method.ToUpperInvariant();
        if (!Methods.Contains(method)) return Fail("INVALID_INPUT", $"method is {input.Method}; it is one of {string.Join(", ", Methods)}.");
        var timeout = input.TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : input.TimeoutSeconds is { } s ? TimeSpan.FromSeconds((double)s) : call.Timeout;
        var headers = (input.Headers ?? new Dictionary<string, string>()).ToList();
        if (method is not ("GET" or "HEAD" or "OPTIONS") && !headers.Exists(h => h.Key.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase)))
            headers.Add(new("Idempotency-Key", call.IdempotencyKey));
        var isText = input.Body is { ValueKind: JsonValueKind.String };
        ReadOnlyMemory<byte>? body = input.Body is { } content ? Encoding.UTF8.GetBytes(isText ? content.GetString()! : content.GetRawText()) : null;
        var (response, failure) = await egress.SendAsync(
            new EgressRequest(method, input.Url, headers, body, body is null ? null : isText ? "text/plain; charset=utf-8" : "application/json", timeout,
                RedirectsMax: input.FollowRedirects ? 5 : 0), cancel);
        if (failure is not null) return new SkillAnswer<HttpCallOut>(null, failure);
        ImmutableArray<SideEffect> effects = method is "GET" or "HEAD" or "OPTIONS" ? [] : [new SideEffect("http_" + method.ToLowerInvariant(), input.Url, false)];
        if (response!.Status >= 400) return new SkillAnswer<HttpCallOut>(null, Refused(response, input.Url), SideEffects: effects);
        return new SkillAnswer<HttpCallOut>(
            new HttpCallOut(response.Status, "ok", Headers(response), Parsed(response.Body), ContentHash.Hex(response.Body), response.FinalUrl), SideEffects: effects);
    }

    private static Failure Refused(EgressResponse response, string url)
    {
        var code = response.Status switch
        {
            401 or 403 => "HTTP_4XX", 408 => "TIMEOUT", 429 => "RATE_LIMITED", 503 => "SERVICE_UNAVAILABLE", 504 => "GATEWAY_TIMEOUT",
            >= 500 => "HTTP_5XX", _ => "HTTP_4XX",
        };
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("upstream_status", response.Status);
            writer.WriteString("url", url);
            writer.WriteEndObject();
        });
        var after = response.Headers.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value;
        TimeSpan? retryAfter = int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;
        return FailureCatalog.Fail(code, $"{url} answered {response.Status}.", retryAfter, details);
    }

    private static SortedDictionary<string, string> Headers(EgressResponse response)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in response.Headers) headers[name.ToLowerInvariant()] = value;
        return headers;
    }

    private static JsonElement Parsed(byte[] body)
    {
        if (body.Length == 0) return Json.Null;
        try
        {
            return Json.Parse(body);
        }
        catch (JsonException)
        {
            return Json.Of(Encoding.UTF8.GetString(body));
        }
    }

    private static SkillAnswer<HttpCallOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
