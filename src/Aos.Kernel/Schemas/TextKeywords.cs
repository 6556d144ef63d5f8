using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Length in characters (code points, not UTF-16 units), pattern, format.</summary>
internal static class TextKeywords
{
    internal static SchemaRule? Read(SchemaPlace place) => place.Keyword switch
    {
        "minLength" => place.Count() is { } min ? Length("minLength", n => n >= min, $"must be at least {min} characters long") : null,
        "maxLength" => place.Count() is { } max ? Length("maxLength", n => n <= max, $"must be at most {max} characters long") : null,
        "pattern" => Pattern(place),
        _ => Format(place),
    };

    internal static int Characters(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes()) count++;
        return count;
    }

    private static SchemaRule Length(string keyword, Func<int, bool> fits, string message) => (value, run) =>
    {
        if (value.ValueKind == JsonValueKind.String && !fits(Characters(value.GetString()!))) run.Problem(keyword, message);
    };

    private static SchemaRule? Pattern(SchemaPlace place)
    {
        if (place.String() is not { } pattern) return null;
        if (SchemaPattern.Read(pattern, out var why) is not { } regex) return place.Wrong(why);
        return (value, run) =>
        {
            if (value.ValueKind != JsonValueKind.String) return;
            if (SchemaPattern.Matches(regex, value.GetString()!) is not { } matches) run.Problem("pattern", "takes too long to match its pattern");
            else if (!matches) run.Problem("pattern", $"must match {pattern}");
        };
    }

    private static SchemaRule? Format(SchemaPlace place)
    {
        if (place.String() is not { } format || Formats.Find(format) is not { } isOne) return null;
        return (value, run) =>
        {
            if (value.ValueKind == JsonValueKind.String && !isOne(value.GetString()!)) run.Problem("format", $"must be a {format}");
        };
    }
}
