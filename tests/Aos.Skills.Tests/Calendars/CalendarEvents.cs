using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>Events of <c>calendar_write</c> as text and as files.</summary>
[Trait("store", "none")]
public sealed class CalendarEvents(CalendarEvents.House house) : IClassFixture<CalendarEvents.House>
{
    private readonly SkillRoom room = house.Room;

    /// <summary>One room for all: no test of the class changes what another looks at.</summary>
    public sealed class House : IDisposable
    {
        internal SkillRoom Room { get; } = new([], null, new ManualClock());

        public void Dispose() => Room.Dispose();
    }

    [Fact]
    [Trait("id", "F5.63-01")]
    public async Task What_older_callers_give_comes_back_as_they_know_it_and_as_a_calendar()
    {
        var outcome = await room.CallAsync("calendar_write", """
            {"title":"Review","description":"Q1 numbers","start":"2026-03-02T10:00:00Z","end":"2026-03-02T11:30:00+00:00","attendees":["ann@example.com","Bob B. <bob@example.com>"],
             "location":"Room 4","provider":"mock"}
            """);

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        var result = outcome.Result;
        Assert.Equal(("ok", "Review", "Q1 numbers", "Room 4", "text"), (result.GetText("status"), result.GetText("title"), result.GetText("description"), result.GetText("location"), result.GetText("provider")));
        Assert.Equal(("2026-03-02T10:00:00Z", "2026-03-02T11:30:00Z", "2026-03-01T12:00:00Z"), (result.GetText("start"), result.GetText("end"), result.GetText("created_at")));
        Assert.Equal("""["ann@example.com","bob@example.com"]""", result.GetProperty("attendees").GetRawText());
        Assert.False(result.GetProperty("written").GetBoolean());
        Assert.Empty(outcome.SideEffects);
        Assert.Null(result.Get("link"));
        var calendar = new ReadCalendar(result.GetText("ics")!);
        Assert.Equal(("Review", "Q1 numbers", "Room 4"), (calendar.Text("SUMMARY"), calendar.Text("DESCRIPTION"), calendar.Text("LOCATION")));
        Assert.Equal((":20260302T100000Z", ":20260302T113000Z", ":20260301T120000Z", ":0"), (calendar["DTSTART"], calendar["DTEND"], calendar["DTSTAMP"], calendar["SEQUENCE"]));
        Assert.Equal((":2.0", ":-//AOS//calendar_write//EN", ":" + result.GetText("event_id")), (calendar["VERSION", "VCALENDAR"], calendar["PRODID", "VCALENDAR"], calendar["UID"]));
        Assert.Equal(
            [";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ann@example.com", ";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=\"Bob B.\":mailto:bob@example.com"], calendar.All("ATTENDEE"));
    }

