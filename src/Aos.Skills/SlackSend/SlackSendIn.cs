using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Skills;

internal sealed record SlackSendIn(
    [Description("The incoming webhook: secret:NAME, which stands in the plan itself. With a connection what comes below its base URL, or nothing.")]
    [StringLength(4096, MinimumLength = 1)] string? WebhookUrl = null,
    [Description("The message; with blocks what notifications show.")] [StringLength(SlackMessage.TextMax, MinimumLength = 1)] string? Text = null,
    [Description("Show &, < and > of text as they are: data in it makes no links and calls nobody.")] bool Escape = false,
    [Description("The message that it answers, by its ts.")] [RegularExpression("^[0-9]{1,20}\\.[0-9]{1,10}$")] string? ThreadTs = null,
    [Description("Show an answer in the channel too.")] bool? ReplyBroadcast = null,
    [Description("false: text is shown without its formatting.")] bool? Mrkdwn = null,
    [Description("Whether links show what is behind them.")] bool? UnfurlLinks = null,
    [Description("Whether links show their pictures.")] bool? UnfurlMedia = null,
    [Description("Only old webhooks let it be chosen.")] [StringLength(80, MinimumLength = 1)] string? Channel = null,
    [Description("Only old webhooks let it be chosen.")] [StringLength(80, MinimumLength = 1)] string? Username = null,
    [Description("Only old webhooks let it be chosen.")] [RegularExpression("^:[A-Za-z0-9_+'-]{1,100}:$")] string? IconEmoji = null,
    [Description("Only old webhooks let it be chosen.")] [StringLength(2048, MinimumLength = 1)] string? IconUrl = null,
    [Description("A connection of the tenant, of the kind http, instead of a secret URL.")] [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string? Connection = null)
{
    [Description("A list of blocks of Block Kit, 50 at most.")]
    public JsonElement Blocks { get; init; }

    [Description("A list of attachments, the older form, 100 at most.")]
    public JsonElement Attachments { get; init; }
}

internal sealed record SlackSendOut(string Status, int StatusCode, string BodyHash, long LatencyMs, ConnectionUsed? Connection = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SlackSendIn))]
[JsonSerializable(typeof(SlackSendOut))]
internal sealed partial class SlackJson : JsonSerializerContext;
