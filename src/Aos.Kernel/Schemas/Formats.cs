using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>The formats that are asserted; an unknown one demands nothing.</summary>
internal static partial class Formats
{
    internal static Func<string, bool>? Find(string name) => name switch
    {
        "date-time" => IsDateTime,
        "date" => IsDate,
        "time" => IsTime,
        "duration" => text => Duration().IsMatch(text) && text[^1] is not ('P' or 'T'),
        "email" => IsEmail,
        "hostname" => IsHostname,
        "ipv4" => text => Ipv4().IsMatch(text),
        "ipv6" => text => text.Contains(':', StringComparison.Ordinal) && text.IndexOfAny(['%', '[', '/']) < 0
            && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        "uri" => text => Uri().IsMatch(text) && System.Uri.TryCreate(text, UriKind.Absolute, out _),
        "uri-reference" => text => UriReference().IsMatch(text),
        "uuid" => text => Uuid().IsMatch(text),
        "json-pointer" => text => JsonPointer().IsMatch(text),
        "regex" => text => SchemaPattern.Read(text, out _) is not null,
        _ => null,
    };

    private static bool IsDate(string text) => text.Length == 10 && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsDateTime(string text) => text.Length > 11 && text[10] is 'T' or 't' && IsDate(text[..10]) && IsTime(text[11..]);

    /// <summary>RFC 3339: with an offset; second 60 only where a leap second can be, at 23:59:60 UTC.</summary>
    private static bool IsTime(string text)
    {
        if (Time().Match(text) is not { Success: true } match) return false;
        var (hour, minute, second) = (Part(match, 1), Part(match, 2), Part(match, 3));
        var (offsetHour, offsetMinute) = (match.Groups[5].Success ? Part(match, 5) : 0, match.Groups[6].Success ? Part(match, 6) : 0);
        if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
        if (second < 60) return true;
        var offset = ((offsetHour * 60) + offsetMinute) * (match.Groups[4].ValueSpan is "-" ? -1 : 1);
        return ((hour * 60) + minute - offset + 2880) % 1440 == 1439;
    }

    private static int Part(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private static bool IsEmail(string text)
    {
        var at = text.LastIndexOf('@');
        if (at is < 1 or > 64 || !Local().IsMatch(text[..at])) return false;
        var domain = text[(at + 1)..];
        if (domain is not ['[', .. var literal, ']']) return IsHostname(domain);
        return Ipv4().IsMatch(literal) || (literal.StartsWith("IPv6:", StringComparison.Ordinal) && Find("ipv6")!(literal[5..]));
    }

    private static bool IsHostname(string text) => text.Length is > 0 and <= 253 && Hostname().IsMatch(text);

    [GeneratedRegex(@"^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,20})?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"^P(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex("^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|\"(?:[^\"\\\\\\r\\n]|\\\\.)*\")\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Local();

    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hostname();

    [GeneratedRegex(@"^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\z)|\z)){4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ipv4();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uri();

    [GeneratedRegex(@"^(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex UriReference();

    [GeneratedRegex(@"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^(?:/(?:[^~/]|~[01])*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonPointer();
}
