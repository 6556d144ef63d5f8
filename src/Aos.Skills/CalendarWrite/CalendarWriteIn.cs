using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Skills;

internal sealed record CalendarWriteIn(
    [Description("What the event is called; without it what description says, else Untitled Event.")] [StringLength(500)] string? Title = null,
    [StringLength(32_768)] string? Description = null,
    [Description("A day such as 2026-03-01, or a time such as 2026-03-01T10:00, with Z or an offset; without both of the timezone, else UTC. Without a start it begins now.")]
    [StringLength(40)] string? Start = null,
    [Description("The same. Of days it is the first that is not in it.")] [StringLength(40)] string? End = null,
    [Description("Addresses such as ann@example.com or Ann <ann@example.com>, 100 at most.")] List<string>? Attendees = null,
    [Description("Who invites; an address.")] [StringLength(600)] string? Organizer = null,
    [StringLength(1_000)] string? Location = null,
    [Description("A name such as Europe/Berlin: the event keeps its time there when clocks change.")] [RegularExpression("^[A-Za-z][A-Za-z0-9+_/-]{0,63}$")] string? Timezone = null,
    [Description("How it comes again, as in RFC 5545: FREQ=WEEKLY;BYDAY=MO;COUNT=10.")] [StringLength(512, MinimumLength = 1)] string? Rrule = null,
    [Description("Reminds so many minutes before."), Range(0, 40_320)] int? AlarmMinutes = null,
    [Description("The event's own id; by default it follows from the run and the step. update and delete need it.")] [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._@-]{0,199}$")] string? Uid = null,
    [AllowedValues("create", "update", "delete")] string Action = "create",
    [Description("text gives the event back, file writes it into the workspace, caldav to a calendar. By default caldav with a connection, file with a path, else text. mock is text.")]
    [AllowedValues("text", "file", "caldav", "mock")] string? Provider = null,
    [Description("A file of the workspace that ends in .ics. It is replaced.")] [StringLength(Workspace.PathMax, MinimumLength = 5)] string? Path = null,
    [Description("The calendar, below the connection's base URL.")] [StringLength(2_048)] string? Url = null,
    [Description("A connection of the tenant, of the kind http, that leads to a CalDAV server.")] [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string? Connection = null)
{
    [Description("How long it lasts when there is no end: 1h30m, or seconds. Without both an hour, or one day.")]
    public JsonElement Duration { get; init; }
}

/// <param name="EventId">The UID.</param>
/// <param name="Start">As the calendar has it: a day, or a time with its offset.</param>
/// <param name="Existed">True: it was there before, of an earlier try of the same call, or to be changed or taken away.</param>
/// <param name="Link">Where it is; null: nowhere but in <paramref name="Ics"/>.</param>
/// <param name="Ics">The whole calendar; null: it was written somewhere.</param>
internal sealed record CalendarWriteOut(
    string Status, string EventId, string Action, string Provider, string? Title, string? Description, string? Start, string? End, string? Timezone, IReadOnlyList<string> Attendees,
    string? Location, string CreatedAt, bool Written, bool Existed, string? Link, string? Etag, string? Ics, ConnectionUsed? Connection = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CalendarWriteIn))]
[JsonSerializable(typeof(CalendarWriteOut))]
internal sealed partial class CalendarJson : JsonSerializerContext;
