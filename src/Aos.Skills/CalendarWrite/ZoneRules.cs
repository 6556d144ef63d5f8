using System.Globalization;
using System.Text;

namespace Aos.Skills;

/// <summary>
/// A time zone as a calendar carries it (VTIMEZONE): readers must not have to know it by its name. Only the changes of its clocks that
/// matter to the event are in it.
/// </summary>
internal static class ZoneRules
{
    /// <summary>Events that come again without an end have the changes of so many years in them; behind these the last one holds.</summary>
    internal const int YearsMax = 10;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private sealed record Change(DateTimeOffset At, TimeSpan From, TimeSpan To, bool IsSummer);

    /// <param name="until">The last time that matters.</param>
    internal static IEnumerable<string> Lines(TimeZoneInfo zone, DateTimeOffset start, DateTimeOffset until)
    {
        yield return "BEGIN:VTIMEZONE";
        yield return $"TZID:{zone.Id}";
        foreach (var change in Changes(zone, start, until))
        {
            var name = change.IsSummer ? "DAYLIGHT" : "STANDARD";
            yield return $"BEGIN:{name}";
            yield return $"DTSTART:{change.At.ToOffset(change.From).ToString("yyyyMMddTHHmmss", CultureInfo.InvariantCulture)}";
            yield return $"TZOFFSETFROM:{Offset(change.From)}";
            yield return $"TZOFFSETTO:{Offset(change.To)}";
            yield return $"END:{name}";
        }

        yield return "END:VTIMEZONE";
    }

    /// <summary>What holds at the start, since it began, and each change behind it.</summary>
    private static List<Change> Changes(TimeZoneInfo zone, DateTimeOffset start, DateTimeOffset until)
    {
        var most = start.AddYears(YearsMax);
        var end = (until < start ? start : until < most ? until : most) + Day;
        var at = start.AddDays(-370);
        var changes = new List<Change> { new(at, zone.GetUtcOffset(at), zone.GetUtcOffset(at), zone.IsDaylightSavingTime(at)) };
        for (; at < end; at += Day)
        {
            if (zone.GetUtcOffset(at) == zone.GetUtcOffset(at + Day)) continue;
            var instant = Found(zone, at);
            changes.Add(new Change(instant, zone.GetUtcOffset(at), zone.GetUtcOffset(instant), zone.IsDaylightSavingTime(instant)));
        }

        return changes[(changes.FindLastIndex(change => change.At <= start))..];
    }

    /// <summary>The second of the change within a day.</summary>
    private static DateTimeOffset Found(TimeZoneInfo zone, DateTimeOffset day)
    {
        var (before, after) = (0L, (long)Day.TotalSeconds);
        var offset = zone.GetUtcOffset(day);
        while (after - before > 1)
        {
            var middle = (before + after) / 2;
            if (zone.GetUtcOffset(day.AddSeconds(middle)) == offset) before = middle;
            else after = middle;
        }

        return day.AddSeconds(after);
    }

    private static string Offset(TimeSpan offset)
    {
        var text = new StringBuilder(offset < TimeSpan.Zero ? "-" : "+").Append(offset.Duration().ToString("hhmm", CultureInfo.InvariantCulture));
        return offset.Seconds == 0 ? text.ToString() : text.Append(offset.Duration().ToString("ss", CultureInfo.InvariantCulture)).ToString();
    }
}
