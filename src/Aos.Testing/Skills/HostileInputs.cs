using System.Text.Json;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>Parameters that nobody means well with.</summary>
internal static class HostileInputs
{
    private static readonly string[] Texts =
    [
        "", " ", "\u0000", "\r\nSet-Cookie: a=b", "\ud800", "\u202e\u200b", "../../etc/passwd", "'; DROP TABLE runs; --", "$(reboot)", "{{7*7}}", "${{ steps.x.output }}", "<script>alert(1)</script>",
        "%00%0d%0a", "NaN", "-1", "99999999999999999999", "true", "null", "[]", new('a', 100_000), new('[', 5_000), string.Concat(Enumerable.Repeat("(a+)+", 200)), "http://127.0.0.1:1/", "file:///etc/shadow",
    ];

    private static readonly string[] Values = ["null", "true", "-1", "0", "1e27", "-79228162514264337593543950335", "0.0000000000000000000000000001", "[]", "{}", "[null]", """{"a":{"a":{"a":[1,2,3]}}}"""];

    /// <summary>What is no object, the sample with a name that it does not know, and the sample with one member after another spoilt.</summary>
    internal static IEnumerable<JsonElement> Of(JsonElement sample)
    {
        foreach (var value in Values) yield return Json.Parse(value);
        yield return Json.Of(new string('x', 100));
        yield return Deep(70);
        foreach (var member in sample.EnumerateObject().Select(member => member.Name))
        {
            foreach (var text in Texts) yield return With(sample, member, writer => writer.WriteStringValue(Sound(text)));
            foreach (var value in Values) yield return With(sample, member, writer => Json.Parse(value).WriteTo(writer));
            yield return With(sample, member, writer => Deep(70).WriteTo(writer));
            yield return With(sample, member, null);
        }
    }

    /// <summary>The sample with one member more or another value of it; null: without it.</summary>
    internal static JsonElement With(JsonElement sample, string name, Action<Utf8JsonWriter>? value) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in sample.EnumerateObject().Where(member => member.Name != name)) member.WriteTo(writer);
        if (value is not null)
        {
            writer.WritePropertyName(name);
            value(writer);
        }

        writer.WriteEndObject();
    });

    private static JsonElement Deep(int levels) => JsonElement.Parse(new string('[', levels) + new string(']', levels), new JsonDocumentOptions { MaxDepth = 1_000 });

    /// <summary>Half a surrogate pair cannot be written.</summary>
    private static string Sound(string text) => text == "\ud800" ? "\ufffd" : text;
}
