using System.Buffers;
using System.Text.Json;

namespace Aos.Skills;

/// <summary>The server's text of an array, <c>{1,NULL,"a \"b\""}</c>, as a JSON array.</summary>
internal sealed class ArrayText(Utf8JsonWriter writer, CellKind kind)
{
    internal void Write(ReadOnlySpan<byte> text)
    {
        // Bounds that are not the usual ones stand in front: [2:3]={...}
        Level(text, text.IndexOf((byte)'{'));
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
        else Cells.Write(writer, kind, value);
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

        Cells.Write(writer, kind, value.WrittenSpan);
        return at + 1;
    }
}
