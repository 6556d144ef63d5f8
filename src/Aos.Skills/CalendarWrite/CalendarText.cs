using System.Text;

namespace Aos.Skills;

/// <summary>Lines of a calendar as RFC 5545 has them: 75 bytes at most, texts escaped.</summary>
internal static class CalendarText
{
    private const int LineBytesMax = 75;

    /// <param name="mark">Tells a later look at the calendar which call wrote the event.</param>
    /// <param name="sequence">How often the event was changed.</param>
    internal static string Of(CalendarEvent made, string uid, string mark, int sequence, DateTimeOffset now)
    {
        var text = new StringBuilder();
        foreach (var line in Lines(made, uid, mark, sequence, now)) Fold(text, line);
        return text.ToString();
    }

    private static IEnumerable<string> Lines(CalendarEvent made, string uid, string mark, int sequence, DateTimeOffset now)
    {
        foreach (var line in new[] { "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AOS//calendar_write//EN", "CALSCALE:GREGORIAN" }) yield return line;
        if (made.Start.Zone is { } zone)
        {
            foreach (var line in ZoneRules.Lines(zone, made.Start.At, made.LastThatMatters)) yield return line;
        }

        yield return "BEGIN:VEVENT";
        yield return $"UID:{uid}";
        yield return $"DTSTAMP:{CalendarTime.Utc(now)}";
        yield return $"DTSTART{made.Start.Property}";
        yield return $"DTEND{made.End.Property}";
        yield return $"SUMMARY:{Escaped(made.Title)}";
        if (made.Description is { } description) yield return $"DESCRIPTION:{Escaped(description)}";
        if (made.Location is { } location) yield return $"LOCATION:{Escaped(location)}";
        if (made.Organizer is { } organizer) yield return $"ORGANIZER{Name(organizer)}:{Uri(organizer)}";
        foreach (var box in made.Attendees) yield return $"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE{Name(box)}:{Uri(box)}";
        if (made.Rule is { } rule) yield return $"RRULE:{rule}";
        yield return $"SEQUENCE:{sequence}";
        yield return $"{CalendarStore.MarkName}:{mark}";
        if (made.AlarmMinutes is { } minutes)
        {
            foreach (var line in new[] { "BEGIN:VALARM", "ACTION:DISPLAY", $"DESCRIPTION:{Escaped(made.Title)}", $"TRIGGER:-PT{minutes}M", "END:VALARM" }) yield return line;
        }

        yield return "END:VEVENT";
        yield return "END:VCALENDAR";
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(";", "\\;", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("\r\n", "\\n", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\n", StringComparison.Ordinal);

    private static string Uri(Mailbox box) => $"mailto:{System.Uri.EscapeDataString(box.Local).Replace("%2B", "+", StringComparison.Ordinal)}@{box.Domain}";

    /// <summary>A quoted parameter, which has no escapes but those of RFC 6868.</summary>
    private static string Name(Mailbox box) =>
        box.Name.Length == 0 ? "" : $";CN=\"{box.Name.Replace("^", "^^", StringComparison.Ordinal).Replace("\"", "^'", StringComparison.Ordinal)}\"";

    private static void Fold(StringBuilder text, string line)
    {
        var taken = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (taken + rune.Utf8SequenceLength > LineBytesMax)
            {
                text.Append("\r\n ");
                taken = 1;
            }

            text.Append(rune.ToString());
            taken += rune.Utf8SequenceLength;
        }

        text.Append("\r\n");
    }
}
