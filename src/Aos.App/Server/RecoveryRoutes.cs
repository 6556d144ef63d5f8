using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What to do about failures: suggested, decided about, counted.</summary>
internal static class RecoveryRoutes
{
    private const int NameChars = 200;
    private const int MessageChars = 4_000;
    private const int NoteChars = 1_000;
    private const int OffsetMax = 10_000;

    private static readonly string[] Asks = ["context", "error_code", "error_message", "failure_id", "run_id"];

    internal static void MapRecovery(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/recovery/suggest", SuggestAsync);
        routes.MapGet("/api/v1/recovery/candidates", ListAsync);
        routes.MapGet("/api/v1/recovery/candidates/{id}", OneAsync);
        routes.MapPost("/api/v1/recovery/candidates/{id}/approve", ApproveAsync);
        routes.MapPost("/api/v1/recovery/candidates/{id}/reject", RejectAsync);
        routes.MapPost("/api/v1/recovery/approve", ApproveNamedAsync);
        routes.MapPost("/api/v1/recovery/reject", RejectNamedAsync);
        routes.MapGet("/api/v1/recovery/stats", RecoveryStats.StatsAsync);
    }

    [Needs("failure:write", OpenInDevelopment = true, Weight = 5)]
    private static async Task SuggestAsync(HttpContext context)
    {
        var (proposal, refusal) = await Desk(context).SuggestAsync(context.Caller(), Question(await context.ObjectBodyAsync()), context.RequestAborted);
        if (proposal is null) throw new RefusedException(refusal!);
        await context.ReplyAsync(writer => RecoveryWire.Write(writer, proposal));
    }

    [Needs("failure:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var filter = new RecoveryFilter
        {
            Status = context.Text("status") is not { } name || name == "all" ? null
                : Enum.TryParse<RecoveryStatus>(name, true, out var status) && Enum.IsDefined(status) && !char.IsAsciiDigit(name[0]) ? status
                : throw RefusedException.Wrong("status is all, proposed, approved, rejected or applied."),
            Run = context.Text("run_id") is not { } run ? null : RunId.TryParse(run, out var id) ? id : throw RefusedException.Wrong("run_id is a UUID."),
            Code = context.Text("error_code"),
        };
        var (limit, offset) = (context.Whole("limit", 1, 500, 50), context.Whole("offset", 0, OffsetMax, 0));
        var (candidates, total) = await Desk(context).ListAsync(context.Caller(), filter, limit, offset, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("candidates");
            foreach (var candidate in candidates) RecoveryWire.Write(writer, candidate);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteEndObject();
        });
    }

    [Needs("failure:read", OpenInDevelopment = true)]
    private static async Task OneAsync(HttpContext context)
    {
        var id = Id((string)context.Request.RouteValues["id"]!);
        var (candidate, decisions) = await Desk(context).FindAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(id);
        await context.ReplyAsync(writer => RecoveryWire.Write(writer, candidate, decisions));
    }

    [Needs("policy:approve")]
    private static async Task ApproveAsync(HttpContext context) => await DecideAsync(context, approved: true, await context.ObjectBodyOrEmptyAsync(), null);

    [Needs("policy:approve")]
    private static async Task RejectAsync(HttpContext context) => await DecideAsync(context, approved: false, await context.ObjectBodyOrEmptyAsync(), null);

    [Needs("policy:approve")]
    private static Task ApproveNamedAsync(HttpContext context) => DecideNamedAsync(context, approved: true);

    [Needs("policy:approve")]
    private static Task RejectNamedAsync(HttpContext context) => DecideNamedAsync(context, approved: false);

    private static async Task DecideNamedAsync(HttpContext context, bool approved)
    {
        var body = await context.ObjectBodyAsync();
        await DecideAsync(context, approved, body, body.TextOf("id") is { } named ? Id(named) : throw RefusedException.Wrong("id is that of a suggestion."));
    }

    private static async Task DecideAsync(HttpContext context, bool approved, JsonElement body, Guid? named)
    {
        var caller = context.Caller();
        if (caller.AgentId is { } agent)
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This credential is bound to the agent {agent}; people decide about suggestions."));
        var id = named ?? Id((string)context.Request.RouteValues["id"]!);
        foreach (var member in body.EnumerateObject())
        {
            if (member.Name is not ("note" or "action") && (named is null || member.Name != "id")) throw RefusedException.Wrong($"{Asked.Short(member.Name)} has no meaning here; there are note and action.");
        }

        var note = Bounded(body, "note", NoteChars);
        var action = body.Get("action") is { ValueKind: not JsonValueKind.Null } given ? RecoveryActions.Read(given) : default;
        if (action.Wrong is { } wrong) throw RefusedException.Wrong(wrong);
        if (action.Action is not null && !approved) throw RefusedException.Wrong("action: what is rejected has none in its place.");
        var before = (await Desk(context).FindAsync(caller, id, context.RequestAborted))?.Candidate;
        var (candidate, refusal) = await Desk(context).DecideAsync(caller, id, approved, note, action.Action, context.RequestAborted);
        if (candidate is null) throw new RefusedException(refusal!);
        context.Changed(before is null ? null : Json.Write(writer => RecoveryWire.Write(writer, before)), Json.Write(writer => RecoveryWire.Write(writer, candidate)));
        await context.ReplyAsync(writer => RecoveryWire.Write(writer, candidate));
    }

    private static RecoveryQuestion Question(JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!Asks.Contains(member.Name)) throw new RefusedException(FailureCatalog.Fail("UNKNOWN_MEMBER", $"{Asked.Short(member.Name)}: there are {string.Join(", ", Asks)}."), 400);
        }

        var (failure, run, code, message) = (body.TextOf("failure_id"), body.TextOf("run_id"), Bounded(body, "error_code", NameChars), Bounded(body, "error_message", MessageChars));
        var around = body.ObjectOf("context");
        var question = new RecoveryQuestion
        {
            Failure = failure is null ? null : Guid.TryParseExact(failure, "D", out var id) ? id : throw RefusedException.Wrong("failure_id is a UUID."),
            Run = run is null ? null : RunId.TryParse(run, out var named) ? named : throw RefusedException.Wrong("run_id is a UUID."),
            Code = code, Message = message, Skill = Bounded(around, "skill", NameChars), Exception = Bounded(around, "exception", NameChars),
            HttpStatus = FailureRoutes.Status(around),
        };
        var ways = (failure is null ? 0 : 1) + (run is null ? 0 : 1) + (code is null && message is null ? 0 : 1);
        return ways == 1 ? question : throw RefusedException.Wrong("Say one of failure_id, run_id, and error_code or error_message.");
    }

    private static string? Bounded(JsonElement body, string name, int max) =>
        body.TextOf(name) is { } text ? text.Length <= max ? text : throw RefusedException.Wrong($"{name} has at most {max} characters.") : null;

    internal static Guid Id(string text) => Guid.TryParseExact(text, "D", out var id) ? id : throw RefusedException.Wrong("The id of a suggestion is a UUID.");

    internal static RefusedException Unknown(Guid id) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no suggestion {id}."));

    internal static IRecovery Desk(HttpContext context) => context.RequestServices.GetRequiredService<IRecovery>();
}
