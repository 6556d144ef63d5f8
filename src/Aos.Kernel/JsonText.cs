using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Aos.Kernel;

/// <summary>A text from outside that is no acceptable JSON, with the place.</summary>
/// <param name="line">From 1.</param>
/// <param name="offset">Bytes from the start of the text.</param>
/// <param name="path">The value it stands in, for instance <c>plan[0].params</c>; empty at the top.</param>
public sealed class JsonTextException(string message, long line, long offset, string path)
    : Exception($"line {line}, byte {offset}{(path.Length == 0 ? "" : $", at {path}")}: {message}")
{
    public long Line { get; } = line;

    public long Offset { get; } = offset;

    public string Path { get; } = path;
}

/// <summary>Reads JSON that comes from outside: strict, and it names the place of what it refuses.</summary>
public static class JsonText
{
    /// <summary>
    /// Parses one value. Refused with <see cref="JsonTextException"/>: what is no JSON, bytes that are no UTF-8, nesting beyond
    /// <see cref="Json.DepthMax"/>, a name twice in one object, escapes of half a character. A byte order mark is skipped.
    /// </summary>
    public static JsonElement Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (!Utf8.IsValid(utf8)) throw At(utf8, BadByte(utf8), "", "these bytes are no UTF-8");
        try
        {
            var value = Json.Parse(utf8);
            if (MayHoldHalves(utf8)) new Walk(utf8).Run();
            return value;
        }
        catch (JsonException e)
        {
            new Walk(utf8).Run();
            throw At(utf8, Math.Max(0, utf8.Length - 1), "", Plain(e));
        }
    }

    private static bool MayHoldHalves(ReadOnlySpan<byte> utf8) => utf8.IndexOf("\\ud"u8) >= 0 || utf8.IndexOf("\\uD"u8) >= 0;

    private static int BadByte(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var used) == System.Buffers.OperationStatus.Done) at += used;
        return at;
    }

    private static JsonTextException At(ReadOnlySpan<byte> utf8, long offset, string path, string message) =>
        new(message, utf8[..(int)Math.Min(offset, utf8.Length)].Count((byte)'\n') + 1, offset, path);

    private static string Plain(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }

    /// <summary>Goes through the text once more, slowly, and throws at the first thing that is wrong.</summary>
    private ref struct Walk(ReadOnlySpan<byte> utf8)
    {
        private readonly ReadOnlySpan<byte> utf8 = utf8;
        private readonly List<(HashSet<string>? Names, string Name, int Index)> open = [];

        internal void Run()
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = Json.DepthMax });
            try
            {
                while (reader.Read()) Look(ref reader);
            }
            catch (JsonException e)
            {
                throw At(utf8, Math.Min(reader.BytesConsumed, utf8.Length), Path(), Plain(e));
            }
            catch (InvalidOperationException)
            {
                throw At(utf8, reader.TokenStartIndex, Path(), "an escape names half of a character");
            }
        }

        private readonly void Look(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                open.RemoveAt(open.Count - 1);
                return;
            }

            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                var names = open[^1].Names!;
                open[^1] = (names, name, 0);
                if (!names.Add(name)) throw At(utf8, reader.TokenStartIndex, Path(), $"the name {name} stands twice in this object");
                return;
            }

            if (open.Count > 0 && open[^1].Names is null) open[^1] = (null, "", open[^1].Index + 1);
            if (reader.TokenType == JsonTokenType.String) reader.GetString();
            else if (reader.TokenType == JsonTokenType.StartObject) open.Add((new HashSet<string>(StringComparer.Ordinal), "", 0));
            else if (reader.TokenType == JsonTokenType.StartArray) open.Add((null, "", -1));
        }

        private readonly string Path()
        {
            var path = new StringBuilder();
            foreach (var (names, name, index) in open)
            {
                if (names is null) path.Append('[').Append(Math.Max(index, 0)).Append(']');
                else if (name.Length > 0) path.Append(path.Length == 0 ? "" : ".").Append(name.Length > 64 ? name[..64] : name);
            }

            return path.ToString();
        }
    }
}
