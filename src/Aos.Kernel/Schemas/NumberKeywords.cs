using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Bounds and divisors, exact within the range of <see cref="decimal"/>.</summary>
internal static class NumberKeywords
{
    internal static SchemaRule? Read(SchemaPlace place)
    {
        if (place.Number() is not { } limit) return null;
        var text = CanonicalJson.Number(limit);
        return place.Keyword switch
        {
            "minimum" => Bound("minimum", limit, sign => sign >= 0, $"must be at least {text}"),
            "maximum" => Bound("maximum", limit, sign => sign <= 0, $"must be at most {text}"),
            "exclusiveMinimum" => Bound("exclusiveMinimum", limit, sign => sign > 0, $"must be more than {text}"),
            "exclusiveMaximum" => Bound("exclusiveMaximum", limit, sign => sign < 0, $"must be less than {text}"),
            _ => limit > 0 ? Multiple(limit, text) : place.Wrong("must be more than 0"),
        };
    }

    private static SchemaRule Bound(string keyword, decimal limit, Func<int, bool> fits, string message) => (value, run) =>
    {
        if (value.ValueKind == JsonValueKind.Number && !fits(Compare(value, limit))) run.Problem(keyword, message);
    };

    private static int Compare(JsonElement value, decimal limit) =>
        value.TryGetDecimal(out var exact) ? exact.CompareTo(limit) : value.GetDouble().CompareTo((double)limit);

    private static SchemaRule Multiple(decimal divisor, string text) => (value, run) =>
    {
        if (value.ValueKind != JsonValueKind.Number) return;
        var fits = value.TryGetDecimal(out var exact) ? exact % divisor == 0 : value.GetDouble() % (double)divisor == 0;
        if (!fits) run.Problem("multipleOf", $"must be a multiple of {text}");
    };
}
