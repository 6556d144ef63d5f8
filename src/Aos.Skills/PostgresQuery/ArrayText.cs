using System.Buffers;
using System.Text.Json;

namespace Aos.Skills;

/// <summary>The server's text of an array, <c>{1,NULL,"a \"b\""}</c>, as a JSON array.</summary>
internal sealed class ArrayText(Utf8JsonWriter writer, CellKind kind)
{
    /// <summary>Levels that an array of the server has at most.</summary>
    internal const int LevelsMax = 6;

    /// <summary>Whether the text is an array. Servers are of anybody's choice: only what is whole, and no deeper than theirs are, is read as one.</summary>
    internal static bool IsWhole(ReadOnlySpan<byte> text)
    {
        var (at, depth) = (Math.Max(0, text.IndexOf((byte)'{')), 0);
        while (at < text.Length)
        {
            var sign = text[at];
            if (sign == '"') at = QuoteEnd(text, at + 1);
            else if (sign is not ((byte)'{' or (byte)'}' or (byte)',')) at += BareLength(text[at..]);
            else if (sign == '{' && ++depth > LevelsMax) return false;
            else if (sign == '}' && --depth == 0) return at == text.Length - 1;
            if (sign is (byte)'{' or (byte)'}' or (byte)',') at++;
            if (depth == 0) return false;
        }

        return false;
    }

    /// <param name="text">Is whole.</param>
    internal void Write(ReadOnlySpan<byte> text)
    {
        // Bounds that are not the usual ones stand in front: [2:3]={...}
        Level(text, text.IndexOf((byte)'{'));
    }

    private static int QuoteEnd(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
        return at + 1;
    }

    /// <summary>What has a quote or a brace in it is not bare: then nothing of the rest is an array.</summary>
    private static int BareLength(ReadOnlySpan<byte> text)
    {
        var length = text.IndexOfAny("{},\""u8);
        return length >= 0 && text[length] is (byte)',' or (byte)'}' ? length : text.Length;
    }

    /// <summary>Writes the level that opens at a place; gives the place behind it.</summary>
    private int Level(ReadOnlySpan<byte> text, int at)
    {
        writer.WriteStartArray();
        for (at++; text[at] != '}';)
        {
            if (text[at] == ',') at++;
            else if (text[at] == '{') at = Level(text, at);
            else at = text[at] == '"' ? Quoted(text, at + 1) : Bare(text, at);
        }

        writer.WriteEndArray();
        return at + 1;
    }

    private int Bare(ReadOnlySpan<byte> text, int at)
    {
        var length = text[at..].IndexOfAny((byte)',', (byte)'}');
        var value = text.Slice(at, length);
        if (value.SequenceEqual("NULL"u8)) writer.WriteNullValue();
        else Cells.Write(writer, kind, value, LevelsMax);
        return at + length;
    }

    private int Quoted(ReadOnlySpan<byte> text, int at)
    {
        var value = new ArrayBufferWriter<byte>();
        for (; text[at] != '"'; at++)
        {
            if (text[at] == '\\') at++;
            value.Write(text.Slice(at, 1));
        }

        Cells.Write(writer, kind, value.WrittenSpan, LevelsMax);
        return at + 1;
    }
}
