using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What cost models read of the parameters of a call. Nothing here throws, whatever the parameters are.</summary>
internal static class CostParams
{
    /// <summary>Timeouts beyond this many seconds bound nothing.</summary>
    private const decimal SecondsMax = 1_000_000;

    /// <summary>Characters of a parameter as text, a pair of surrogates as one; null counts as the four of <c>None</c>. Null: it is absent.</summary>
    internal static int? Length(JsonElement parameters, string name) => parameters.Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Null or JsonValueKind.True } => 4,
        { ValueKind: JsonValueKind.False } => 5,
        { ValueKind: JsonValueKind.String } text => Characters(text.Raw()[1..^1]),
        { } other => Characters(other.Raw()),
    };

    /// <summary>A number of seconds in milliseconds, at least 0. Null: there is none.</summary>
    internal static decimal? Milliseconds(JsonElement parameters, string name) =>
        parameters.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var seconds) && seconds < SecondsMax ? Math.Max(seconds, 0) * 1000 : null;

    /// <summary>Whether a text begins so, also where its slashes are escaped.</summary>
    internal static bool Begins(JsonElement parameters, string name, ReadOnlySpan<byte> start)
    {
        if (parameters.Get(name) is not { ValueKind: JsonValueKind.String } text) return false;
        var raw = text.Raw()[1..];
        var at = 0;
        foreach (var expected in start)
        {
            if (expected == '/' && raw[at] == '\\') at++;
            if (raw[at++] != expected) return false; // The closing quote is none of what is looked for.
        }

        return true;
    }

    /// <summary>Of a JSON text as it is written: an escape is one character, and so are the two of a pair.</summary>
    private static int Characters(ReadOnlySpan<byte> raw)
    {
        var count = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            if ((raw[i] & 0xC0) == 0x80) continue; // The rest of a character that has begun.
            if (raw[i] == '\\')
            {
                var isUnit = i + 1 < raw.Length && raw[i + 1] == 'u';
                if (!isUnit || !IsLow(raw, i) || !IsHigh(raw, i - 6)) count++;
                i += isUnit ? 5 : 1;
                continue;
            }

            count++;
        }

        return count;
    }

    private static bool IsHigh(ReadOnlySpan<byte> raw, int at) => IsSurrogate(raw, at) && (raw[at + 3] | 0x20) is (byte)'8' or (byte)'9' or (byte)'a' or (byte)'b';

    private static bool IsLow(ReadOnlySpan<byte> raw, int at) => IsSurrogate(raw, at) && (raw[at + 3] | 0x20) is >= (byte)'c' and <= (byte)'f';

    private static bool IsSurrogate(ReadOnlySpan<byte> raw, int at) => at >= 0 && at + 5 < raw.Length && raw[at] == '\\' && raw[at + 1] == 'u' && (raw[at + 2] | 0x20) == 'd';
}
