using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>Headers of deliveries as they are kept: what could give access is not among them from the start.</summary>
internal static class KeptHeaders
{
    private static readonly string[] Secret = ["auth", "cookie", "signature", "token", "secret", "password", "key"];

    /// <summary>Names with such a word in them that are none.</summary>
    private static readonly string[] Harmless = [WebhookSignature.KeyVersionHeader, "Idempotency-Key"];

    internal static IReadOnlyList<KeyValuePair<string, string>> Of(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        [.. headers.Select(header => IsSecret(header.Key) ? KeyValuePair.Create(header.Key, Redactor.Marker) : header)];

    internal static string Write(IReadOnlyList<KeyValuePair<string, string>> headers) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var (name, value) in headers)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(name);
            writer.WriteStringValue(value.Replace("\0", "", StringComparison.Ordinal));
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }).GetRawText();

    internal static IReadOnlyList<KeyValuePair<string, string>> Read(string text) =>
        [.. Json.Parse(text).EnumerateArray().Select(header => KeyValuePair.Create(header[0].GetString()!, header[1].GetString()!))];

    private static bool IsSecret(string name) =>
        !Harmless.Contains(name, StringComparer.OrdinalIgnoreCase) && Secret.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
