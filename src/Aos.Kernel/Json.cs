using System.Text.Json;

namespace Aos.Kernel;

/// <summary>JSON values of the kernel. They own their memory: no document has to be disposed.</summary>
public static class Json
{
    /// <summary>Nesting accepted at every door.</summary>
    public const int DepthMax = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    // What was accepted at a door stands deeper in the house: in an event, in a reply.
    private static readonly JsonDocumentOptions Wrapped = new() { MaxDepth = DepthMax + 16, AllowDuplicateProperties = false };

    public static JsonElement Null { get; } = Parse("null");

    public static JsonElement True { get; } = Parse("true");

    public static JsonElement False { get; } = Parse("false");

    public static JsonElement EmptyObject { get; } = Parse("{}");

    public static JsonElement EmptyArray { get; } = Parse("[]");

    /// <summary>Parses one value. Duplicate names and nesting beyond <see cref="DepthMax"/> throw <see cref="JsonException"/>.</summary>
    public static JsonElement Parse(string text) => JsonElement.Parse(text, Strict);

    /// <inheritdoc cref="Parse(string)"/>
    public static JsonElement Parse(ReadOnlySpan<byte> utf8) => JsonElement.Parse(utf8, Strict);

    /// <summary>Parses what the house itself has written around values from a door.</summary>
    public static JsonElement ParseWrapped(ReadOnlySpan<byte> utf8) => JsonElement.Parse(utf8, Wrapped);

    public static JsonElement Of(string value) => Parse(Encode(value));

    public static JsonElement Of(bool value) => value ? True : False;

    public static JsonElement Of(decimal value) => Parse(CanonicalJson.Number(value));

    /// <summary>Builds a value with a writer.</summary>
    public static JsonElement Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = DepthMax + 16 })) write(writer);
        return ParseWrapped(buffer.WrittenSpan);
    }

    private static string Encode(string value) => "\"" + JsonEncodedText.Encode(value) + "\"";

    /// <summary>The member, or null when the value is no object or lacks it.</summary>
    public static JsonElement? Get(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) ? member : null;

    /// <summary>The member's text, or null when it is absent or no string.</summary>
    public static string? GetText(this JsonElement value, string name) =>
        value.Get(name) is { ValueKind: JsonValueKind.String } member ? member.GetString() : null;

    /// <summary>Bytes of the value as UTF-8 text.</summary>
    public static int Bytes(this JsonElement value) => value.Raw().Length;

    /// <summary>The value's own UTF-8 text, not copied.</summary>
    public static ReadOnlySpan<byte> Raw(this JsonElement value) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value);
}
