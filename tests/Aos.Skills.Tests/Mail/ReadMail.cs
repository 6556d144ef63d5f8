using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Skills.Tests;

/// <summary>A mail, or a part of one, as a reader takes it apart. Written after the RFCs and not after the writer.</summary>
internal sealed class ReadMail
{
    private readonly List<(string Name, string Value)> headers = [];

    internal ReadMail(string text)
    {
        Raw = text;
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, "There is no body.");
        foreach (var line in Regex.Replace(text[..end], "\r\n(?=[ \t])", "").Split("\r\n"))
        {
            var at = line.IndexOf(':', StringComparison.Ordinal);
            Assert.True(at > 0, $"{line} is no header.");
            headers.Add((line[..at], line[(at + 1)..].TrimStart(' ')));
        }

        Body = text[(end + 4)..];
    }

    internal string Raw { get; }

    /// <summary>Still encoded.</summary>
    internal string Body { get; }

    internal IEnumerable<string> Names => headers.Select(header => header.Name);

    internal IReadOnlyList<ReadMail> Parts
    {
        get
        {
            if (Parameter("Content-Type", "boundary") is not { } boundary) return [];
            var pieces = ("\r\n" + Body).Split("\r\n--" + boundary);
            Assert.StartsWith("--", pieces[^1], StringComparison.Ordinal);
            return [.. pieces[1..^1].Select(piece => new ReadMail(piece[2..]))];
        }
    }

    /// <summary>Without its parameters.</summary>
    internal string Type => Header("Content-Type")!.Split(';')[0].Trim().ToLowerInvariant();

    internal byte[] Bytes => Header("Content-Transfer-Encoding") switch
    {
        "base64" => Convert.FromBase64String(Body.Replace("\r\n", "", StringComparison.Ordinal)),
        "quoted-printable" => Readable(Body),
        _ => Encoding.UTF8.GetBytes(Body),
    };

    internal string Content => Encoding.UTF8.GetString(Bytes);

    internal string? FileName => Parameter("Content-Disposition", "filename");

    internal static ReadMail Of(TakenMail mail)
    {
        Assert.All(mail.Text.Split("\r\n"), line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 78 || line.Split(' ').Length <= 2, $"A line of {line.Length}: {line}"));
        Assert.DoesNotContain(mail.Text.Replace("\r\n", "", StringComparison.Ordinal), c => c is '\r' or '\n' or '\0');
        return new ReadMail(mail.Text);
    }

    /// <summary>Unfolded, its encoded words still encoded; null: there is none.</summary>
    internal string? Header(string name)
    {
        var found = headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.True(found.Count <= 1, $"{name} stands there twice.");
        return found.Count == 0 ? null : found[0].Value;
    }

    /// <summary>As people see it.</summary>
    internal string? Shown(string name)
    {
        if (Header(name) is not { } value) return null;
        value = Regex.Replace(value, "(?<=\\?=)[ \t]+(?==\\?)", "");
        return Regex.Replace(value, "=\\?utf-8\\?B\\?([^?]*)\\?=", word => Encoding.UTF8.GetString(Convert.FromBase64String(word.Groups[1].Value)), RegexOptions.IgnoreCase);
    }

    private string? Parameter(string header, string name)
    {
        if (Header(header) is not { } value) return null;
        if (Regex.Match(value, $";\\s*{name}=(\"(?<quoted>(\\\\.|[^\"\\\\])*)\"|(?<plain>[^;\\s]+))") is { Success: true } found)
            return found.Groups["plain"].Success ? found.Groups["plain"].Value : Regex.Replace(found.Groups["quoted"].Value, "\\\\(.)", "$1");
        var pieces = Regex.Matches(value, $";\\s*{name}\\*((?<n>[0-9]+)\\*)?=(?<text>[^;\\s]+)")
            .OrderBy(piece => piece.Groups["n"].Success ? int.Parse(piece.Groups["n"].Value, CultureInfo.InvariantCulture) : 0)
            .Select(piece => piece.Groups["text"].Value);
        var whole = string.Concat(pieces);
        return whole.Length == 0 ? null : Uri.UnescapeDataString(whole["utf-8''".Length..]);
    }

    private static byte[] Readable(string text)
    {
        var bytes = new List<byte>();
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 76, line));
        text = text.Replace("=\r\n", "", StringComparison.Ordinal);
        for (var i = 0; i < text.Length; i++)
        {
            Assert.True(text[i] is '\r' or '\n' or '\t' or (>= ' ' and <= '~'), $"{(int)text[i]} stands there as it is.");
            if (text[i] != '=') bytes.Add((byte)text[i]);
            else
            {
                bytes.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
        }

        return [.. bytes];
    }
}
