using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A text that came in with data, of those a model is going to read.</summary>
/// <param name="Path">Of the text in the parameters.</param>
/// <param name="Source">What to call it: the expression that brought it, or the tool.</param>
internal sealed record DataPart(string Path, int Start, int Length, string Source, string Text);

/// <summary>A text that the model reads.</summary>
/// <param name="IsTool">A tool answered it.</param>
internal sealed record PromptText(string Path, string Text, bool IsTool);

/// <summary>
/// Finds in the parameters of a call what came in with data, and writes marks around it. Where nothing but data is in a conversation there is
/// nobody to tell it from, and nothing is marked.
/// </summary>
internal static class DataMarks
{
    /// <summary>A single word of this length gives no instructions.</summary>
    private const int WordMax = 64;

    private const char LatinMax = '\u024F';

    /// <summary>More parts of one text get one mark around all of them.</summary>
    private const int PartsMax = 4;

    /// <summary>
    /// The same for all texts together. So the marks and the sentence about them stay within what is reserved for what providers put around
    /// a prompt (<see cref="ModelRequest.TokensAround"/>): a mark is some 45 tokens, of which a message of its own brings its frame along.
    /// </summary>
    private const int MarksMax = 8;

    /// <summary>All that the model reads, but what it said itself.</summary>
    internal static List<PromptText> Texts(LlmInvokeIn input)
    {
        var texts = new List<PromptText>();
        if (input.SystemPrompt is { } system) texts.Add(new PromptText("system_prompt", system, false));
        if (input.Prompt is { } prompt) texts.AddRange(Texts(prompt, "prompt", false));
        if (input.Messages is { } messages) texts.AddRange(Texts(messages, "messages", false));
        return texts;
    }

    /// <summary>All data in them: what templates filled in, and what tools answered.</summary>
    internal static List<DataPart> In(List<PromptText> texts, SkillCall call)
    {
        var parts = new List<DataPart>();
        foreach (var (path, text, isTool) in texts)
        {
            if (isTool) parts.Add(new DataPart(path, 0, text.Length, "tool", text));
            else if (call.Filled is { } filled) parts.AddRange(filled.Select(one => Part(one, path, text)).OfType<DataPart>());
            else if (call.Written is { } written && Wrote(written, path) is null) parts.Add(new DataPart(path, 0, text.Length, "data", text));
        }

        return parts;
    }

    /// <summary>The parts that are worth a mark.</summary>
    internal static List<DataPart> Marked(List<PromptText> texts, List<DataPart> parts)
    {
        if (!texts.Any(text => HasOwn(text, parts))) return [];
        var marked = parts.Where(part => part.Source != "tool" && !IsWord(part.Text) && !IsStarters(part, texts)).ToList();
        var isMany = marked.Count > MarksMax;
        return [.. marked.GroupBy(part => part.Path, StringComparer.Ordinal).SelectMany(text => isMany || text.Count() > PartsMax ? [Around(text)] : text.ToList())];
    }

    /// <summary>The value with marks around these parts.</summary>
    internal static JsonElement Mark(JsonElement value, string path, List<DataPart> parts, string tag, string? warning) =>
        Json.Write(writer => Write(writer, value, path, parts, tag, warning));

