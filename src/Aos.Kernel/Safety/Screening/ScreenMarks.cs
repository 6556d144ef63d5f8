using System.Text;

namespace Aos.Kernel;

/// <summary>What is suspicious by its signs and not by its words: turns of a chat made up, ends of data that are none, text that nobody sees.</summary>
internal static class ScreenMarks
{
    /// <summary>Characters of a part of a page that is looked at as hidden.</summary>
    private const int PartMax = 2_000;

    /// <summary>Hidden parts, and lines and links of one kind, that are looked at.</summary>
    private const int CountMax = 500;

    private static readonly string[] Tokens =
        ["<|im_start|>", "<|im_end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>", "<end_of_turn>"];

    private static readonly string[] Closings =
        ["system", "user", "user_input", "input", "data", "document", "documents", "context", "instructions", "prompt", "assistant", "tool_result", "untrusted", "content"];

    private static readonly string[] Veils = ["display:none", "display: none", "visibility:hidden", "visibility: hidden", "font-size:0", "font-size: 0", "font-size:1px", "color:white", "color: white", "color:#fff", "opacity:0", "opacity: 0", "aria-hidden=\"true\"", " hidden>", " hidden "];

    private static readonly string[] Turns = ["user:", "human:", "assistant:", "ai:"];

    internal static void Match(ReadOnlySpan<char> text, ScreenWords words, List<ScreenHit> hits)
    {
        Delimiters(text, hits);
        Lines(text, hits);
        Links(text, hits);
        Pipes(text, hits);
        if (words.Hidden > 0) hits.Add(new ScreenHit("invisible_text", words.Hidden > 1 ? 2 : 1, 0, text.Length));
        if (words.LookAlikes > 0) hits.Add(new ScreenHit("look_alikes", words.LookAlikes > 2 ? 2 : 1, 0, text.Length));
        if (text.IndexOfAny('\u202D', '\u202E') is >= 0 and var turned) hits.Add(new ScreenHit("text_direction", 2, turned, 1));
    }

    /// <summary>Parts that a reader of the page does not see.</summary>
    internal static List<Range> Hidden(ReadOnlySpan<char> text)
    {
        var parts = new List<Range>();
        Between(text, "<!--", "-->", parts);
        Between(text, "]: # (", ")", parts);
        foreach (var veil in Veils)
        {
            for (var at = 0; parts.Count < CountMax && text[at..].IndexOf(veil, StringComparison.OrdinalIgnoreCase) is >= 0 and var found;)
            {
                at += found + veil.Length;
                var open = veil[^1] == '>' ? 0 : text[at..Math.Min(text.Length, at + PartMax)].IndexOf('>') + 1;
                var end = text[(at + open)..Math.Min(text.Length, at + open + PartMax)].IndexOf('<');
                if (end > 0) parts.Add((at + open)..(at + open + end));
            }
        }

        return parts;
    }

    private static void Between(ReadOnlySpan<char> text, string open, string close, List<Range> parts)
    {
        for (var at = 0; parts.Count < CountMax && text[at..].IndexOf(open, StringComparison.Ordinal) is >= 0 and var found;)
        {
            at += found + open.Length;
            var end = text[at..Math.Min(text.Length, at + PartMax)].IndexOf(close, StringComparison.Ordinal);
            parts.Add(at..(end < 0 ? Math.Min(text.Length, at + PartMax) : at + end));
        }
    }

    private static void Delimiters(ReadOnlySpan<char> text, List<ScreenHit> hits)
    {
        foreach (var token in Tokens)
        {
            if (text.IndexOf(token, StringComparison.OrdinalIgnoreCase) is not (>= 0 and var at)) continue;
            var rest = text[(at + token.Length)..].TrimStart();
            var isTurn = rest.StartsWith("system", StringComparison.OrdinalIgnoreCase) || token[^2] == 'S';
            hits.Add(new ScreenHit("delimiter", isTurn ? 4 : 2, at, token.Length));
        }

        foreach (var name in Closings)
        {
            if (text.IndexOf($"</{name}>", StringComparison.OrdinalIgnoreCase) is not (>= 0 and var at)) continue;
            if (text[..at].IndexOf($"<{name}", StringComparison.OrdinalIgnoreCase) < 0) hits.Add(new ScreenHit("delimiter", 3, at, name.Length + 3));
        }

        if (text.StartsWith("\"}") || text.IndexOf("\"}\n{\"role\"", StringComparison.Ordinal) >= 0) hits.Add(new ScreenHit("delimiter", 2, 0, 2));
        if (text.IndexOf("\"role\":", StringComparison.Ordinal) is >= 0 and var role && text[(role + 7)..].TrimStart().StartsWith("\"system\"")) hits.Add(new ScreenHit("delimiter", 1, role, 7));
        foreach (var end in new[] { "END OF DATA", "END OF DOCUMENT", "End of document", "END OF INPUT", "END OF CONTEXT", "END OF USER INPUT", "End of data" })
        {
            if (text.IndexOf(end, StringComparison.Ordinal) is >= 0 and var at) hits.Add(new ScreenHit("delimiter", 2, at, end.Length));
        }
    }

