using Aos.Contracts;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary>Events of <c>calendar_write</c> in a calendar of a CalDAV server.</summary>
[Trait("store", "none")]
public sealed class CalendarsOverDav : IAsyncLifetime
{
    private CalendarPeer dav = null!;
    private ConnectionRoom room = null!;

    public async ValueTask InitializeAsync()
    {
        dav = await CalendarPeer.StartAsync();
        room = new ConnectionRoom([dav.Authority], null, new ManualClock());
        await room.SecretAsync("K", "sesame");
        await room.HttpAsync("cal", dav.Origin + "/dav", """ "auth":{"type":"bearer","token":"secret:K"} """);
    }

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await dav.DisposeAsync();
    }

    [Fact]
    [Trait("id", "F5.63-20")]
    public async Task An_event_is_put_where_there_is_none_and_a_repeat_finds_its_own()
    {
        var first = await WriteAsync("""{"title":"Standup"}""");
        var text = dav.Event;
        var again = await WriteAsync("""{"title":"Standup"}""");
        var other = await WriteAsync("""{"title":"Standup"}""", "key-2");

        Assert.True(first.Ok, first.Failure?.Message);
        Assert.Equal(("caldav", "\"1\"", false, true), (first.Result.GetText("provider"), first.Result.GetText("etag"), first.Result.GetProperty("existed").GetBoolean(), first.Result.GetProperty("written").GetBoolean()));
        var id = first.Result.GetText("event_id")!;
        Assert.Equal(($"connection:cal/team/{id}.ics", "cal"), (first.Result.GetText("link"), first.Result.GetProperty("connection").GetText("name")));
        Assert.Equal(new SideEffect("calendar_write", $"connection:cal/team/{id}.ics", true), Assert.Single(first.SideEffects));
        Assert.Equal("Standup", new ReadCalendar(text).Text("SUMMARY"));
        Assert.Equal((id, true, "\"1\""), (again.Result.GetText("event_id"), again.Result.GetProperty("existed").GetBoolean(), again.Result.GetText("etag")));
        Assert.Equal([$"PUT {id}.ics if none *", $"PUT {id}.ics if none *", $"GET {id}.ics"], dav.Asked.Take(3));
        Assert.True(other.Ok);
        Assert.Equal(2, dav.Count);
        Assert.DoesNotContain("sesame", first.Result.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(dav.Authority, first.Result.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.63-21")]
    public async Task An_answer_that_got_lost_leaves_one_event()
    {
        dav.Written = context => context.Abort();
        var lost = await WriteAsync("""{"title":"t"}""");
        dav.Written = _ => { };
        var again = await WriteAsync("""{"title":"t"}""");

        Assert.Equal((true, 1), (lost.Failure!.Retryable, dav.Count));
        Assert.True(Retries.IsAmbiguous(lost.Failure)); // So the repeat has the same key.
        Assert.True(again.Ok && again.Result.GetProperty("existed").GetBoolean());
    }

    [Fact]
    [Trait("id", "F5.63-22")]
    public async Task Another_event_of_the_same_uid_is_not_written_over()
    {
        dav.Put("mine.ics", "BEGIN:VCALENDAR\r\nUID:mine\r\nEND:VCALENDAR\r\n");

        var failure = (await WriteAsync("""{"title":"t","uid":"mine"}""")).Failure!;

        Assert.Equal("INVALID_STATE", failure.Code);
        Assert.Contains("action: update", failure.Message, StringComparison.Ordinal);
        Assert.Contains("UID:mine", dav.Event, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.63-23")]
    public async Task A_change_counts_up_and_goes_to_what_was_read()
    {
        await WriteAsync("""{"title":"old","uid":"standup@example.com"}""");
        var changed = await WriteAsync("""{"title":"new","uid":"standup@example.com","start":"2026-05-01","action":"update"}""", "key-2");
        var again = await WriteAsync("""{"title":"new","uid":"standup@example.com","start":"2026-05-01","action":"update"}""", "key-2");

        Assert.True(changed.Ok, changed.Failure?.Message);
        var calendar = new ReadCalendar(dav.Event);
        Assert.Equal(("new", ":1", ":standup@example.com"), (calendar.Text("SUMMARY"), calendar["SEQUENCE"], calendar["UID"]));
        Assert.Equal(("\"2\"", "\"2\""), (changed.Result.GetText("etag"), again.Result.GetText("etag")));
        Assert.Equal(["GET standup%40example.com.ics", "PUT standup%40example.com.ics if \"1\"", "GET standup%40example.com.ics"], dav.Asked.Skip(1).Select(line => line.Replace("@", "%40", StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("id", "F5.63-24")]
    public async Task A_change_of_what_is_not_there_or_was_changed_meanwhile_is_refused()
    {
        var absent = await WriteAsync("""{"title":"t","uid":"u","start":"2026-05-01","action":"update"}""");
        dav.Put("u.ics", "BEGIN:VCALENDAR\r\nSEQUENCE:7\r\nEND:VCALENDAR\r\n");
        dav.Answers = context =>
        {
            if (context.Request.Method == "PUT") dav.Put("u.ics", "of somebody else");
            return context.Request.Method == "PUT" ? Results.StatusCode(412) : null;
        };
        var raced = await WriteAsync("""{"title":"t","uid":"u","start":"2026-05-01","action":"update"}""");

        Assert.Equal(("DATA_NOT_FOUND", "INVALID_STATE"), (absent.Failure?.Code, raced.Failure?.Code));
        Assert.Equal("of somebody else", dav.Event);
    }

    [Fact]
    [Trait("id", "F5.63-28")]
    public async Task A_change_that_an_earlier_try_made_late_is_its_own()
    {
        const string change = """{"title":"new","uid":"u","start":"2026-05-01","action":"update"}""";
        await WriteAsync("""{"title":"old","uid":"u"}""");
        var old = dav.Event;
        await WriteAsync(change, "key-2");
        var reads = 0;
        dav.Answers = context =>
        {
            if (context.Request.Method != "GET" || ++reads > 1) return null;
            context.Response.Headers.ETag = "\"1\"";
            return Results.Text(old, "text/calendar"); // As it was before the first try arrived.
        };

        var again = await WriteAsync(change, "key-2");

        Assert.True(again.Ok, again.Failure?.Message);
        Assert.Equal(("\"2\"", true), (again.Result.GetText("etag"), again.Result.GetProperty("existed").GetBoolean()));
        Assert.Equal(":1", new ReadCalendar(dav.Event)["SEQUENCE"]);
    }

    [Fact]
    [Trait("id", "F5.63-29")]
    public async Task A_change_says_when_the_event_begins()
    {
        var failure = (await WriteAsync("""{"title":"new","uid":"u","action":"update"}""")).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains("needs start", failure.Message, StringComparison.Ordinal);
        Assert.Empty(dav.Asked);
    }

    [Fact]
    [Trait("id", "F5.63-25")]
    public async Task An_event_is_taken_away_once_and_a_repeat_finds_it_gone()
    {
        await WriteAsync("""{"title":"t","uid":"u"}""");
        var gone = await WriteAsync("""{"uid":"u","action":"delete"}""");
        var again = await WriteAsync("""{"uid":"u","action":"delete"}""");

        Assert.Equal((true, false), (gone.Result.GetProperty("existed").GetBoolean(), again.Result.GetProperty("existed").GetBoolean()));
        Assert.Equal(("delete", 0), (gone.Result.GetText("action"), dav.Count));
        Assert.False(Assert.Single(gone.SideEffects).Reversible);
    }

    [Theory]
    [Trait("id", "F5.63-26")]
    [InlineData(403, "HTTP_4XX", false)]
    [InlineData(507, "HTTP_5XX", true)]
    [InlineData(503, "SERVICE_UNAVAILABLE", true)]
    [InlineData(301, "HTTP_4XX", false)]
    public async Task What_the_server_refuses_is_told_without_where_it_is(int status, string code, bool again)
    {
        dav.Answers = _ => Results.StatusCode(status);

        foreach (var action in new[] { "create", "update", "delete" })
        {
            var failure = (await WriteAsync($$"""{"title":"t","uid":"u","start":"2026-05-01","action":"{{action}}"}""")).Failure!;

            Assert.Equal((code, again), (failure.Code, failure.Retryable));
            Assert.Contains("connection:cal/team/u.ics", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(dav.Authority, failure.Message + failure.Details, StringComparison.Ordinal);
        }
    }

    [Theory]
    [Trait("id", "F5.63-27")]
    [InlineData("%2e%2e/else")]
    [InlineData("https://example.com/dav")]
    [InlineData("team?x=1")]
    [InlineData("team#x")]
    public async Task A_calendar_lies_below_the_connection_s_base_url(string url)
    {
        var outcome = await room.CallAsync($$"""{"connection":"cal","url":"{{url}}","title":"t"}""", "calendar_write");

        Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
        Assert.Empty(dav.Asked);
    }

    private async Task<StructuredOutcome> WriteAsync(string members, string key = "key-1")
    {
        var parameters = $$"""{"connection":"cal","url":"/team/",{{members[1..]}}""";
        return await room.Skills.InvokeAsync("calendar_write", Json.Parse(parameters), SkillRoom.Call(key, tenant: "acme", written: parameters), TestContext.Current.CancellationToken);
    }
}
