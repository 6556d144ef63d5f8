using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Bodies of deliveries, as something that has a meaning here.</summary>
public static class WebhookBody
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The body as JSON that a journal can keep; null: it is no JSON, is too deep, has a member twice or a number without measure.</summary>
    public static JsonElement? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var value = JsonText.Read(body);
            CanonicalJson.Bytes(value);
            return value;
        }
        catch (Exception e) when (e is JsonTextException or CanonicalJsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the body as JSON where it is, else as a text, else as <c>{"base64": …}</c>.</summary>
    /// <param name="isRedacted">True: what members named like secrets hold is hidden.</param>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> body, bool isRedacted)
    {
        if (Read(body) is { } value)
        {
            (isRedacted ? Redactor.Redact(value) : value).WriteTo(writer);
            return;
        }

        try
        {
            writer.WriteStringValue(Strict.GetString(body));
        }
        catch (DecoderFallbackException)
        {
            writer.WriteStartObject();
            writer.WriteBase64String("base64", body);
            writer.WriteEndObject();
        }
    }
}
