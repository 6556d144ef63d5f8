using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/runs</c>.</summary>
internal static class RunRoutes
{
    /// <summary>Longest wait of a request, seconds.</summary>
    private const int WaitMax = 60;

    internal static void MapRuns(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/runs", CreateAsync);
        routes.MapGet("/api/v1/runs", ListAsync);
        routes.MapGet("/api/v1/runs/{id}", ReadAsync);
        routes.MapGet("/api/v1/runs/{id}/events", EventsAsync);
        routes.MapPost("/api/v1/runs/{id}/{order:regex(^(cancel|pause|resume|retry)$)}", OrderAsync);
        routes.MapPost("/api/v1/runs/{id}/signals/{name}", SignalAsync);
        routes.MapPost("/api/v1/runs/{id}/steps/{step}/resolve", ResolveAsync);
    }

    [Needs(Permission.RunsWrite, OpenInDevelopment = true)]
    private static async Task CreateAsync(HttpContext context)
    {
        var body = await context.BodyAsync();
        if (body.ValueKind is not JsonValueKind.Object) throw Wrong("The body is an object with a plan.");
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        var plan = Plan(context, body);
        var key = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= 255 } header] ? header : body.GetText("idempotency_key");
        var request = new StartRequest(
            body.GetText("agent_id") ?? "default", plan, Object(body, "inputs"), Seed(body), Budget(body), Labels(body),
            key is null ? null : ("runs", key, SHA256.HashData(CanonicalJson.Bytes(body))), body.GetText("goal"));
        var id = await runs.StartAsync(context.Caller(), request, context.RequestAborted) switch
        {
            StartReply.Started started => started.Run,
            StartReply.Existing existing => existing.Run,
            StartReply.KeyConflict conflict => throw new RefusedException(FailureCatalog.Fail(
                "IDEMPOTENCY_CONFLICT", $"The idempotency key was used for run {conflict.Run} with another request.")),
            StartReply.Refused refused => throw new RefusedException(refused.Why),
            _ => throw new InvariantBrokenException("A start was answered with something unknown."),
        };
        var state = Wait(context, body, 0) is > 0 and var seconds
            ? await runs.WaitAsync(context.Caller(), id, TimeSpan.FromSeconds(seconds), context.RequestAborted)
            : await runs.ReadAsync(context.Caller(), id, context.RequestAborted);
        await context.ReplyAsync(RunWire.Of(state!), 201);
    }

    [Needs(Permission.RunsRead, OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        // A client that asks once, at once, gets the end of a short run.
        var wait = Wait(context, Json.Null, 20);
        var state = await context.RequestServices.GetRequiredService<IRuns>().WaitAsync(context.Caller(), Id(context), TimeSpan.FromSeconds(wait), context.RequestAborted);
        await context.ReplyAsync(RunWire.Of(state ?? throw Unknown(context)));
    }

    [Needs(Permission.RunsRead, OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        RunId? before = query["before"] is [{ } text] ? RunId.TryParse(text, out var id) ? id : throw Wrong("before is no run id.") : null;
        var limit = query["limit"] is [{ } l] ? int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 1000 ? n : throw Wrong("limit is a number from 1 to 1000.") : 100;
        var status = query["status"] is [{ } s] ? Enum.TryParse<RunStatus>(s, true, out var parsed) && !char.IsAsciiDigit(s[0]) ? parsed : throw Wrong($"There is no status {s}.") : (RunStatus?)null;
        var rows = await context.RequestServices.GetRequiredService<IRunRows>().ListAsync(
            new RunFilter(context.Caller().Tenant, query["agent_id"] is [{ } agent] ? agent : null, status is { } one ? [one] : null, Before: before, Limit: limit), context.RequestAborted);
        await context.ReplyAsync(Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("runs");
            foreach (var row in rows)
            {
                writer.WriteStartObject();
                writer.WriteString("run_id", row.Id.ToString());
                writer.WriteString("status", row.Status.Wire());
                writer.WriteString("agent_id", row.AgentId);
                writer.WriteString("created_at", row.CreatedAt);
                if (row.FailureCode is { } code) writer.WriteString("code", code);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("count", rows.Count);
            if (rows.Count == limit) writer.WriteString("next_before", rows[^1].Id.ToString());
            writer.WriteEndObject();
        }));
    }

    [Needs(Permission.RunsRead, OpenInDevelopment = true)]
    private static async Task EventsAsync(HttpContext context)
    {
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        if (await runs.ReadAsync(context.Caller(), Id(context), context.RequestAborted) is null) throw Unknown(context);
        var after = context.Request.Headers["Last-Event-ID"] is [{ } last] && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq : 0;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        await foreach (var entry in runs.FollowAsync(context.Caller(), Id(context), after, context.RequestAborted))
        {
            await context.Response.WriteAsync($"id: {entry.Seq}\nevent: {entry.Kind}\ndata: {Encoding.UTF8.GetString(entry.Body.Span)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    [Needs(Permission.RunsOperate, OpenInDevelopment = true)]
    private static Task OrderAsync(HttpContext context)
    {
        var reason = context.Request.Query["reason"] is [{ } text] ? text : "asked over HTTP";
        return CommandAsync(context, (string)context.Request.RouteValues["order"]! switch
        {
            "cancel" => new CancelRun(reason),
            "pause" => new PauseRun(reason),
            "resume" => new ResumeRun(reason),
            _ => new RetryRun(reason),
        });
    }

    [Needs(Permission.RunsOperate, OpenInDevelopment = true)]
    private static async Task SignalAsync(HttpContext context)
    {
        var payload = context.Request.ContentLength is null or 0 ? Json.Null : await context.BodyAsync();
        var id = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= 255 } key] ? key : Guid.CreateVersion7().ToString("D");
        await CommandAsync(context, new SignalRun(id, (string)context.Request.RouteValues["name"]!, payload));
    }

    [Needs(Permission.RunsOperate, OpenInDevelopment = true)]
    private static async Task ResolveAsync(HttpContext context)
    {
        var body = await context.BodyAsync();
        var verdict = body.GetText("verdict") switch
        {
            "done" => ResolveVerdict.Done,
            "not_done" => ResolveVerdict.NotDone,
            "abort" => ResolveVerdict.Abort,
            _ => throw Wrong("verdict is done, not_done or abort."),
        };
        var item = body.Get("item") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt32(out var index) ? index : -1;
        await CommandAsync(context, new ResolveStep((string)context.Request.RouteValues["step"]!, item, verdict, body.Get("result") ?? Json.Null));
    }

    private static async Task CommandAsync(HttpContext context, RunCommand command)
    {
        switch (await context.RequestServices.GetRequiredService<IRuns>().CommandAsync(context.Caller(), Id(context), command, context.RequestAborted))
        {
            case CommandReply.Done done:
                await context.ReplyAsync(RunWire.Of(done.State));
                break;
            case CommandReply.Refused refused:
                throw new RefusedException(refused.Why);
            default:
                throw Unknown(context);
        }
    }

    private static Plan Plan(HttpContext context, JsonElement body)
    {
        var source = body.Get("plan") is { ValueKind: JsonValueKind.Object } inner ? inner : body;
        if (source.Get("steps") is null && source.Get("plan") is null) throw Wrong("A run needs a plan: {\"plan\": [{\"skill\": \"echo\"}]}.");
        var reading = PlanReader.Read(source, context.RequestServices.GetRequiredService<ISkills>().Terms);
        if (reading.Plan is { } plan) return plan;
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("problems");
            foreach (var problem in reading.Problems)
            {
                writer.WriteStartObject();
                writer.WriteString("path", problem.Path);
                writer.WriteString("code", problem.Code);
                writer.WriteString("message", problem.Message);
                if (problem.Suggestion is { } suggestion) writer.WriteString("suggestion", suggestion);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        var first = reading.Problems[0];
        throw new RefusedException(FailureCatalog.Fail(first.Code, $"{first.Path}: {first.Message}", null, details), 400);
    }

    private static RunId Id(HttpContext context) =>
        RunId.TryParse((string?)context.Request.RouteValues["id"], out var id) ? id : throw Unknown(context);

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {context.Request.RouteValues["id"]}."));

    private static RefusedException Wrong(string message) => new(FailureCatalog.Fail("INVALID_INPUT", message), 422);

    private static JsonElement Object(JsonElement body, string name) =>
        body.Get(name) is not { ValueKind: not JsonValueKind.Null } value ? Json.EmptyObject : value.ValueKind == JsonValueKind.Object ? value : throw Wrong($"{name} is an object.");

    private static ulong? Seed(JsonElement body) => body.Get("seed") is not { ValueKind: not JsonValueKind.Null } seed ? null
        : seed.ValueKind == JsonValueKind.Number && seed.TryGetUInt64(out var number) ? number
        : throw Wrong("seed is a whole number from 0 to 18446744073709551615.");

    private static Cents? Budget(JsonElement body) => body.Get("budget_cents") is not { ValueKind: not JsonValueKind.Null } budget ? null
        : budget.ValueKind == JsonValueKind.Number && budget.TryGetDecimal(out var cents) && cents is >= 0 and <= 9_000_000_000m ? new Cents(cents)
        : throw Wrong("budget_cents is a number from 0 to 9,000,000,000.");

    private static Dictionary<string, string> Labels(JsonElement body)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in Object(body, "labels").EnumerateObject())
            labels[label.Name] = label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString()! : throw Wrong($"labels.{label.Name} is a text.");
        return labels;
    }

    private static int Wait(HttpContext context, JsonElement body, int otherwise)
    {
        if (context.Request.Query["wait"] is [{ } text])
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= WaitMax ? seconds : throw Wrong($"wait is a number of seconds from 0 to {WaitMax}.");
        return body.Get("wait") is { ValueKind: JsonValueKind.Number } wait && wait.TryGetInt32(out var n) && n is >= 0 and <= WaitMax ? n : otherwise;
    }
}
