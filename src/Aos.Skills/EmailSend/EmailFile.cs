using System.Net.Http.Headers;
using System.Text;

namespace Aos.Skills;

/// <summary>A file that goes along with a mail.</summary>
/// <param name="Type">With its parameters, in ASCII.</param>
internal sealed record EmailFile(string Name, string Type, byte[] Bytes)
{
    internal const int CountMax = 20;
    internal const int BytesMax = 10 * 1024 * 1024;

    internal static IReadOnlyList<EmailFile> Read(IReadOnlyList<EmailAttachment> attachments)
    {
        if (attachments.Count > CountMax) throw new EmailRefusedException("INPUT_TOO_LARGE", $"There are {attachments.Count} attachments, the limit is {CountMax}.");
        EmailFile[] files = [.. attachments.Select((attachment, i) => Read(attachment, $"attachments[{i}]"))];
        var bytes = files.Sum(file => (long)file.Bytes.Length);
        return bytes <= BytesMax ? files : throw new EmailRefusedException("INPUT_TOO_LARGE", $"The attachments have {bytes} bytes, the limit is {BytesMax}.");
    }

    private static EmailFile Read(EmailAttachment? attachment, string at)
    {
        if (attachment is null) throw Wrong($"{at} is no object.");
        if (attachment.Filename.Length is 0 or > 255 || attachment.Filename.Any(c => char.IsControl(c) || c is '/' or '\\'))
            throw Wrong($"{at}.filename is a name of 1 to 255 characters, without folders and control characters.");
        if (attachment.Content is null == attachment.ContentBase64 is null) throw Wrong($"{at} has either content or content_base64.");
        var isText = attachment.Content is not null;
        return new EmailFile(attachment.Filename, TypeOf(attachment.ContentType ?? (isText ? "text/plain" : "application/octet-stream"), isText, at), BytesOf(attachment, at));
    }

    private static byte[] BytesOf(EmailAttachment attachment, string at)
    {
        if (attachment.Content is { } text) return Encoding.UTF8.GetBytes(text);
        try
        {
            return Convert.FromBase64String(attachment.ContentBase64!);
        }
        catch (FormatException)
        {
            throw Wrong($"{at}.content_base64 is no base64.");
        }
    }

    private static string TypeOf(string asked, bool isText, string at)
    {
        if (asked.Length > 255 || asked.Any(c => c is < ' ' or > '~') || !MediaTypeHeaderValue.TryParse(asked, out var type)) throw Wrong($"{at}.content_type is no media type.");
        var kind = type.MediaType!.Split('/')[0];
        // These hold mail in themselves and may not be base64.
        if (kind.Equals("multipart", StringComparison.OrdinalIgnoreCase) || kind.Equals("message", StringComparison.OrdinalIgnoreCase)) throw Wrong($"{at}.content_type: no file is {kind}.");
        // Text is sent as UTF-8, whatever it was called.
        if (isText && (type.CharSet is not null || kind.Equals("text", StringComparison.OrdinalIgnoreCase))) type.CharSet = "utf-8";
        return type.ToString();
    }

    private static EmailRefusedException Wrong(string message) => new("INVALID_INPUT", message);
}