    private static void Write(Utf8JsonWriter writer, JsonElement value, string path, List<DataPart> parts, string tag, string? warning)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, $"{path}.{member.Name}", parts, tag, warning);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var (i, item) in value.EnumerateArray().Index()) Write(writer, item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), parts, tag, warning);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String when parts.Any(part => part.Path == path):
                writer.WriteStringValue(Text(value.GetString()!, [.. parts.Where(part => part.Path == path).OrderBy(part => part.Start)], tag, warning));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static string Text(string text, List<DataPart> parts, string tag, string? warning)
    {
        var marked = new StringBuilder(text.Length + (100 * parts.Count));
        var at = 0;
        foreach (var part in parts)
        {
            marked.Append(text, at, part.Start - at).Append(DataBlock.Open(tag, part.Source, warning)).Append(text, part.Start, part.Length).Append(DataBlock.Close(tag));
            at = part.Start + part.Length;
        }

        return marked.Append(text, at, text.Length - at).ToString();
    }

    private static DataPart? Part(Filling filling, string path, string text)
    {
        if (filling.Length < 0) // A value that is no text: all texts in it.
            return path.StartsWith(filling.Path, StringComparison.Ordinal) ? new DataPart(path, 0, text.Length, filling.Expression, text) : null;
        if (filling.Path != path || filling.Length == 0 || filling.Start + filling.Length > text.Length) return null;
        return new DataPart(path, filling.Start, filling.Length, filling.Expression, text.Substring(filling.Start, filling.Length));
    }

    private static DataPart Around(IEnumerable<DataPart> parts)
    {
        var (from, end) = (parts.Min(part => part.Start), parts.Max(part => part.Start + part.Length));
        var first = parts.First();
        return first with { Start = from, Length = end - from, Source = parts.Count() == 1 ? first.Source : "several" };
    }

    private static bool HasOwn(PromptText text, List<DataPart> parts)
    {
        if (text.IsTool) return false;
        var at = 0;
        foreach (var part in parts.Where(part => part.Path == text.Path).OrderBy(part => part.Start))
        {
            if (!string.IsNullOrWhiteSpace(text.Text[at..part.Start])) return true;
            at = part.Start + part.Length;
        }

        return !string.IsNullOrWhiteSpace(text.Text[at..]);
    }

    /// <summary>Of a script that parts its words: elsewhere so many characters are whole sentences. Nor may it be one that looks like an instruction.</summary>
    private static bool IsWord(string text) =>
        text.Length <= WordMax && !text.Trim().Any(c => char.IsWhiteSpace(c) || c is '<' or > LatinMax) && InjectionScreen.Screen(text).Verdict == ScreenVerdict.Clean;

    /// <summary>A text that is nothing but what the starter of the run gave: the author left that text to whoever starts it.</summary>
    private static bool IsStarters(DataPart part, List<PromptText> texts) =>
        part.Start == 0 && (Begins(part.Source, "inputs") || Begins(part.Source, "run")) && texts.Any(text => text.Path == part.Path && text.Text.Length == part.Length);

    /// <summary>A path alone: what is computed may take its value from elsewhere.</summary>
    private static bool Begins(string source, string root) =>
        source.StartsWith(root, StringComparison.Ordinal) && (source.Length == root.Length || source[root.Length] is '.' or '[')
        && source.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '[' or ']');

    /// <summary>What the author wrote there; null: nothing, or something with an expression in it.</summary>
    private static string? Wrote(JsonElement written, string path)
    {
        JsonElement? at = written;
        foreach (var name in path.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            at = name[0] == '['
                ? at is { ValueKind: JsonValueKind.Array } list && int.Parse(name.AsSpan(1, name.Length - 2), CultureInfo.InvariantCulture) is var i && i < list.GetArrayLength() ? list[i] : null
                : at?.Get(name);
        }

        return at is { ValueKind: JsonValueKind.String } text && !text.GetString()!.Contains("${{", StringComparison.Ordinal) ? text.GetString() : null;
    }

    private static IEnumerable<PromptText> Texts(JsonElement value, string path, bool isTool)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return [new PromptText(path, value.GetString()!, isTool)];
            case JsonValueKind.Array:
                return value.EnumerateArray().Index().SelectMany(item => Texts(item.Item, string.Create(CultureInfo.InvariantCulture, $"{path}[{item.Index}]"), isTool));
            case JsonValueKind.Object when value.Get("content") is { } content && value.GetText("role") is not "assistant":
                return Texts(content, path + ".content", value.GetText("role") == "tool");
            case JsonValueKind.Object when value.GetText("text") is { } text:
                return [new PromptText(path + ".text", text, isTool)];
            default:
                return [];
        }
    }
}
