using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Embeddings as OpenAI gives them, and Ollama, vLLM and other servers that speak its protocol.</summary>
internal static class EmbedWire
{
    internal const string Path = "/embeddings";

    /// <summary>Larger numbers are in no vector that is worth anything.</summary>
    private const double NumberMax = 1e9;

    internal static void Write(Utf8JsonWriter writer, EmbedRequest request, IReadOnlyList<string> texts)
    {
        writer.WriteStartObject();
        writer.WriteString("model", request.Model);
        writer.WriteStartArray("input");
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
        writer.WriteString("encoding_format", "float");
        if (request.Dimensions is { } dimensions) writer.WriteNumber("dimensions", dimensions);
        writer.WriteEndObject();
    }

    /// <summary>The vectors in the order of the texts, or what is wrong with the answer.</summary>
    internal static (float[][]? Vectors, string? Problem) Read(JsonElement answer, int count, int? dimensions)
    {
        if (answer.Get("data") is not { ValueKind: JsonValueKind.Array } data) return (null, "no list of vectors");
        if (data.GetArrayLength() != count) return (null, $"{data.GetArrayLength()} vectors for {count} texts");
        var vectors = new float[count][];
        var place = 0;
        foreach (var item in data.EnumerateArray())
        {
            var index = item.Get("index") is { ValueKind: JsonValueKind.Number } told ? told.TryGetInt32(out var at) ? at : -1 : place;
            place++;
            if (index < 0 || index >= count || vectors[index] is not null) return (null, "vectors that are not numbered from 0, each once");
            if (item.Get("embedding") is not { ValueKind: JsonValueKind.Array } numbers) return (null, "a vector that is no list of numbers");
            var vector = new List<float>(numbers.GetArrayLength());
            foreach (var number in numbers.EnumerateArray())
            {
                if (number.ValueKind != JsonValueKind.Number || !number.TryGetDouble(out var value) || !(Math.Abs(value) <= NumberMax)) return (null, "a vector that is no list of numbers");
                vector.Add((float)value);
            }

            vectors[index] = [.. vector];
        }

        var length = vectors[0].Length;
        if (length is 0 or > EmbedReader.DimensionsMax || vectors.Any(vector => vector.Length != length)) return (null, "vectors of no, different or too many dimensions");
        return dimensions is { } wanted && wanted != length ? (null, $"vectors of {length} dimensions where {wanted} were asked for") : (vectors, null);
    }

    /// <summary>Tokens read as told; null: nothing believable was.</summary>
    internal static long? Tokens(JsonElement answer, long most) =>
        answer.Get("usage")?.Get("prompt_tokens") is { ValueKind: JsonValueKind.Number } told && told.TryGetInt64(out var tokens) && tokens >= 0 && tokens <= most ? tokens : null;
}
