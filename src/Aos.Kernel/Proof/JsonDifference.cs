using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One place at which two JSON values differ.</summary>
/// <param name="Path">From the value itself (empty): <c>a.b[0]</c>. A name that is no plain word stands as <c>["x y"]</c>.</param>
/// <param name="Left">Null: nothing is there. A value under a secret name is <see cref="Redactor.Marker"/>.</param>
public sealed record JsonDifference(string Path, JsonElement? Left, JsonElement? Right)
{
    private const int NameMax = 100;

    /// <summary>
    /// The differences in the order of names, at most so many. Numbers are equal when their values are; the order of names does not count.
    /// Values are compared as they are and redacted where they are shown: two different secrets differ.
    /// </summary>
    public static ImmutableArray<JsonDifference> Of(JsonElement left, JsonElement right, int max = int.MaxValue)
    {
        var found = ImmutableArray.CreateBuilder<JsonDifference>();
        Walk("", left, right, false, found, max);
        return found.ToImmutable();
    }

    private static void Walk(string path, JsonElement left, JsonElement right, bool isSecret, ImmutableArray<JsonDifference>.Builder found, int max)
    {
        if (found.Count >= max) return;
        if (left.ValueKind == JsonValueKind.Object && right.ValueKind == JsonValueKind.Object) Members(path, left, right, isSecret, found, max);
        else if (left.ValueKind == JsonValueKind.Array && right.ValueKind == JsonValueKind.Array) Items(path, left, right, isSecret, found, max);
        else if (!JsonElement.DeepEquals(left, right)) Add(path, left, right, isSecret, found, max);
    }

    private static void Members(string path, JsonElement left, JsonElement right, bool isSecret, ImmutableArray<JsonDifference>.Builder found, int max)
    {
        var names = left.EnumerateObject().Select(member => member.Name).Union(right.EnumerateObject().Select(member => member.Name)).Order(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var (a, b, hidden) = (left.Get(name), right.Get(name), isSecret || Redactor.IsSecret(name));
            if (a is { } x && b is { } y) Walk(Under(path, name), x, y, hidden, found, max);
            else Add(Under(path, name), a, b, hidden, found, max);
        }
    }

    private static void Items(string path, JsonElement left, JsonElement right, bool isSecret, ImmutableArray<JsonDifference>.Builder found, int max)
    {
        var (a, b) = (left.GetArrayLength(), right.GetArrayLength());
        using var x = left.EnumerateArray();
        using var y = right.EnumerateArray();
        for (var i = 0; i < Math.Max(a, b) && found.Count < max; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            JsonElement? one = x.MoveNext() ? x.Current : null, other = y.MoveNext() ? y.Current : null;
            if (one is { } l && other is { } r) Walk(at, l, r, isSecret, found, max);
            else Add(at, one, other, isSecret, found, max);
        }
    }

    private static void Add(string path, JsonElement? left, JsonElement? right, bool isSecret, ImmutableArray<JsonDifference>.Builder found, int max)
    {
        if (found.Count < max) found.Add(new JsonDifference(path, Shown(left, isSecret), Shown(right, isSecret)));
    }

    private static JsonElement? Shown(JsonElement? value, bool isSecret) =>
        value is not { } shown ? null : isSecret ? Json.Of(Redactor.Marker) : Redactor.Redact(shown);

    private static string Under(string path, string name)
    {
        var text = name.Length > NameMax ? name[..NameMax] : name;
        var isPlain = text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        return isPlain ? (path.Length == 0 ? text : $"{path}.{text}") : $"{path}[{JsonEncodedQuote(text)}]";
    }

    private static string JsonEncodedQuote(string text) => "\"" + JsonEncodedText.Encode(text) + "\"";
}
