using System.Globalization;
using System.Text.RegularExpressions;

namespace Aos.Skills;

/// <summary>How an event comes again (RFC 5545, 3.3.10), held to the grammar: calendars drop a rule that they do not understand, and the event with it.</summary>
internal static partial class RecurrenceRule
{
    private static readonly string[] Frequencies = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];

    /// <summary>Lists of numbers: from, to, and whether they also count from the end.</summary>
    private static readonly Dictionary<string, (int Least, int Most, bool IsSigned)> Numbers = new(StringComparer.Ordinal)
    {
        ["BYSECOND"] = (0, 60, false), ["BYMINUTE"] = (0, 59, false), ["BYHOUR"] = (0, 23, false), ["BYMONTHDAY"] = (1, 31, true), ["BYYEARDAY"] = (1, 366, true),
        ["BYWEEKNO"] = (1, 53, true), ["BYMONTH"] = (1, 12, false), ["BYSETPOS"] = (1, 366, true),
    };

    /// <summary>The rule in upper case, or what is wrong with it.</summary>
    /// <param name="isDay">The event is of days.</param>
    internal static (string? Rule, string? Problem) Read(string text, bool isDay)
    {
        var rule = text.ToUpperInvariant();
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in rule.Split(';'))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == part.Length - 1) return (null, $"has a part that is no NAME=VALUE: {part}");
            if (!parts.TryAdd(part[..at], part[(at + 1)..])) return (null, $"says {part[..at]} twice");
        }

        var problem = parts.Select(part => Problem(part.Key, part.Value, isDay)).FirstOrDefault(found => found is not null) ?? Conflict(parts, isDay);
        return problem is null ? (rule, null) : (null, problem);
    }

    /// <summary>The last time that it may say itself; null: it does not.</summary>
    internal static DateTimeOffset? Until(string rule) =>
        LastDay().Match(rule) is { Success: true } found
        && DateTimeOffset.TryParseExact(found.Groups["day"].Value, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)
            ? day.Year < DateTimeOffset.MaxValue.Year ? day.AddDays(1) : DateTimeOffset.MaxValue // 99991231: for ever.
            : null;

    private static string? Problem(string name, string value, bool isDay)
    {
        if (Numbers.TryGetValue(name, out var range))
            return value.Split(',').All(one => IsNumber(one, range.Least, range.Most, range.IsSigned)) ? null : $"{name} takes {(range.IsSigned ? "±" : "")}{range.Least} to {range.Most}";
        return name switch
        {
            "FREQ" => Frequencies.Contains(value, StringComparer.Ordinal) ? null : $"FREQ is one of {string.Join(", ", Frequencies)}",
            "INTERVAL" or "COUNT" => IsNumber(value, 1, 100_000, false) ? null : $"{name} takes 1 to 100000",
            "UNTIL" => IsUntil(value, isDay) ? null : $"UNTIL is {(isDay ? "a day such as 20261231" : "a time in UTC such as 20261231T235959Z")}, as the start is",
            "WKST" => Weekday().IsMatch(value) ? null : "WKST is a day such as MO",
            "BYDAY" => value.Split(',').All(one => NumberedWeekday().IsMatch(one)) ? null : "BYDAY takes days such as MO, or 1MO, -1FR",
            _ => $"{name} is no part of a rule",
        };
    }

    private static string? Conflict(Dictionary<string, string> parts, bool isDay)
    {
        if (!parts.TryGetValue("FREQ", out var every)) return "has no FREQ";
        if (parts.ContainsKey("COUNT") && parts.ContainsKey("UNTIL")) return "has both COUNT and UNTIL";
        if (isDay && parts.Keys.Any(name => name is "BYSECOND" or "BYMINUTE" or "BYHOUR")) return "has hours, and the event is of days";
        if (parts.ContainsKey("BYWEEKNO") && every != "YEARLY") return "has BYWEEKNO without FREQ=YEARLY";
        if (parts.ContainsKey("BYMONTHDAY") && every == "WEEKLY") return "has BYMONTHDAY with FREQ=WEEKLY";
        if (parts.ContainsKey("BYYEARDAY") && every is "DAILY" or "WEEKLY" or "MONTHLY") return $"has BYYEARDAY with FREQ={every}";
        if (parts.GetValueOrDefault("BYDAY") is { } days && days.Any(char.IsAsciiDigit) && (every is not ("MONTHLY" or "YEARLY") || parts.ContainsKey("BYWEEKNO"))) return "counts days of BYDAY without FREQ=MONTHLY or YEARLY";
        return parts.ContainsKey("BYSETPOS") && !parts.Keys.Any(name => name != "BYSETPOS" && name.StartsWith("BY", StringComparison.Ordinal)) ? "has BYSETPOS alone" : null;
    }

    private static bool IsNumber(string text, int least, int most, bool isSigned)
    {
        var digits = isSigned && text.Length > 1 && text[0] is '+' or '-' ? text[1..] : text;
        return digits.Length <= 6 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most;
    }

    private static bool IsUntil(string text, bool isDay) => isDay
        ? DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        : DateTime.TryParseExact(text, "yyyyMMddTHHmmssZ", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    [GeneratedRegex("(^|;)UNTIL=(?<day>[0-9]{8})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LastDay();

    [GeneratedRegex("^(MO|TU|WE|TH|FR|SA|SU)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Weekday();

    [GeneratedRegex("^([+-]?([1-9]|[1-4][0-9]|5[0-3]))?(MO|TU|WE|TH|FR|SA|SU)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberedWeekday();
}
