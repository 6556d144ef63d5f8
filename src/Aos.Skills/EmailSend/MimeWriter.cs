using System.Globalization;
using System.Text;

namespace Aos.Skills;

/// <summary>
/// A draft as the text that goes over the wire (RFC 5322, 2045 to 2047, 2231): lines of ASCII, but for addresses of other letters. Who gets
/// a blind copy stands nowhere in it.
/// </summary>
internal static class MimeWriter
{
    internal static string Of(EmailDraft draft, string messageId, DateTimeOffset now)
    {
        var text = new StringBuilder();
        MailHeader.Exact(text, "Date", now.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture));
        MailHeader.Mailboxes(text, "From", [draft.From]);
        if (draft.ReplyTo is { } replyTo) MailHeader.Mailboxes(text, "Reply-To", [replyTo]);
        MailHeader.Mailboxes(text, "To", draft.To);
        MailHeader.Mailboxes(text, "Cc", draft.Cc);
        MailHeader.Text(text, "Subject", draft.Subject);
        MailHeader.Exact(text, "Message-ID", messageId);
        MailHeader.Exact(text, "MIME-Version", "1.0");
        foreach (var (name, value) in draft.Headers)
        {
            if (EmailHeaders.IsExact(name)) MailHeader.Exact(text, name, value);
            else MailHeader.Text(text, name, value);
        }

        if (draft.Files.Count == 0) Content(text, draft);
        else Several(text, "mixed", [part => Content(part, draft), .. draft.Files.Select(file => (Action<StringBuilder>)(part => File(part, file)))]);
        return text.ToString();
    }

    private static void Content(StringBuilder text, EmailDraft draft)
    {
        if (draft is { Plain: { } plain, Html: { } html }) Several(text, "alternative", [part => Body(part, "plain", plain), part => Body(part, "html", html)]);
        else Body(text, draft.Html is null ? "plain" : "html", draft.Html ?? draft.Plain!);
    }

    /// <summary>A boundary cannot stand in a part: neither of both encodings has <c>=_</c>, and mail that is in a mail is refused.</summary>
    private static void Several(StringBuilder text, string kind, IReadOnlyList<Action<StringBuilder>> parts)
    {
        var boundary = $"=_aos_{kind}";
        text.Append($"Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n");
        foreach (var write in parts)
        {
            text.Append($"--{boundary}\r\n");
            write(text);
        }

        text.Append($"--{boundary}--\r\n");
    }

    private static void Body(StringBuilder text, string kind, string content)
    {
        text.Append($"Content-Type: text/{kind}; charset=utf-8\r\n");
        var readable = QuotedPrintable.Of(content);
        var bytes = Encoding.UTF8.GetBytes(string.Join("\r\n", QuotedPrintable.Lines(content)));
        // Text of other alphabets is shorter as base64, and nobody reads it in either form.
        var isReadable = readable.Length <= bytes.Length * 3L / 2;
        text.Append($"Content-Transfer-Encoding: {(isReadable ? "quoted-printable" : "base64")}\r\n\r\n");
        text.Append(isReadable ? readable : Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks)).Append("\r\n");
    }

    private static void File(StringBuilder text, EmailFile file)
    {
        MailHeader.Exact(text, "Content-Type", file.Type);
        text.Append("Content-Disposition: attachment");
        MailHeader.Parameter(text, "filename", file.Name);
        text.Append("\r\nContent-Transfer-Encoding: base64\r\n\r\n").Append(Convert.ToBase64String(file.Bytes, Base64FormattingOptions.InsertLineBreaks)).Append("\r\n");
    }
}
