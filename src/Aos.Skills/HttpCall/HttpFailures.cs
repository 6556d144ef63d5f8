using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What an HTTP status that is no success means, for every skill that speaks HTTP.</summary>
internal static class HttpFailures
{
    /// <summary>A peer that asks for more is taken to ask for this much.</summary>
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromDays(1);

    /// <summary>The three forms of a date that HTTP knows; the last one fills the day with a blank.</summary>
    private static readonly string[] Dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <summary>The code of a status from 400 on.</summary>
    internal static string Code(int status) => status switch
    {
        408 => "TIMEOUT",
        429 => "RATE_LIMITED",
        503 => "SERVICE_UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        >= 500 => "HTTP_5XX",
        _ => "HTTP_4XX",
    };

    /// <summary>The failure, with the peer's status, where it stood, its Retry-After, and the beginning of what it said.</summary>
    internal static Failure Of(EgressResponse response, string url, DateTimeOffset now)
    {
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("upstream_status", response.Status);
            writer.WriteString("url", url);
            writer.WriteString("body", Beginning(response));
            writer.WriteEndObject();
        });
        return FailureCatalog.Fail(Code(response.Status), $"{url} answered {response.Status}.", RetryAfter(response, now), details);
    }

    /// <summary>Seconds or an HTTP date, at most a day; a date that has passed is zero. Null: the peer gives none that can be read.</summary>
    internal static TimeSpan? RetryAfter(EgressResponse response, DateTimeOffset now)
    {
        var text = response.Headers.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.Trim();
        if (string.IsNullOrEmpty(text)) return null;
        if (text.All(char.IsAsciiDigit)) return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Bounded(TimeSpan.FromSeconds(seconds)) : RetryAfterMax;
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite;
        return DateTimeOffset.TryParseExact(text, Dates, CultureInfo.InvariantCulture, Styles, out var at) ? Bounded(at - now) : null;
    }

    private static TimeSpan Bounded(TimeSpan asked) => asked < TimeSpan.Zero ? TimeSpan.Zero : asked > RetryAfterMax ? RetryAfterMax : asked;

    private static string Beginning(EgressResponse response)
    {
        var body = HttpBody.Read(response);
        var text = body.Value.ValueKind == JsonValueKind.String ? body.Value.GetString()! : body.Value.GetRawText();
        return text.Length > 500 ? text[..500] + "…" : text;
    }
}
