using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Writes an event of a calendar: into a calendar of a CalDAV server, into a file of the workspace, or as a text that a later step sends.
/// Its id follows from the call, so a repeat writes the same event.
/// </summary>
internal sealed class CalendarWrite(Workspace workspace, CalendarStore store, TimeProvider clock) : ISkill<CalendarWriteIn, CalendarWriteOut>, ITargeted<CalendarWriteIn>
{
    private readonly FsWrite files = new(workspace);

    public SkillContract Contract { get; } = new()
    {
        Name = "calendar_write",
        Version = "1.0.0",
        Description = "Writes an event to a calendar over CalDAV, to a file of the workspace, or gives it back as iCalendar text.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 300,
        FailureModes =
        [
            new("TIMEOUT", 0.05, "The calendar's server did not answer in time."), new("HTTP_4XX", 0.02, "The calendar's server refused."), new("HTTP_5XX", 0.02, "The calendar's server failed."),
            new("INVALID_INPUT", 0.02, "A time, address, rule or place is none."), new("INVALID_STATE", 0.01, "The calendar has another event of this uid, or it was changed in between."),
            new("DATA_NOT_FOUND", 0.005, "There is no event to change."), new("PERMISSION_DENIED", 0.005, "The path leads out of the workspace."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_attendees", Json.Of(CalendarEvent.AttendeesMax)), KeyValuePair.Create("max_timezone_years", Json.Of(ZoneRules.YearsMax)),
        ]),
        StableFields = ["action", "provider", "title", "attendees", "location"],
        ConnectionKinds = [ConnectionKinds.Http],
        OftenFollowedBy = ["email_send", "slack_send"],
        OftenPrecededBy = ["llm_invoke", "json_transform"],
        AntiPatterns = ["A start without timezone or offset: it is taken for UTC."],
        FreeParams = ["title", "description", "location", "attendees", "organizer", "path"],
        Tags = ["calendar", "network", "http", "file"],
    };

    public JsonTypeInfo<CalendarWriteIn> Input => CalendarJson.Default.CalendarWriteIn;

    public JsonTypeInfo<CalendarWriteOut> Output => CalendarJson.Default.CalendarWriteOut;

    public async Task<SkillAnswer<CalendarWriteOut>> InvokeAsync(CalendarWriteIn input, SkillCall call, CancellationToken cancel)
    {
        var provider = Provider(input);
        if (PlaceProblem(input, provider) is { } misplaced) return Fail("INVALID_INPUT", misplaced);
        var now = clock.GetUtcNow();
        var (made, problem) = input.Action == "delete" ? (null, null) : CalendarEvent.Read(input, now);
        if (problem is not null) return Fail("INVALID_INPUT", problem);
        var key = ContentHash.Hex(Encoding.UTF8.GetBytes($"{call.Tenant}\n{call.IdempotencyKey}"));
        var uid = input.Uid ?? key[..32];
        string Write(int sequence) => CalendarText.Of(made!, uid, key[32..], sequence, now);
        var answer = Answer(input, made, provider, uid, now);
        return provider switch
        {
            "caldav" => await StoreAsync(input, call, answer, uid, key[32..], Write, cancel),
            "file" => await FileAsync(input, call, answer, Write(0), cancel),
            _ => new SkillAnswer<CalendarWriteOut>(answer with { Ics = Write(0) }),
        };
    }

    public CallTarget? Target(CalendarWriteIn input) => null;

    public CallTarget? Target(CalendarWriteIn input, Connection? through) => through is null ? null : HttpRoute.Target(input.Url ?? "", input.Connection, through);

    private static string Provider(CalendarWriteIn input) => input.Provider switch
    {
        null => input.Connection is not null ? "caldav" : input.Path is not null ? "file" : "text",
        "mock" => "text",
        var provider => provider,
    };

    private static string? PlaceProblem(CalendarWriteIn input, string provider)
    {
        if (input.Connection is not null != (provider == "caldav")) return $"provider {provider} {(provider == "caldav" ? "needs a connection of the kind http" : "takes no connection")}.";
        if (input.Path is not null != (provider == "file")) return $"provider {provider} {(provider == "file" ? "needs a path" : "takes no path")}.";
        if (input.Path?.EndsWith(".ics", StringComparison.OrdinalIgnoreCase) == false) return "path ends in .ics.";
        if (input.Url is not null && provider != "caldav") return $"provider {provider} takes no url.";
        if (input.Url?.AsSpan().ContainsAny('?', '#') == true) return "url is a calendar: it has no ? and no #.";
        if (input.Action == "create") return null;
        if (provider != "caldav") return $"provider {provider} only creates.";
        if (input.Uid is null) return $"action {input.Action} needs the event's uid.";
        return input.Action == "update" && string.IsNullOrEmpty(input.Start) ? "action update needs start: it replaces the whole event, and would move it to now." : null;
    }

    private async Task<SkillAnswer<CalendarWriteOut>> StoreAsync(
        CalendarWriteIn input, SkillCall call, CalendarWriteOut answer, string uid, string mark, Func<int, string> write, CancellationToken cancel)
    {
        var url = $"{(input.Url ?? "").TrimEnd('/')}/{Uri.EscapeDataString(uid)}.ics";
        if (!HttpRoute.TryFind(url, null, call.Connection, out var route, out var problem)) return Fail("INVALID_INPUT", problem);
        var resource = new CalendarResource(route, mark, write, route.TimeMax < call.Timeout ? route.TimeMax.Value : call.Timeout);
        var (stored, failure) = input.Action switch
        {
            "update" => await store.UpdateAsync(resource, cancel),
            "delete" => await store.DeleteAsync(resource, cancel),
            _ => await store.CreateAsync(resource, cancel),
        };
        if (failure is not null) return new SkillAnswer<CalendarWriteOut>(null, failure);
        var place = route.Shown(route.Url);
        return new SkillAnswer<CalendarWriteOut>(
            answer with { Written = true, Existed = stored!.Existed, Etag = stored.Etag, Link = input.Action == "delete" ? null : place, Connection = route.Used },
            SideEffects: [new SideEffect("calendar_write", place, input.Action == "create")]);
    }

    private async Task<SkillAnswer<CalendarWriteOut>> FileAsync(CalendarWriteIn input, SkillCall call, CalendarWriteOut answer, string ics, CancellationToken cancel)
    {
        var existed = workspace.Resolve(input.Path!) is { Failure: null } place && File.Exists(place.Path);
        var written = await files.InvokeAsync(new FsWriteIn(input.Path!, Json.Of(ics)), call, cancel);
        return written.Failure is { } failure
            ? new SkillAnswer<CalendarWriteOut>(null, failure)
            : new SkillAnswer<CalendarWriteOut>(answer with { Written = true, Existed = existed, Link = input.Path }, SideEffects: written.SideEffects);
    }

    private static CalendarWriteOut Answer(CalendarWriteIn input, CalendarEvent? made, string provider, string uid, DateTimeOffset now) => new(
        "ok", uid, input.Action, provider, made?.Title, made?.Description, made?.Start.Text, made?.End.Text, made?.Start.Zone?.Id, made is null ? [] : [.. made.Attendees.Select(box => box.Address)],
        made?.Location, now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), false, false, null, null, null);

    private static SkillAnswer<CalendarWriteOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
