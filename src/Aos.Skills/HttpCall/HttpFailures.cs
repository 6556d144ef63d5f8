using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What an HTTP status that is no success means, for every skill that speaks HTTP.</summary>
internal static class HttpFailures
{
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

    /// <summary>Seconds or an HTTP date; a date that has passed is zero.</summary>
    internal static TimeSpan? RetryAfter(EgressResponse response, DateTimeOffset now)
    {
        var text = response.Headers.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value;
        if (text is null) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return TimeSpan.FromSeconds(seconds);
        if (!DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) return null;
        return at > now ? at - now : TimeSpan.Zero;
    }

    private static string Beginning(EgressResponse response)
    {
        var body = HttpBody.Read(response);
        var text = body.Value.ValueKind == JsonValueKind.String ? body.Value.GetString()! : body.Value.GetRawText();
        return text.Length > 500 ? text[..500] + "…" : text;
    }
}
