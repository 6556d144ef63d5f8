using System.Text.Json;

namespace Aos.Skills;

/// <summary>What every result must keep, so that it can be journaled, hashed and used by later steps.</summary>
internal static class ResultRules
{
    /// <summary>Deepest nesting of a result. An event holds the result a few levels down, and is itself nested no deeper than a JSON value may be.</summary>
    internal const int DepthMax = 56;

    /// <summary>A number of so many characters and no exponent is in the range, whatever its digits.</summary>
    private const int SafeDigits = 28;

    /// <summary>What is wrong with a JSON text, or null.</summary>
    internal static string? Problem(ReadOnlySpan<byte> utf8, int depthMax = DepthMax)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 1_000 });
        while (reader.Read())
        {
            if (reader.CurrentDepth > depthMax) return $"is nested deeper than {depthMax} levels";
            if (reader.TokenType == JsonTokenType.Number && !IsPlain(reader.ValueSpan) && !reader.TryGetDecimal(out _)) return "holds a number out of the range of ±7.9·10²⁸";
        }

        return null;
    }

    private static bool IsPlain(ReadOnlySpan<byte> number) => number.Length <= SafeDigits && number.IndexOfAny((byte)'e', (byte)'E') < 0;
}
