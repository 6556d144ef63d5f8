using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>A value as it is stored.</summary>
/// <param name="Text">Canonical JSON.</param>
internal sealed record PinValue(string Text, int Bytes, string Hash)
{
    /// <summary>Null and why: it is no object, too large, or nested too deep.</summary>
    internal static (PinValue? Value, Failure? Refusal) Of(JsonElement value, Redaction redact, int bytesMax)
    {
        if (value.ValueKind != JsonValueKind.Object) return (null, Wrong("value: an entry of memory is an object."));
        var text = CanonicalJson.Text(redact == Redaction.None ? value : Redactor.RedactAll(value, redact));
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > bytesMax) return (null, FailureCatalog.Fail("INPUT_TOO_LARGE", string.Create(CultureInfo.InvariantCulture, $"value: {bytes} bytes, it exceeds maximum size: {bytesMax} bytes are the most.")));
        return IsReadable(text) ? (new PinValue(text, bytes, PinRow.HashOf(text)), null) : (null, Wrong($"value: nested deeper than {Json.DepthMax}."));
    }

    internal static Failure Wrong(string message) => FailureCatalog.Fail("INVALID_INPUT", message);

    private static bool IsReadable(string text)
    {
        try
        {
            Json.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
