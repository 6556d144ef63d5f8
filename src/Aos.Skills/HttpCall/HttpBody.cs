using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A body as a value: JSON where it is JSON, else text, else base64.</summary>
/// <param name="Encoding">json, text, base64 or none.</param>
/// <param name="Hash">First 16 hex digits of SHA-256: of a text its UTF-8, of JSON the canonical form, else of the bytes.</param>
internal sealed record HttpBody(JsonElement Value, string Encoding, string Hash)
{
    internal static HttpBody Read(EgressResponse response)
    {
        var bytes = response.Body.AsSpan().StartsWith(System.Text.Encoding.UTF8.Preamble) ? response.Body[3..] : response.Body;
        if (bytes.Length == 0) return new HttpBody(Json.Null, "none", Of([]));
        if (ParsedJson(bytes) is { } json)
            return new HttpBody(json, "json", json.ValueKind == JsonValueKind.String ? Of(System.Text.Encoding.UTF8.GetBytes(json.GetString()!)) : ContentHash.Short(json));
        if (ParsedText(bytes, Charset(response)) is { } text) return new HttpBody(Json.Of(text), "text", Of(System.Text.Encoding.UTF8.GetBytes(text)));
        return new HttpBody(Json.Of(Convert.ToBase64String(bytes)), "base64", Of(bytes));
    }

    private static string Of(ReadOnlySpan<byte> bytes) => ContentHash.Hex(bytes)[..16];

    /// <summary>JSON that a later step could not carry (too deep, numbers out of range) stays text.</summary>
    private static JsonElement? ParsedJson(byte[] bytes)
    {
        try
        {
            var value = Json.Parse(bytes);
            return ResultRules.Problem(bytes) is null ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? ParsedText(byte[] bytes, Encoding encoding)
    {
        try
        {
            return encoding.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding Charset(EgressResponse response)
    {
        var type = response.Headers.FirstOrDefault(header => header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value;
        return MediaTypeHeaderValue.TryParse(type, out var media) && media.CharSet?.Trim('"').ToLowerInvariant() is "iso-8859-1" or "latin1" or "us-ascii"
            ? System.Text.Encoding.Latin1
            : new UTF8Encoding(false, throwOnInvalidBytes: true);
    }
}
