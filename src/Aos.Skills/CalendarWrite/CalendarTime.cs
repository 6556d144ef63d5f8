using System.Globalization;
using System.Text.RegularExpressions;

namespace Aos.Skills;

/// <summary>A day, or a second of one.</summary>
/// <param name="At">Of a day its beginning in UTC.</param>
/// <param name="Zone">Null: UTC, or a day.</param>
internal readonly partial record struct CalendarTime(DateTimeOffset At, bool IsDay, TimeZoneInfo? Zone)
{
    private const int YearMin = 1900;
    private const int YearMax = 9900;

    /// <summary>As results and people have it.</summary>
    internal string Text => IsDay ? At.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : Zone is null ? At.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
        : At.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>Parameters and value of a property, such as <c>;TZID=Europe/Berlin:20260301T100000</c>.</summary>
    internal string Property => IsDay ? $";VALUE=DATE:{At.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}"
        : Zone is null ? $":{Utc(At)}"
        : $";TZID={Zone.Id}:{At.ToString("yyyyMMddTHHmmss", CultureInfo.InvariantCulture)}";

    internal static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMddTHHmmssZ", CultureInfo.InvariantCulture);

    /// <summary>The second, there.</summary>
    internal static CalendarTime Of(DateTimeOffset at, TimeZoneInfo? zone)
    {
        var whole = new DateTimeOffset(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        return new CalendarTime(zone is null ? whole : TimeZoneInfo.ConvertTime(whole, zone), false, zone);
    }

    internal CalendarTime Plus(TimeSpan time) => IsDay ? this with { At = At + time } : Of(At + time, Zone);

    /// <summary>Null: the text is no time of the years 1900 to 9900, or none there.</summary>
    internal static CalendarTime? Read(string text, TimeZoneInfo? zone) => Parsed(text, zone) is { At.Year: >= YearMin and <= YearMax } time ? time : null;

    private static CalendarTime? Parsed(string text, TimeZoneInfo? zone)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return new CalendarTime(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero), true, null);
        if (Form().Match(text) is not { Success: true } form) return null;
        if (form.Groups["offset"].Length > 0)
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var at) ? Of(at, zone) : null;
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || local.Year is < YearMin or > YearMax) return null;
        if (zone is null) return Of(new DateTimeOffset(local, TimeSpan.Zero), null);
        if (zone.IsInvalidTime(local)) return null; // Clocks went over it.
        // A time that comes twice is its first.
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return Of(new DateTimeOffset(local, offset), zone);
    }

    /// <summary>Null: this machine knows none of that name.</summary>
    internal static TimeZoneInfo? FindZone(string name)
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,7})?)?(?<offset>Z|[+-][0-9]{2}:[0-9]{2})?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
