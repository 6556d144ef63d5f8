using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Posts a message to a channel of Slack through an incoming webhook. Slack counts every request: what may have been posted is never posted
/// again by itself. The webhook's URL is all that is needed to post, and so stands in no plan and nowhere that is kept.
/// </summary>
internal sealed class SlackSend(IEgress egress, TimeProvider clock) : ISkill<SlackSendIn, SlackSendOut>, ITargeted<SlackSendIn>
{
    private const int BodyBytesMax = 1024 * 1024;
    private const int AnswerBytesMax = 64 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "slack_send",
        Version = "1.0.0",
        Description = "Posts a message to a channel of Slack through an incoming webhook, as text, as blocks or both.",
        Effect = EffectClass.AtMostOnce,
        TypicalLatencyMs = 300,
        FailureModes =
        [
            new("TIMEOUT", 0.02, "No answer in time: nobody knows whether it was posted."), new("HTTP_4XX", 0.02, "Slack refused; details.error is its word for why."),
            new("RATE_LIMITED", 0.02, "More than about a message a second."), new("HTTP_5XX", 0.01, "Slack failed."),
            new("INVALID_INPUT", 0.01, "The message is not what Slack takes, or the URL stands in the plan by value."), new("DNS_FAILURE", 0.005, "The name cannot be resolved."),
            new("UNKNOWN_ERROR", 0.001, "An answer that is none of Slack: nobody knows whether it was posted."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_text_characters", Json.Of(SlackMessage.TextMax)), KeyValuePair.Create("max_blocks", Json.Of(SlackMessage.BlocksMax)),
            KeyValuePair.Create("max_attachments", Json.Of(SlackMessage.AttachmentsMax)), KeyValuePair.Create("max_payload_bytes", Json.Of(BodyBytesMax)),
        ]),
        StableFields = ["status", "status_code", "body_hash"],
        SecretParams = ["webhook_url"],
        ConnectionKinds = [ConnectionKinds.Http],
        OftenPrecededBy = ["llm_invoke", "json_transform"],
        AntiPatterns = ["A message for each item of a list: Slack takes about one a second; gather them into one.", "Text of others without escape: it may call everybody."],
        FreeParams = ["text", "blocks", "attachments"],
        Tags = ["network", "http", "notification"],
    };

    public JsonTypeInfo<SlackSendIn> Input => SlackJson.Default.SlackSendIn;

    public JsonTypeInfo<SlackSendOut> Output => SlackJson.Default.SlackSendOut;

    public async Task<SkillAnswer<SlackSendOut>> InvokeAsync(SlackSendIn input, SkillCall call, CancellationToken cancel)
    {
        if (call.Connection is null && !IsSecret(call))
            return Fail("INVALID_INPUT", "webhook_url names a secret (aos secrets set) in the plan itself, or connection names a connection: whoever reads the URL can post.");
        if (!HttpRoute.TryFind(input.WebhookUrl ?? "", null, call.Connection, out var route, out var problem)) return Fail("INVALID_INPUT", problem.Replace("url leads", "webhook_url leads", StringComparison.Ordinal));
        var (message, wrong) = SlackMessage.Of(input);
        if (wrong is not null) return Fail("INVALID_INPUT", wrong);
        var body = CanonicalJson.Bytes(message!.Value);
        if (body.Length > BodyBytesMax) return Fail("INPUT_TOO_LARGE", $"The message has {body.Length} bytes, the limit is {BodyBytesMax}.");
        var request = new EgressRequest(
            "POST", route.Url, [.. route.Headers], body, "application/json; charset=utf-8", route.TimeMax < call.Timeout ? route.TimeMax.Value : call.Timeout, AnswerBytesMax, RedirectsMax: 0);
        var (response, failure) = await egress.SendAsync(request, cancel);
        if (failure is not null) return new SkillAnswer<SlackSendOut>(null, SlackAnswers.Hidden(failure, route.Url));
        if (SlackAnswers.Of(response!, clock.GetUtcNow()) is { } refused) return new SkillAnswer<SlackSendOut>(null, refused);
        return new SkillAnswer<SlackSendOut>(
            new SlackSendOut("ok", response!.Status, ContentHash.Hex(body)[..16], (long)response.Latency.TotalMilliseconds, route.Used),
            SideEffects: [new SideEffect("slack_send", route.Used is { } used ? $"connection:{used.Name}" : "webhook", false)]);
    }

    public CallTarget? Target(SlackSendIn input) => null;

    public CallTarget? Target(SlackSendIn input, Connection? through) => through is null ? null : HttpRoute.Target(input.WebhookUrl ?? "", input.Connection, through);

    /// <summary>A secret's name was written, so what is here is its value and no text that came in with data.</summary>
    private static bool IsSecret(SkillCall call) => call.Written?.GetText("webhook_url") is { } written && ConnectionSecrets.IsOne(written);

    private static SkillAnswer<SlackSendOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
