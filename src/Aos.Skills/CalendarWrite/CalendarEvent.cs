using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>An event as its parameters say it, checked.</summary>
internal sealed record CalendarEvent(
    string Title, string? Description, CalendarTime Start, CalendarTime End, IReadOnlyList<Mailbox> Attendees, Mailbox? Organizer, string? Location, string? Rule, int? AlarmMinutes)
{
    internal const int AttendeesMax = 100;

    private const string Untitled = "Untitled Event";
    private const int TitleMax = 500;

    /// <summary>Until when changes of its time zone matter.</summary>
    internal DateTimeOffset LastThatMatters => Rule is null ? End.At : RecurrenceRule.Until(Rule) ?? DateTimeOffset.MaxValue;

    internal static (CalendarEvent? Event, string? Problem) Read(CalendarWriteIn input, DateTimeOffset now)
    {
        if (input.Location?.Any(c => char.IsControl(c) && c is not ('\n' or '\r')) == true) return (null, "location holds a control character.");
        if (input.Description?.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) == true) return (null, "description holds a control character.");
        var title = TitleOf(input);
        if (title.Any(char.IsControl)) return (null, "title holds a line break or another control character.");
        var (times, untimely) = Times(input, now);
        if (times is not var (start, end)) return (null, untimely);
        var (people, problem) = People(input);
        if (people is not var (organizer, attendees)) return (null, problem);
        var (rule, wrong) = string.IsNullOrEmpty(input.Rrule) ? (null, null) : RecurrenceRule.Read(input.Rrule, start.IsDay);
        if (wrong is not null) return (null, $"rrule {wrong}.");
        return (new CalendarEvent(title, Filled(input.Description), start, end, attendees, organizer, Filled(input.Location), rule, input.AlarmMinutes), null);
    }

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>Older callers named an event by its description.</summary>
    private static string TitleOf(CalendarWriteIn input)
    {
        if (!string.IsNullOrWhiteSpace(input.Title)) return input.Title;
        if (string.IsNullOrWhiteSpace(input.Description)) return Untitled;
        var line = input.Description.Trim().Split('\r', '\n')[0].Replace('\t', ' ');
        return line.Length <= TitleMax ? line : line[..TitleMax];
    }

    private static ((CalendarTime Start, CalendarTime End)?, string? Problem) Times(CalendarWriteIn input, DateTimeOffset now)
    {
        var zone = input.Timezone is null or "UTC" or "Etc/UTC" ? null : CalendarTime.FindZone(input.Timezone);
        if (zone is null && input.Timezone is not (null or "UTC" or "Etc/UTC")) return (null, $"timezone: this machine knows no {input.Timezone}.");
        if (Read(input.Start, CalendarTime.Of(now, zone), zone) is not { } start) return (null, Untimely("start"));
        if (!TryLength(input, start.IsDay, out var length)) return (null, "duration is no time such as 1h30m, of whole days for an event of days.");
        if (Read(input.End, start.Plus(length), zone) is not { } end) return (null, Untimely("end"));
        if (end.IsDay != start.IsDay) return (null, "start and end are both days or both times.");
        return end.At > start.At ? ((start, end), null) : (null, "end is not after start.");
    }

    private static string Untimely(string member) => $"{member} is no day such as 2026-03-01 and no time such as 2026-03-01T10:00:00Z, or one over which clocks went.";

    private static CalendarTime? Read(string? text, CalendarTime otherwise, TimeZoneInfo? zone) => string.IsNullOrEmpty(text) ? otherwise : CalendarTime.Read(text, zone);

    private static bool TryLength(CalendarWriteIn input, bool isDay, out TimeSpan length)
    {
        length = isDay ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1);
        if (input.Duration.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) return true;
        if (Durations.Read(input.Duration) is not { } asked || asked < TimeSpan.FromSeconds(1)) return false;
        length = asked;
        return !isDay || asked.Ticks % TimeSpan.TicksPerDay == 0;
    }

    private static ((Mailbox? Organizer, IReadOnlyList<Mailbox> Attendees)?, string? Problem) People(CalendarWriteIn input)
    {
        if (input.Attendees?.Count > AttendeesMax) return (null, $"There are {input.Attendees.Count} attendees, the limit is {AttendeesMax}.");
        var attendees = new List<Mailbox>();
        foreach (var (i, text) in (input.Attendees ?? []).Index())
        {
            if (Mailbox.Read(text ?? "", out var wrong) is not { } box) return (null, $"attendees[{i}] {wrong}.");
            attendees.Add(box);
        }

        if (string.IsNullOrEmpty(input.Organizer)) return ((null, attendees), null);
        return Mailbox.Read(input.Organizer, out var problem) is { } organizer ? ((organizer, attendees), null) : (null, $"organizer {problem}.");
    }
}
