using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Skills;

internal sealed record EmailSendIn(
    [Description("One address or a list of them, such as ann@example.com or Ann <ann@example.com>.")] JsonElement To,
    [StringLength(998, MinimumLength = 1)] string Subject,
    [Description("A connection of the tenant, of the kind smtp.")] [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string Connection,
    [Description("The text of the mail, 1 MiB with all its forms. With html: true it is HTML.")] string? Body = null,
    [Description("Plain text beside HTML, for readers that show none.")] string? Text = null,
    [Description("Who sends it, of the connection's own domain or one of its from_domains; by default the connection's from.")] [StringLength(600)] string? FromAddress = null,
    [Description("Where answers go.")] [StringLength(600)] string? ReplyTo = null,
    [Description("Files that go along, 20 of them and 10 MiB at most.")] List<EmailAttachment>? Attachments = null,
    [Description("More headers: X-..., In-Reply-To, References, List-..., Importance, Priority, Keywords, Comments, Organization, Sensitivity, Precedence, Feedback-ID, Auto-Submitted.")]
    Dictionary<string, string>? Headers = null,
    [Description("Sent as headers X-Tag-NAME.")] Dictionary<string, string>? Tags = null)
{
    [Description("The same as to: who gets a copy.")]
    public JsonElement Cc { get; init; }

    [Description("The same as to: who gets a copy without the others being told.")]
    public JsonElement Bcc { get; init; }

    [Description("true: body is HTML. Or the HTML itself, beside a body of plain text.")]
    public JsonElement Html { get; init; }
}

/// <param name="ContentType">Without it what the content is: text/plain or application/octet-stream.</param>
internal sealed record EmailAttachment(
    [StringLength(255, MinimumLength = 1)] string Filename,
    string? Content = null,
    string? ContentBase64 = null,
    [StringLength(255, MinimumLength = 3)] string? ContentType = null);

/// <summary>Somebody whom the server did not take.</summary>
/// <param name="Code">Of the server's answer: from 500 on for good, below for now.</param>
internal sealed record EmailRefused(string Address, int Code, string Message);

/// <param name="Status">ok, or partial: some of the recipients were refused.</param>
/// <param name="Recipients">All of them, each once.</param>
/// <param name="Reply">What the server said when it took the mail.</param>
internal sealed record EmailSendOut(
    string Status, string MessageId, IReadOnlyList<string> Recipients, IReadOnlyList<string> Accepted, IReadOnlyList<EmailRefused> Rejected, string BodyHash, int SizeBytes,
    string Reply, string Provider, long LatencyMs, ConnectionUsed Connection);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EmailSendIn))]
[JsonSerializable(typeof(EmailSendOut))]
internal sealed partial class EmailJson : JsonSerializerContext;
