using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A mail as its parameters say it, checked.</summary>
internal sealed record EmailDraft(
    Mailbox From, IReadOnlyList<Mailbox> To, IReadOnlyList<Mailbox> Cc, IReadOnlyList<Mailbox> Bcc, Mailbox? ReplyTo, string Subject, string? Plain, string? Html,
    IReadOnlyList<EmailFile> Files, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    internal const int RecipientsMax = 10;
    internal const int BodyBytesMax = 1024 * 1024;

    /// <summary>Everybody, each once, in order.</summary>
    internal IReadOnlyList<Mailbox> Recipients { get; } = [.. To.Concat(Cc).Concat(Bcc).DistinctBy(box => box.Address, StringComparer.Ordinal)];

    /// <summary>Whether an address needs a server that takes letters beyond ASCII in addresses.</summary>
    internal bool NeedsUtf8 => !From.IsAscii || ReplyTo is { IsAscii: false } || Recipients.Any(box => !box.IsAscii);

    /// <param name="settings">Of the connection: who sends, and to whom mail may go.</param>
    internal static (EmailDraft? Draft, Failure? Failure) Read(EmailSendIn input, JsonElement settings)
    {
        try
        {
            var (plain, html) = Bodies(input);
            var replyTo = string.IsNullOrEmpty(input.ReplyTo) ? null : Box("reply_to", input.ReplyTo);
            var draft = new EmailDraft(
                Sender(input.FromAddress, settings), Boxes("to", input.To), Boxes("cc", input.Cc), Boxes("bcc", input.Bcc), replyTo, SubjectOf(input.Subject), plain, html,
                EmailFile.Read(input.Attachments ?? []), EmailHeaders.Read(input.Headers ?? [], input.Tags ?? []));
            return (draft.To.Count == 0 ? null : draft, draft.To.Count == 0 ? FailureCatalog.Fail("INVALID_INPUT", "No recipients: to names nobody.") : draft.Barrier(settings));
        }
        catch (EmailRefusedException e)
        {
            return (null, FailureCatalog.Fail(e.Code, e.Message));
        }
    }

    private Failure? Barrier(JsonElement settings)
    {
        var most = settings.Get("recipients_max") is { } max ? max.GetInt32() : RecipientsMax;
        if (Recipients.Count > most) return FailureCatalog.Fail("INPUT_TOO_LARGE", $"The mail has {Recipients.Count} recipients, the limit is {most}.");
        if (Domains(settings, "recipient_domains") is not { } allowed) return null;
        var outside = Recipients.Select((box, i) => (box, i)).Where(pair => !allowed.Contains(pair.box.Domain)).Select(pair => pair.i + 1).ToList();
        return outside.Count == 0 ? null : Denied("recipient", $"The connection lets mail go to {string.Join(", ", allowed)} only: recipient {string.Join(", ", outside)} is elsewhere.");
    }

    private static Mailbox Sender(string? asked, JsonElement settings)
    {
        var own = Mailbox.Read(settings.GetText("from")!, out _) ?? throw new EmailRefusedException("CONFIG_INVALID", "from of the connection is no address that mail can be sent from.");
        if (string.IsNullOrEmpty(asked)) return own;
        var wanted = Box("from_address", asked);
        if (wanted.Domain == own.Domain || Domains(settings, "from_domains")?.Contains(wanted.Domain) == true) return wanted;
        throw new EmailRefusedException("PERMISSION_DENIED", $"from_address: the connection sends for {own.Domain} and its from_domains, not for {wanted.Domain}.");
    }

    private static HashSet<string>? Domains(JsonElement settings, string member) => settings.Get(member) is { ValueKind: JsonValueKind.Array } list
        ? list.EnumerateArray().Select(domain => Mailbox.AsciiDomain(domain.GetString()!) ?? domain.GetString()!).ToHashSet(StringComparer.Ordinal)
        : null;

    private static (string? Plain, string? Html) Bodies(EmailSendIn input)
    {
        var isHtml = input.Html.ValueKind == JsonValueKind.True;
        var html = isHtml ? input.Body : input.Html.ValueKind == JsonValueKind.String ? input.Html.GetString() : null;
        if (input.Html.ValueKind is JsonValueKind.Number or JsonValueKind.Array or JsonValueKind.Object) throw Wrong("html is true, false or the HTML itself.");
        if (!isHtml && input is { Body: not null, Text: not null }) throw Wrong("body and text are both the plain text: give one of them.");
        var plain = isHtml ? input.Text : input.Body ?? input.Text;
        if (plain is null && html is null) throw Wrong("The mail has no body.");
        var bytes = Encoding.UTF8.GetByteCount(plain ?? "") + Encoding.UTF8.GetByteCount(html ?? "");
        return bytes <= BodyBytesMax ? (plain, html) : throw new EmailRefusedException("INPUT_TOO_LARGE", $"The body has {bytes} bytes, the limit is {BodyBytesMax}.");
    }

    private static string SubjectOf(string subject) =>
        subject.Any(char.IsControl) ? throw Wrong("subject holds a line break or another control character.")
        : string.IsNullOrWhiteSpace(subject) ? throw Wrong("Subject is required.")
        : subject;

    private static IReadOnlyList<Mailbox> Boxes(string member, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        JsonValueKind.String => value.GetString()!.Length == 0 ? [] : [Box(member, value.GetString()!)],
        JsonValueKind.Array => [.. value.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.String ? Box($"{member}[{i}]", item.GetString()!) : throw Wrong($"{member}[{i}] is no text."))],
        _ => throw Wrong($"{member} is an address or a list of them."),
    };

    private static Mailbox Box(string member, string text) => Mailbox.Read(text, out var problem) ?? throw Wrong($"{member} {problem}.");

    private static Failure Denied(string reason, string message) => FailureCatalog.Fail("PERMISSION_DENIED", message, null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }));

    private static EmailRefusedException Wrong(string message) => new("INVALID_INPUT", message);
}

/// <summary>Parameters that are no mail. Thrown while they are read, never beyond the skill.</summary>
internal sealed class EmailRefusedException(string code, string message) : Exception(message)
{
    internal string Code { get; } = code;
}
