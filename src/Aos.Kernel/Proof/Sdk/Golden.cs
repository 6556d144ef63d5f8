using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// Golden recordings of the older engine (<c>RUN.steps.jsonl</c> with <c>RUN.steps.jsonl.sig</c>): their signature, and
/// the canonical form their <c>output_hash</c> is taken over.
/// </summary>
public static class Golden
{
    private static readonly FrozenSet<string> Volatile = new[]
    {
        "timestamp", "ts", "created_at", "updated_at", "started_at", "ended_at", "duration_ms", "latency_ms", "request_id", "trace_id", "span_id",
        "correlation_id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>HMAC-SHA-256 of the file's bytes under the golden secret, 64 hex digits.</summary>
    public static string Sign(ReadOnlySpan<byte> file, string secret) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), file));

    /// <summary>Compares in constant time.</summary>
    public static bool Verify(ReadOnlySpan<byte> file, string signature, string secret) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(file, secret)), Encoding.UTF8.GetBytes(signature.Trim()));

    /// <summary>The first 16 hex digits of SHA-256 of the canonical form.</summary>
    public static string Hash(JsonElement value) => PythonJson.HashData(Canonical(value));

    /// <summary>Names in lower case (the first in sorted order wins), without volatile members and nulls; fractions rounded to six places, half to even.</summary>
    public static JsonElement Canonical(JsonElement value) => Json.Write(writer => Write(writer, value));

    /// <summary>The index of the first event whose <c>output_hash</c> does not fit its <c>output</c>, or -1. Lines are JSON; blank ones are passed over.</summary>
    public static int FirstWrongOutput(IEnumerable<string> lines)
    {
        var at = -1;
        foreach (var line in lines)
        {
            if (line.AsSpan().Trim().IsEmpty) continue;
            at++;
            var data = Json.Parse(line).Get("data");
            if (data?.GetText("output_hash") is { } hash && data.Value.Get("output") is { } output && Hash(output) != hash) return at;
        }

        return -1;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var names = new HashSet<string>(StringComparer.Ordinal);
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, Comparer<string>.Create(PythonJson.ByCodePoint)))
                {
                    if (Volatile.Contains(member.Name) || member.Value.ValueKind == JsonValueKind.Null || !names.Add(member.Name.ToLowerInvariant())) continue;
                    writer.WritePropertyName(member.Name.ToLowerInvariant());
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') >= 0:
                writer.WriteRawValue(Rounded(value));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static string Rounded(JsonElement value)
    {
        // Python rounds the exact binary value, half to even; F6 does the same but for true halves, which are the odd 128ths.
        var number = value.GetDouble();
        if (double.IsInfinity(number) || Math.Abs(number) >= 1e15) return PythonJson.Float(number);
        var rounded = Math.Abs(number * 128 % 2) == 1
            ? (double)Math.Round((decimal)(long)(number * 128) / 128m, 6, MidpointRounding.ToEven)
            : double.Parse(number.ToString("F6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return PythonJson.Float(rounded);
    }
}
