using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Failures that the caller's runs met.</summary>
internal static class KeptFailureRoutes
{
    private const int NotesChars = 1_000;
    private const int OffsetMax = 10_000;

    /// <summary>Hours of ten years.</summary>
    private const int HoursMax = 87_600;

    internal static void MapKeptFailures(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/failures", ListAsync);
        routes.MapGet("/api/v1/failures/stats", FailureStats.StatsAsync);
        routes.MapGet("/api/v1/failures/unrecovered", UnrecoveredAsync);
        routes.MapGet("/api/v1/failures/{failure_id}", OneAsync);
        routes.MapPatch("/api/v1/failures/{failure_id}/recovery", RecoverAsync);
    }

    [Needs("failure:read", OpenInDevelopment = true)]
    private static Task ListAsync(HttpContext context) => PageAsync(context, Filter(context, Recovered(context)), false, context.Whole("limit", 1, 1_000, 100));

    [Needs("failure:read", OpenInDevelopment = true)]
    private static Task UnrecoveredAsync(HttpContext context) => PageAsync(context, Filter(context, false), true, context.Whole("limit", 1, 500, 50));

    [Needs("failure:read", OpenInDevelopment = true)]
    private static async Task OneAsync(HttpContext context)
    {
        var found = await Book(context).FindAsync(context.Caller(), Id(context), context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => FailureWire.Write(writer, found));
    }

    [Needs("failure:write", OpenInDevelopment = true)]
    private static async Task RecoverAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var id = Id(context);
        if (body.Get("recovery_succeeded") is not { ValueKind: JsonValueKind.True or JsonValueKind.False } succeeded) throw RefusedException.Wrong("recovery_succeeded is true or false.");
        if (body.TextOf("notes") is not (null or { Length: <= NotesChars })) throw RefusedException.Wrong($"notes have at most {NotesChars} characters.");
        var marked = await Book(context).RecoverAsync(context.Caller(), id, succeeded.GetBoolean(), body.TextOf("notes"), context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", marked.Id);
            writer.WriteString("run_id", marked.Failed.Run.ToString());
            FailureWire.Recovery(writer, marked);
            writer.WriteEndObject();
        });
    }

    private static async Task PageAsync(HttpContext context, FailureFilter filter, bool gravestFirst, int limit)
    {
        var offset = context.Whole("offset", 0, OffsetMax, 0);
        var (failures, total) = await Book(context).ListAsync(context.Caller(), filter, gravestFirst, limit, offset, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("failures");
            foreach (var kept in failures) FailureWire.Write(writer, kept);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteEndObject();
        });
    }

    private static FailureFilter Filter(HttpContext context, bool? recovered)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        return new FailureFilter
        {
            Run = context.Text("run_id") is not { } run ? null : RunId.TryParse(run, out var id) ? id : throw RefusedException.Wrong("run_id is a UUID."),
            Code = context.Text("error_code"), Skill = context.Text("skill_id"), Agent = context.Text("agent_id"), Recovered = recovered, Since = Since(context),
            Category = context.Text("category") is not { } name ? null
                : Enum.TryParse<FailureCategory>(name, true, out var category) && Enum.IsDefined(category) && !char.IsAsciiDigit(name[0]) ? category
                : throw RefusedException.Wrong($"category is one of {string.Join(", ", Enum.GetValues<FailureCategory>().Select(FailureWire.Of))}."),
            Matched = context.Text("matched") switch
            {
                null => null,
                "true" => true,
                "false" => false,
                _ => throw RefusedException.Wrong("matched is true or false."),
            },
        };
    }

    /// <summary>What failed within so many hours; 0: whenever.</summary>
    internal static DateTimeOffset? Since(HttpContext context) => context.Whole("since_hours", 0, HoursMax, 24) is > 0 and var hours
        ? context.RequestServices.GetRequiredService<ICluster>().Now - TimeSpan.FromHours(hours)
        : null;

    private static bool? Recovered(HttpContext context) => context.Text("status") switch
    {
        null or "all" => null,
        "recovered" => true,
        "unrecovered" => false,
        _ => throw RefusedException.Wrong("status is all, recovered or unrecovered."),
    };

    private static Guid Id(HttpContext context) =>
        Guid.TryParseExact((string)context.Request.RouteValues["failure_id"]!, "D", out var id) ? id : throw RefusedException.Wrong("failure_id is a UUID.");

    private static RefusedException Unknown(HttpContext context) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no failure {context.Request.RouteValues["failure_id"]}."));

    internal static IFailureBook Book(HttpContext context) => context.RequestServices.GetRequiredService<IFailureBook>();
}