    /// <summary>Lines that begin like a message of somebody above the text.</summary>
    private static void Lines(ReadOnlySpan<char> text, List<ScreenHit> hits)
    {
        var (turns, told) = (0, 0);
        foreach (var range in text.Split('\n'))
        {
            var line = text[range].TrimStart();
            var at = range.End.GetOffset(text.Length) - line.Length;
            var isHeading = line.Length > 0 && line[0] is '#' or '[' or '>';
            var body = line.TrimStart("#>[*-(\"' ");
            if (told < CountMax && IsSystem(body, isHeading))
            {
                told++;
                hits.Add(new ScreenHit("system_message", 2, at, line.Length));
            }

            foreach (var turn in Turns)
            {
                if (body.StartsWith(turn, StringComparison.OrdinalIgnoreCase)) turns++;
            }

            if (told < CountMax && isHeading && line[0] == '#' && (body.StartsWith("instruction:", StringComparison.OrdinalIgnoreCase) || body.StartsWith("response:", StringComparison.OrdinalIgnoreCase)))
                hits.Add(new ScreenHit("system_message", 2, at, line.Length));
        }

        if (turns > 1) hits.Add(new ScreenHit("delimiter", 2, 0, text.Length));
    }

    private static bool IsSystem(ReadOnlySpan<char> line, bool isHeading)
    {
        var name = line.StartsWith("developer message", StringComparison.OrdinalIgnoreCase) ? 9 : line.StartsWith("system", StringComparison.OrdinalIgnoreCase) ? 6 : 0;
        if (name == 0) return false;
        var rest = line[name..];
        foreach (var word in new[] { " message", " prompt", " notice", " update", " override", " instruction", " note" })
        {
            if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase)) rest = rest[word.Length..];
        }

        if (rest.StartsWith(" update", StringComparison.OrdinalIgnoreCase)) rest = rest[7..];
        rest = rest.TrimEnd();
        if (rest.Length == 0) return isHeading;
        if (rest[0] == ']') return isHeading;
        return rest[0] == ':' && rest[1..].TrimStart() is [not ('{' or '"' or '[' or '$'), ..];
    }

    /// <summary>A picture whose address is to be filled with what the model knows.</summary>
    private static void Links(ReadOnlySpan<char> text, List<ScreenHit> hits)
    {
        for (var (at, count) = (0, 0); count < CountMax && text[at..].IndexOf("](http", StringComparison.OrdinalIgnoreCase) is >= 0 and var found; count++)
        {
            at += found + 2;
            var url = text[at..Math.Min(text.Length, at + 500)];
            if (url.IndexOf(')') is >= 0 and var end) url = url[..end];
            if (url.IndexOf('=') is not (>= 0 and var value)) continue;
            var asked = url[(value + 1)..];
            if (asked.Length > 5 && !asked.ContainsAnyExceptInRange('A', '_') && asked.ContainsAnyInRange('A', 'Z')) hits.Add(new ScreenHit("exfiltration", 3, at, url.Length));
        }
    }

    /// <summary>Something fetched that is run as it comes, and the removal of everything.</summary>
    private static void Pipes(ReadOnlySpan<char> text, List<ScreenHit> hits)
    {
        foreach (var tool in new[] { "curl ", "wget " })
        {
            if (text.IndexOf(tool, StringComparison.OrdinalIgnoreCase) is not (>= 0 and var at)) continue;
            var line = text[at..Math.Min(text.Length, at + 300)];
            if (line.IndexOf('|') is >= 0 and var pipe && line[(pipe + 1)..].TrimStart() is var next && (next.StartsWith("sh") || next.StartsWith("bash")))
                hits.Add(new ScreenHit("tool_coercion", 3, at, pipe));
        }

        if (text.IndexOf("rm -rf /", StringComparison.Ordinal) is >= 0 and var gone && (gone + 8 == text.Length || text[gone + 8] is ' ' or '*' or '\n' or '"'))
            hits.Add(new ScreenHit("tool_coercion", 2, gone, 8));
    }
}
