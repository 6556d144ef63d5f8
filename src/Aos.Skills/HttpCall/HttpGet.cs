using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record HttpGetIn(
    [Description("Absolute http or https URL; with a connection a path below its base URL.")] [StringLength(8192, MinimumLength = 1)] string Url,
    [Description("Request headers. A value may be secret:NAME or Bearer secret:NAME.")] Dictionary<string, string>? Headers = null,
    [Description("Query parameters, added to those of the URL: texts, numbers, truth values, lists of them.")] Dictionary<string, JsonElement>? Params = null,
    [Description("Milliseconds for the whole call, redirects included."), Range(100, 300_000)] int? TimeoutMs = null,
    [Description("The same in seconds."), Range(0.1, 300.0)] decimal? TimeoutSeconds = null,
    [Description("Follow up to 5 redirects, each judged anew. false: a redirect is the answer.")] bool FollowRedirects = true,
    [Description("No effect: retries are the step's retry clause.")] int? MaxRetries = null,
    [Description("A connection of the tenant, of the kind http: base URL, headers and credential come from it at the call.")]
    [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string? Connection = null,
    [Description("No effect: what clients call their request.")] [StringLength(255)] string? Type = null)
{
    [Description("The same: seconds, or a text such as 10s.")]
    public JsonElement Timeout { get; init; }

    [Description("No effect: retries are the step's retry clause.")]
    public JsonElement RetryConfig { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(HttpGetIn))]
internal sealed partial class HttpGetJson : JsonSerializerContext;

/// <summary><c>http_call</c> that can only read: what an agent is given that has to fetch, and nothing else.</summary>
internal sealed class HttpGet(HttpCall call) : ISkill<HttpGetIn, HttpCallOut>, ITargeted<HttpGetIn>
{
    internal const string Name = "http_get";

    public SkillContract Contract { get; } = call.Contract with
    {
        Name = Name,
        Version = "1.1.0",
        Description = "Fetches from a public address with GET and gives back the answer: http_call that can only read.",
        Effect = EffectClass.Idempotent,
        EffectParam = null,
        EffectByParam = ImmutableSortedDictionary<string, EffectClass>.Empty,
        KeyMakesIdempotent = false,
        SecretParams = ["headers", "params"],
        FreeParams = ["params"],
    };

    public JsonTypeInfo<HttpGetIn> Input => HttpGetJson.Default.HttpGetIn;

    public JsonTypeInfo<HttpCallOut> Output => call.Output;

    public Task<SkillAnswer<HttpCallOut>> InvokeAsync(HttpGetIn input, SkillCall order, CancellationToken cancel) => call.InvokeAsync(
        new HttpCallIn(
            input.Url, "GET", input.Headers, input.Params, input.TimeoutMs, input.TimeoutSeconds, null, input.FollowRedirects, input.MaxRetries, input.Connection)
        {
            Timeout = input.Timeout, RetryConfig = input.RetryConfig,
        },
        order, cancel);

    public CallTarget? Target(HttpGetIn input) => Target(input, null);

    public CallTarget? Target(HttpGetIn input, Connection? through) => HttpRoute.Target(input.Url, input.Connection, through);
}
