using System.Text;

namespace Aos.Skills;

/// <summary>Headers of mail: folded, and what is no ASCII as encoded words (RFC 2047) or extended parameters (RFC 2231).</summary>
internal static class MailHeader
{
    private const int LineMax = 76;

    /// <summary>What an encoded word needs beside its base64: <c>=?utf-8?B?</c> and <c>?=</c>.</summary>
    private const int WordFrame = 12;

    /// <summary>A header whose value is text for people.</summary>
    internal static void Text(StringBuilder to, string name, string value) =>
        to.Append(IsPlain(value) ? Folded($"{name}: {value}") : $"{name}: {Words(value, name.Length + 2)}").Append("\r\n");

    /// <summary>A header whose value is ASCII with a grammar of its own.</summary>
    internal static void Exact(StringBuilder to, string name, string value) => to.Append(Folded($"{name}: {value}")).Append("\r\n");

    internal static void Mailboxes(StringBuilder to, string name, IReadOnlyList<Mailbox> boxes)
    {
        if (boxes.Count == 0) return;
        to.Append(name).Append(": ").AppendJoin(",\r\n ", boxes.Select((box, i) => Shown(box, i == 0 ? name.Length + 2 : 1))).Append("\r\n");
    }

    /// <summary>A parameter of a header such as Content-Disposition, on a line of its own.</summary>
    internal static void Parameter(StringBuilder to, string name, string value)
    {
        if (value.Length <= 60 && value.All(c => c is >= ' ' and <= '~'))
        {
            to.Append($";\r\n {name}=\"{Quoted(value)}\"");
            return;
        }

        var parts = Chunks(value, 54, rune => Percent(rune).Length).Select(part => string.Concat(part.EnumerateRunes().Select(Percent))).ToList();
        foreach (var (i, part) in parts.Index()) to.Append($";\r\n {name}*{(parts.Count == 1 ? "" : $"{i}*")}={(i == 0 ? "utf-8''" : "")}{part}");
    }

    /// <summary>Text that every reader shows as it is, and that can be folded without changing it.</summary>
    private static bool IsPlain(string value) =>
        value.All(c => c is >= ' ' and <= '~') && value.Trim().Length == value.Length && !value.Contains("  ", StringComparison.Ordinal)
        && !value.Contains("=?", StringComparison.Ordinal) && value.Split(' ').All(word => word.Length < LineMax - 10);

    private static string Shown(Mailbox box, int column)
    {
        if (box.Name.Length == 0) return box.Address;
        if (!IsPlain(box.Name)) return $"{Words(box.Name, column)}\r\n <{box.Address}>";
        var name = box.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_') ? box.Name : $"\"{Quoted(box.Name)}\"";
        return column + name.Length + box.Address.Length + 3 <= LineMax ? $"{name} <{box.Address}>" : $"{name}\r\n <{box.Address}>";
    }

    /// <summary>Encoded words, one a line. None splits a character.</summary>
    private static string Words(string value, int column)
    {
        var words = new List<string>();
        for (var rest = value; rest.Length > 0; column = 1)
        {
            // A name of a header that fills its line leaves room for one letter still: lines may be longer than they should.
            var room = Math.Max((LineMax - column - WordFrame) / 4 * 3, 4);
            var word = Chunks(rest, room, rune => rune.Utf8SequenceLength).First();
            words.Add($"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(word))}?=");
            rest = rest[word.Length..];
        }

        return string.Join("\r\n ", words);
    }

    private static IEnumerable<string> Chunks(string text, int most, Func<Rune, int> size)
    {
        var (start, at, taken) = (0, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (taken > 0 && taken + size(rune) > most)
            {
                yield return text[start..at];
                (start, taken) = (at, 0);
            }

            taken += size(rune);
            at += rune.Utf16SequenceLength;
        }

        if (at > start) yield return text[start..at];
    }

    /// <summary>Broken before spaces, where there are some.</summary>
    private static string Folded(string line)
    {
        var text = new StringBuilder();
        var start = 0;
        // The space behind the name stays where it is: a line with a name and nothing else is read in several ways.
        var least = line.IndexOf(' ', StringComparison.Ordinal) + 1;
        while (line.Length - start > LineMax)
        {
            var at = line.LastIndexOf(' ', start + LineMax, start + LineMax - Math.Max(start, least));
            if (at <= start) at = line.IndexOf(' ', Math.Max(start + 1, least));
            if (at < 0) break;
            text.Append(line, start, at - start).Append("\r\n");
            start = at;
        }

        return text.Append(line, start, line.Length - start).ToString();
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Percent(Rune rune)
    {
        if (rune.IsAscii && (Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '.' or '_')) return rune.ToString();
        Span<byte> bytes = stackalloc byte[4];
        var text = new StringBuilder();
        foreach (var one in bytes[..rune.EncodeToUtf8(bytes)]) text.Append($"%{one:X2}");
        return text.ToString();
    }
}
