using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Traces, replay, exports and the keys that sign them.</summary>
internal static class TraceRoutes
{
    private const int PageMax = 1_000;
    private const int EventsMax = 10_000;
    private const int OffsetMax = 1_000_000;

    /// <summary>Longest replay, seconds.</summary>
    private const int TimeoutMax = 3_600;

    internal static void MapTraces(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/runs/{id}/trace", TraceAsync);
        routes.MapGet("/api/v1/runs/{id}/trace/export", ExportAsync);
        routes.MapGet("/api/v1/runs/{id}/trace/verify", VerifyAsync);
        routes.MapPost("/api/v1/runtime/replay/{id}", ReplayAsync);
        routes.MapPost("/api/v1/traces/{id}/replay", MatchAsync);
        routes.MapGet("/api/v1/runtime/traces", ListAsync);
        routes.MapGet("/api/v1/runtime/traces/{id}", ReadAsync);
        routes.MapGet("/api/v1/keys/public", KeysAsync);
        routes.MapPost("/api/v1/keys/rotate", RotateAsync);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task TraceAsync(HttpContext context)
    {
        var schema = context.Text("schema") ?? "2";
        if (schema is not ("2" or "1.1" or "1.1.0")) throw RefusedException.Wrong("schema is 2 or 1.1.");
        var (after, limit) = (context.Whole("after", 0, int.MaxValue, 0), context.Whole("limit", 1, EventsMax, PageMax));
        var id = Id(context) ?? throw Unknown(context);
        var trace = await Traces(context).ReadAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(context);
        if (schema != "2")
        {
            await context.ReplyAsync(writer => TraceWire.WriteSdk(writer, trace));
            return;
        }

        var run = trace.ReplayOf?.Run ?? id;
        var events = await Traces(context).EventsAsync(context.Caller(), run, after, limit, context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => TraceWire.WriteEvents(writer, trace, events, limit));
    }

    /// <summary>The stored bytes as they are, secrets included: so it needs more than reading traces does.</summary>
    [Needs("run:operate", OpenInDevelopment = true, Weight = 5)]
    private static async Task ExportAsync(HttpContext context)
    {
        var id = Id(context) ?? throw Unknown(context);
        using var buffer = new PooledBuffer();
        if (!await Traces(context).ExportAsync(context.Caller(), id, buffer, context.RequestAborted)) throw Unknown(context);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.Written.Length;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}.aos-trace.json\"";
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(buffer.Written, context.RequestAborted);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task VerifyAsync(HttpContext context)
    {
        var id = Id(context) ?? throw Unknown(context);
        var verdict = await Traces(context).VerifyAsync(context.Caller(), id, context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => TraceWire.WriteVerdict(writer, verdict));
    }

    [Needs("trace:read", OpenInDevelopment = true, Weight = 5)]
    private static async Task ReplayAsync(HttpContext context)
    {
        var asked = (string)context.Request.RouteValues["id"]!;
        var order = await OrderAsync(context);
        var result = Id(context) is { } id ? await Traces(context).ReplayAsync(context.Caller(), id, order, context.RequestAborted) : null;
        if (result is not null) Note(context, asked, result);
        result ??= new ReplayResult(false, null, null, null, null, $"Run not found: {asked}", null, null);
        await context.ReplyAsync(writer => TraceWire.WriteReplay(writer, asked, result, order.IsNamed ? order.Mode : null));
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task MatchAsync(HttpContext context)
    {
        var order = await OrderAsync(context);
        var id = Id(context) ?? throw Unknown(context);
        var result = await Traces(context).ReplayAsync(context.Caller(), id, order with { VerifyParity = true }, context.RequestAborted) ?? throw Unknown(context);
        Note(context, id.ToString(), result);
        await context.ReplyAsync(writer => TraceWire.WriteMatch(writer, id, result));
    }

    private static void Note(HttpContext context, string run, ReplayResult result) => context.RequestServices.GetRequiredService<ReplayLog>().Note(
        result.ReplayRootHash ?? result.OriginalRootHash ?? "",
        result.DivergencePoint is null && result.OriginalRootHash == result.ReplayRootHash ? null : $"run {run}: {result.Error ?? "another root hash"}");

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var (limit, offset) = (context.Whole("limit", 1, PageMax, 100), context.Whole("offset", 0, OffsetMax, 0));
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var traces = await Traces(context).ListAsync(context.Caller(), limit, offset, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("traces");
            foreach (var trace in traces) TraceWire.WriteSummary(writer, trace);
            writer.WriteEndArray();
            writer.WriteNumber("count", traces.Count);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        var asked = (string)context.Request.RouteValues["id"]!;
        var trace = Id(context) is { } id ? await Traces(context).ReadAsync(context.Caller(), id, context.RequestAborted) : null;
        if (trace is null) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"Trace not found: {Asked.Short(asked)}"));
        await context.ReplyAsync(writer => TraceWire.WriteRecord(writer, trace));
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task KeysAsync(HttpContext context)
    {
        var keys = await context.RequestServices.GetRequiredService<IKeyring>().PublicKeysAsync(context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in keys) TraceWire.WriteKey(writer, key);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    [Needs("keyring:rotate", OfHouse = true)]
    private static async Task RotateAsync(HttpContext context)
    {
        var key = await context.RequestServices.GetRequiredService<IKeyring>().RotateAsync(context.RequestAborted);
        await context.ReplyAsync(writer => TraceWire.WriteKey(writer, key), 201);
    }

    private static async Task<ReplayOrder> OrderAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        var seconds = body.Get("timeout_seconds") is not { ValueKind: not JsonValueKind.Null } timeout ? 300
            : timeout.ValueKind == JsonValueKind.Number && timeout.TryGetDouble(out var number) && number is > 0 and <= TimeoutMax ? number
            : throw RefusedException.Wrong($"timeout_seconds is a number above 0, at most {TimeoutMax}.");
        return new ReplayOrder(ReplayModes.Of(body, Flag(body, "dry_run", false)), Flag(body, "verify_parity", true), TimeSpan.FromSeconds(seconds)) { IsNamed = body.TextOf("mode") is not null };
    }

    private static bool Flag(JsonElement body, string name, bool otherwise) => body.Get(name)?.ValueKind switch
    {
        null or JsonValueKind.Null => otherwise,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    private static ITraces Traces(HttpContext context) => context.RequestServices.GetRequiredService<ITraces>();

    private static RunId? Id(HttpContext context) => RunId.TryParse((string?)context.Request.RouteValues["id"], out var id) ? id : null;

    private static RefusedException Unknown(HttpContext context) => new(FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {Asked.Short((string)context.Request.RouteValues["id"]!)}."));
}
