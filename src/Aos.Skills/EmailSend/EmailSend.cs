using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Sends a mail through the tenant's own server. A repeat carries the same Message-ID, but servers count by it as they like: what may have
/// been sent is never sent again by itself.
/// </summary>
internal sealed class EmailSend(SmtpDelivery delivery, TimeProvider clock) : ISkill<EmailSendIn, EmailSendOut>, ITargeted<EmailSendIn>
{
    /// <summary>What services ask for a mail at most.</summary>
    private const decimal MailCents = 1;

    public SkillContract Contract { get; } = new()
    {
        Name = "email_send",
        Version = "2.0.0",
        Description = "Sends a mail through a mail server of the tenant, as text, HTML or both, with files.",
        Effect = EffectClass.AtMostOnce,
        Cost = CostModel.Free with { BaseCents = MailCents },
        TypicalCents = MailCents,
        TypicalLatencyMs = 500,
        FailureModes =
        [
            new("DELIVERY_FAILED", 0.05, "The server refused sender, recipients or content for good."), new("RATE_LIMITED", 0.02, "The server puts the mail off."),
            new("SERVICE_UNAVAILABLE", 0.01, "The server broke off or was too slow before it had the whole mail."), new("INVALID_INPUT", 0.01, "An address, header or file is none."),
            new("PERMISSION_DENIED", 0.005, "The connection does not send for this sender or to these recipients, or its password is wrong."),
            new("TIMEOUT", 0.005, "No answer to the whole mail: nobody knows whether it was sent."), new("CONNECTION_RESET", 0.002, "The connection broke after the whole mail: nobody knows whether it was sent."),
            new("TLS_FAILURE", 0.002, "No TLS, or the certificate does not fit."), new("INPUT_TOO_LARGE", 0.002, "More recipients, text or files than accepted here or there."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_recipients", Json.Of(EmailDraft.RecipientsMax)), KeyValuePair.Create("max_body_bytes", Json.Of(EmailDraft.BodyBytesMax)),
            KeyValuePair.Create("max_attachments", Json.Of(EmailFile.CountMax)), KeyValuePair.Create("max_attachment_bytes", Json.Of(EmailFile.BytesMax)),
        ]),
        StableFields = ["status", "recipients", "accepted", "body_hash"],
        ConnectionKinds = [ConnectionKinds.Smtp],
        OftenPrecededBy = ["llm_invoke", "json_transform"],
        AntiPatterns = ["Sending one mail to many who do not know each other: give each a mail of their own, or use bcc."],
        FreeParams = ["to", "cc", "bcc", "subject", "body", "text", "html", "attachments", "headers", "tags"],
        Tags = ["network", "email", "notification"],
        InputBytesMax = 16 * 1024 * 1024,
    };

    public JsonTypeInfo<EmailSendIn> Input => EmailJson.Default.EmailSendIn;

    public JsonTypeInfo<EmailSendOut> Output => EmailJson.Default.EmailSendOut;

    public async Task<SkillAnswer<EmailSendOut>> InvokeAsync(EmailSendIn input, SkillCall call, CancellationToken cancel)
    {
        if (call.Connection is not { } through) return Fail(FailureCatalog.Fail("INVALID_INPUT", "connection names no connection of the kind smtp."));
        var (draft, problem) = EmailDraft.Read(input, through.Settings);
        if (problem is not null) return Fail(problem);
        var began = clock.GetTimestamp();
        var id = MessageId(draft!, call);
        var message = MimeWriter.Of(draft!, id, clock.GetUtcNow());
        var (delivered, failure) = await delivery.SendAsync(draft!, message, through.Settings, call.Timeout, cancel);
        if (failure is not null) return Fail(failure);
        var output = new EmailSendOut(
            delivered!.Rejected.Count == 0 ? "ok" : "partial", id, [.. draft!.Recipients.Select(box => box.Address)], delivered.Accepted, delivered.Rejected, BodyHash(draft),
            Encoding.UTF8.GetByteCount(message), delivered.Reply, "smtp", (long)clock.GetElapsedTime(began).TotalMilliseconds, new ConnectionUsed(through.Known.Name, through.Known.Version));
        return new SkillAnswer<EmailSendOut>(output, null, new Cents(MailCents), SideEffects: [new SideEffect("email_send", id, false)]);
    }

    public CallTarget? Target(EmailSendIn input) => null;

    public CallTarget? Target(EmailSendIn input, Connection? through) =>
        through is null ? null : new CallTarget(TargetKind.Host, SmtpSession.HostOf(through.Settings).ToLowerInvariant());

    /// <summary>The same at every repeat of the same call, and nobody can tell the run from it.</summary>
    private static string MessageId(EmailDraft draft, SkillCall call) =>
        $"<{ContentHash.Hex(Encoding.UTF8.GetBytes($"{call.Tenant}\n{call.IdempotencyKey}"))[..32]}@{draft.From.Domain}>";

    private static string BodyHash(EmailDraft draft) => ContentHash.Hex(Encoding.UTF8.GetBytes($"{draft.Plain}\0{draft.Html}"))[..16];

    private static SkillAnswer<EmailSendOut> Fail(Failure failure) => new(null, failure);
}