    [Theory]
    [Trait("id", "F5.63-02")]
    [InlineData("{}", "Untitled Event", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z")]
    [InlineData("""{"description":"Lunch with Bob\nat noon","attendees":[],"title":null,"start":null,"end":null,"location":null}""", "Lunch with Bob", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z")]
    [InlineData("""{"title":"x","start":"2026-05-01T09:00","duration":"1h30m"}""", "x", "2026-05-01T09:00:00Z", "2026-05-01T10:30:00Z")]
    [InlineData("""{"title":"x","start":"2026-05-01 09:00:15.75+02:00"}""", "x", "2026-05-01T07:00:15Z", "2026-05-01T08:00:15Z")]
    [InlineData("""{"title":"x","start":"2026-05-01"}""", "x", "2026-05-01", "2026-05-02")]
    [InlineData("""{"title":"x","start":"2026-05-01","end":"2026-05-04"}""", "x", "2026-05-01", "2026-05-04")]
    [InlineData("""{"title":"x","start":"2026-05-01","duration":"2d","timezone":"Europe/Berlin"}""", "x", "2026-05-01", "2026-05-03")]
    [InlineData("""{"title":"x","timezone":"UTC"}""", "x", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z")]
    public async Task What_is_left_out_is_filled_in_as_the_page_says(string parameters, string title, string start, string end)
    {
        var result = (await room.CallAsync("calendar_write", parameters)).Result;

        Assert.Equal((title, start, end), (result.GetText("title"), result.GetText("start"), result.GetText("end")));
        var isDay = start.Length == 10;
        var calendar = new ReadCalendar(result.GetText("ics")!);
        Assert.Equal((isDay ? ";VALUE=DATE:" : ":") + start.Replace("-", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal), calendar["DTSTART"]);
    }

    [Theory]
    [Trait("id", "F5.63-03")]
    [InlineData("Grüße; a, b \\ c: \"d\"\n\nsecond line \\n of it")]
    [InlineData("日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語 🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊")]
    [InlineData("BEGIN:VEVENT\r\nUID:evil\r\nEND:VEVENT")]
    [InlineData("a very long line that goes on and on, and on; and has a comma just where the line has to be broken, and another, and one more, until it ends.")]
    public async Task Text_comes_as_it_is_on_lines_of_75_bytes(string text)
    {
        var ics = await room.ValueAsync("calendar_write", $$"""{"title":"t","description":{{JsonSerializer.Serialize(text)}},"location":{{JsonSerializer.Serialize(text)}},"organizer":"Jörg \"J;\" ^ K <j+x@example.com>"}""", "ics");

        var calendar = new ReadCalendar(ics.GetString()!);
        var wanted = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        Assert.Equal((wanted, wanted), (calendar.Text("DESCRIPTION"), calendar.Text("LOCATION")));
        Assert.Equal(";CN=\"Jörg ^'J;^' ^^ K\":mailto:j+x@example.com", calendar["ORGANIZER"]);
        Assert.Single(calendar.All("UID"));
    }

    [Fact]
    [Trait("id", "F5.63-04")]
    public async Task A_time_of_a_zone_stays_there_and_the_calendar_carries_the_zone_s_rules()
    {
        var result = (await room.CallAsync("calendar_write", """{"title":"t","start":"2026-03-25T10:00","timezone":"Europe/Berlin","rrule":"freq=weekly;count=4"}""")).Result;
        var single = (await room.CallAsync("calendar_write", """{"title":"t","start":"2026-07-01T08:00:00Z","timezone":"Europe/Berlin"}""")).Result;
        var fixedOne = (await room.CallAsync("calendar_write", """{"title":"t","start":"2026-07-01T08:00","timezone":"Asia/Kolkata"}""")).Result;

        var calendar = new ReadCalendar(result.GetText("ics")!);
        Assert.Equal(("2026-03-25T10:00:00+01:00", "2026-03-25T11:00:00+01:00", "Europe/Berlin"), (result.GetText("start"), result.GetText("end"), result.GetText("timezone")));
        Assert.Equal((";TZID=Europe/Berlin:20260325T100000", ";TZID=Europe/Berlin:20260325T110000", ":FREQ=WEEKLY;COUNT=4"), (calendar["DTSTART"], calendar["DTEND"], calendar["RRULE"]));
        Assert.Equal(":Europe/Berlin", calendar["TZID", "VTIMEZONE"]);
        Assert.Equal([":20251026T030000", ":20261025T030000"], calendar.All("DTSTART", "STANDARD").Take(2));
        Assert.Equal((":20260329T020000", ":+0100", ":+0200"), (calendar.All("DTSTART", "DAYLIGHT").First(), calendar.All("TZOFFSETFROM", "DAYLIGHT").First(), calendar.All("TZOFFSETTO", "DAYLIGHT").First()));
        Assert.Equal((10, 11), (calendar.All("DTSTART", "DAYLIGHT").Count(), calendar.All("DTSTART", "STANDARD").Count()));
        var summer = new ReadCalendar(single.GetText("ics")!);
        Assert.Equal(("2026-07-01T10:00:00+02:00", ";TZID=Europe/Berlin:20260701T100000"), (single.GetText("start"), summer["DTSTART"]));
        Assert.Equal((":20260329T020000", 0), (summer["DTSTART", "DAYLIGHT"], summer.All("DTSTART", "STANDARD").Count()));
        var india = new ReadCalendar(fixedOne.GetText("ics")!);
        Assert.Equal((":+0530", ":+0530"), (india["TZOFFSETFROM", "STANDARD"], india["TZOFFSETTO", "STANDARD"]));
    }

    [Fact]
    [Trait("id", "F5.63-05")]
    public async Task A_time_that_comes_twice_is_its_first_and_one_that_never_comes_is_refused()
    {
        var twice = await room.CallAsync("calendar_write", """{"title":"t","start":"2026-10-25T02:30","timezone":"Europe/Berlin"}""");
        var never = await room.CallAsync("calendar_write", """{"title":"t","start":"2026-03-29T02:30","timezone":"Europe/Berlin"}""");

        Assert.Equal("2026-10-25T02:30:00+02:00", twice.Result.GetText("start"));
        Assert.Equal("INVALID_INPUT", never.Failure?.Code);
    }

    [Theory]
    [Trait("id", "F5.63-06")]
    [InlineData("FREQ=DAILY;INTERVAL=2;UNTIL=20261231T235959Z", null)]
    [InlineData("freq=monthly;byday=-1fr,2MO", null)]
    [InlineData("FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=-1;WKST=SU", null)]
    [InlineData("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", null)]
    [InlineData("FREQ=HOURLY;BYHOUR=0,23;BYMINUTE=59;BYSECOND=60", null)]
    [InlineData("COUNT=3", "has no FREQ")]
    [InlineData("FREQ=FORTNIGHTLY", "FREQ is one of")]
    [InlineData("FREQ=DAILY;COUNT=3;UNTIL=20261231T000000Z", "both COUNT and UNTIL")]
    [InlineData("FREQ=DAILY;COUNT=0", "COUNT takes")]
    [InlineData("FREQ=DAILY;COUNT=-1", "COUNT takes")]
    [InlineData("FREQ=DAILY;UNTIL=20261231", "UNTIL is a time")]
    [InlineData("FREQ=DAILY;UNTIL=20261332T000000Z", "UNTIL is a time")]
    [InlineData("FREQ=DAILY;FREQ=DAILY", "says FREQ twice")]
    [InlineData("FREQ=DAILY;BYHOUR=24", "BYHOUR takes")]
    [InlineData("FREQ=DAILY;BYHOUR=-1", "BYHOUR takes")]
    [InlineData("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY with FREQ=WEEKLY")]
    [InlineData("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY with FREQ=MONTHLY")]
    [InlineData("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO without")]
    [InlineData("FREQ=WEEKLY;BYDAY=1MO", "counts days")]
    [InlineData("FREQ=DAILY;BYDAY=XX", "BYDAY takes days")]
    [InlineData("FREQ=DAILY;BYDAY=54MO", "BYDAY takes days")]
    [InlineData("FREQ=DAILY;BYSETPOS=1", "BYSETPOS alone")]
    [InlineData("FREQ=DAILY;BYEASTER=1", "BYEASTER is no part")]
    [InlineData("FREQ=DAILY;", "no NAME=VALUE")]
    [InlineData("FREQ=DAILY\r\nX:Y", "FREQ is one of")]
    public async Task A_rule_is_held_to_its_grammar(string rule, string? problem)
    {
        var outcome = await room.CallAsync("calendar_write", $$"""{"title":"t","start":"2026-05-01T09:00:00Z","rrule":{{JsonSerializer.Serialize(rule)}}}""");

        Assert.Equal(problem is null ? null : "INVALID_INPUT", outcome.Failure?.Code);
        if (problem is not null) Assert.Contains(problem, outcome.Failure!.Message, StringComparison.Ordinal);
        else Assert.Equal(":" + rule.ToUpperInvariant(), new ReadCalendar(outcome.Result.GetText("ics")!)["RRULE"]);
    }

    [Theory]
    [Trait("id", "F5.63-06")]
    [InlineData("99991231T235959Z")]
    [InlineData("00010101T000000Z")]
    public async Task A_rule_may_end_on_the_last_day_that_there_is_or_long_ago(string until)
    {
        var outcome = await room.CallAsync("calendar_write", $$"""{"title":"t","start":"2026-05-01T09:00","timezone":"Europe/Berlin","rrule":"FREQ=WEEKLY;UNTIL={{until}}"}""");

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal(until[0] == '9' ? 21 : 1, new ReadCalendar(outcome.Result.GetText("ics")!).All("TZOFFSETTO", "DAYLIGHT").Concat(new ReadCalendar(outcome.Result.GetText("ics")!).All("TZOFFSETTO", "STANDARD")).Count());
    }

    [Theory]
    [Trait("id", "F5.63-07")]
    [InlineData("""{"start":"tomorrow"}""", "start")]
    [InlineData("""{"start":"2026-02-30"}""", "start")]
    [InlineData("""{"start":"2026-05-01T25:00"}""", "start")]
    [InlineData("""{"start":"0001-01-01"}""", "start")]
    [InlineData("""{"start":"9999-12-31T23:59:59Z"}""", "start")]
    [InlineData("""{"start":"0001-01-01T00:00","timezone":"Asia/Kolkata"}""", "start")]
    [InlineData("""{"start":"9999-12-31T23:59","timezone":"America/New_York"}""", "start")]
    [InlineData("""{"start":"2026-05-01","end":"2026-05-01"}""", "end is not after start")]
    [InlineData("""{"start":"2026-05-02T10:00Z","end":"2026-05-02T09:00Z"}""", "end is not after start")]
    [InlineData("""{"start":"2026-05-01","end":"2026-05-01T10:00"}""", "both days or both times")]
    [InlineData("""{"start":"2026-05-01","duration":"1h"}""", "duration")]
    [InlineData("""{"duration":"0s"}""", "duration")]
    [InlineData("""{"duration":"soon"}""", "duration")]
    [InlineData("""{"timezone":"Mars/Olympus"}""", "timezone")]
    [InlineData("""{"timezone":"a..b"}""", "timezone")]
    [InlineData("""{"attendees":["ann"]}""", "attendees[0]")]
    [InlineData("""{"attendees":["ann@example.com",null]}""", "attendees[1]")]
    [InlineData("""{"attendees":["a@example.com\r\nX:y"]}""", "attendees[0]")]
    [InlineData("""{"organizer":"nobody"}""", "organizer")]
    [InlineData("""{"title":"a\nb"}""", "title")]
    [InlineData("""{"location":"a\u0000b"}""", "location")]
    [InlineData("""{"description":"a\u001bb"}""", "description")]
    [InlineData("""{"uid":"a b"}""", "uid")]
    [InlineData("""{"provider":"google"}""", "provider")]
    [InlineData("""{"provider":"file"}""", "needs a path")]
    [InlineData("""{"provider":"caldav"}""", "needs a connection")]
    [InlineData("""{"provider":"text","path":"a.ics"}""", "takes no path")]
    [InlineData("""{"path":"plan.yaml"}""", ".ics")]
    [InlineData("""{"url":"/x"}""", "takes no url")]
    [InlineData("""{"action":"update","uid":"u"}""", "only creates")]
    [InlineData("""{"action":"delete","uid":"u","path":"a.ics"}""", "only creates")]
    public async Task What_is_no_event_is_refused_with_its_place(string parameters, string said)
    {
        var failure = (await room.CallAsync("calendar_write", parameters)).Failure;

        Assert.Equal("INVALID_INPUT", failure?.Code);
        Assert.Contains(said, failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.63-08")]
    public async Task A_file_is_written_whole_into_the_workspace_and_a_repeat_writes_the_same_event()
    {
        var first = await room.CallAsync("calendar_write", """{"title":"t","start":"2026-05-01","path":"cal/may.ics","alarm_minutes":15}""");
        var ics = File.ReadAllText(Path.Combine(room.Workspace, "cal", "may.ics"));
        var again = await room.CallAsync("calendar_write", """{"title":"t","start":"2026-05-01","path":"cal/may.ics","alarm_minutes":15}""");
        var other = await room.CallAsync("calendar_write", """{"title":"t","start":"2026-05-01"}""", SkillRoom.Call("key-2"));
        var outside = await room.CallAsync("calendar_write", """{"path":"../x.ics"}""");

        Assert.Equal(("file", "cal/may.ics", true, false), (first.Result.GetText("provider"), first.Result.GetText("link"), first.Result.GetProperty("written").GetBoolean(), first.Result.GetProperty("existed").GetBoolean()));
        Assert.Equal(new SideEffect("file_write", "cal/may.ics", true), Assert.Single(first.SideEffects));
        var calendar = new ReadCalendar(ics);
        Assert.Equal((":" + first.Result.GetText("event_id"), ":-PT15M", ":DISPLAY"), (calendar["UID"], calendar["TRIGGER", "VALARM"], calendar["ACTION", "VALARM"]));
        Assert.Equal((first.Result.GetText("event_id"), true, ics), (again.Result.GetText("event_id"), again.Result.GetProperty("existed").GetBoolean(), File.ReadAllText(Path.Combine(room.Workspace, "cal", "may.ics"))));
        Assert.NotEqual(first.Result.GetText("event_id"), other.Result.GetText("event_id"));
        Assert.Equal("PERMISSION_DENIED", outside.Failure?.Code);
    }

    [Fact]
    [Trait("id", "F5.63-09")]
    public void It_says_of_itself_what_it_is()
    {
        var contract = room.Skills.All["calendar_write"].Contract;

        Assert.Equal((EffectClass.Idempotent, 100), (contract.Effect, contract.Constraints["max_attendees"].GetInt32()));
        Assert.Empty(room.Skills.Terms["calendar_write"].RequiredParams);
    }
}
