using System.Globalization;
using System.Net.Http.Headers;

namespace Aos.Skills;

/// <summary>How long a provider asks to wait, in its headers.</summary>
internal static class Advice
{
    /// <summary>Rules of the rate limits: <c>x-ratelimit-reset-requests: 6m0s</c> of the one, <c>anthropic-ratelimit-requests-reset: TIME</c> of the other.</summary>
    private static readonly string[] Kinds = ["requests", "tokens", "input-tokens", "output-tokens"];

    /// <summary>Null: it does not say. <c>retry-after</c> stands above the limits; of those, the last to be free again counts among those that are used up.</summary>
    internal static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (long.TryParse(Value(headers, "retry-after-ms"), NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < int.MaxValue)
            return TimeSpan.FromMilliseconds(ms);
        if (headers.RetryAfter is { } after) return Later(after.Delta ?? after.Date - now);
        TimeSpan? longest = null;
        foreach (var kind in Kinds)
        {
            if (IsUsedUp(headers, $"x-ratelimit-remaining-{kind}") && Length(Value(headers, $"x-ratelimit-reset-{kind}")) is { } length && !(longest > length)) longest = length;
            if (IsUsedUp(headers, $"anthropic-ratelimit-{kind}-remaining") && Until(Value(headers, $"anthropic-ratelimit-{kind}-reset"), now) is { } left && !(longest > left)) longest = left;
        }

        return longest;
    }

    private static string? Value(HttpResponseHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.First() : null;

    private static bool IsUsedUp(HttpResponseHeaders headers, string name) => Value(headers, name) == "0";

    private static TimeSpan? Later(TimeSpan? delay) => delay > TimeSpan.Zero ? delay : null;

    private static TimeSpan? Until(string? time, DateTimeOffset now) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Later(at - now) : null;

    /// <summary><c>1s</c>, <c>6m0s</c>, <c>120ms</c>, <c>1h2m3.5s</c>; a bare number is seconds.</summary>
    private static TimeSpan? Length(string? text)
    {
        if (text is null or { Length: 0 or > 32 }) return null;
        var seconds = 0m;
        for (var at = 0; at < text.Length;)
        {
            var digits = text.AsSpan(at).IndexOfAnyExcept("0123456789.");
            if (digits < 0) digits = text.Length - at;
            if (!decimal.TryParse(text.AsSpan(at, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
            at += digits;
            var letters = text.AsSpan(at).IndexOfAnyInRange('0', '9');
            if (letters < 0) letters = text.Length - at;
            var unit = text.AsSpan(at, letters) switch { "h" => 3600m, "m" => 60m, "s" or "" => 1m, "ms" => 0.001m, _ => 0m };
            if (unit == 0 || number > int.MaxValue) return null;
            seconds += number * unit;
            at += letters;
        }

        return seconds > int.MaxValue ? null : Later(TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)));
    }
}
