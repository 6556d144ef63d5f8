using System.Security.Cryptography;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Two runs side by side, and runs that begin where another one stood.</summary>
internal static class ForkRoutes
{
    private const int ReasonMax = 1_000;

    private static readonly Permission RunRead = new("run", "read");

    private static readonly string[] Members = ["budget_cents", "from_event", "from_step", "idempotency_key", "inputs", "model", "plan", "reason", "seed", "wait"];

    internal static void MapForks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/runs/{a}/diff/{b}", DiffAsync);
        routes.MapPost("/api/v1/runs/{id}/fork", ForkAsync);
    }

    [Needs("run:read", OpenInDevelopment = true, Weight = 5)]
    private static async Task DiffAsync(HttpContext context)
    {
        var comparison = RunComparison.Of(await RunAsync(context, "a"), await RunAsync(context, "b"));
        await context.ReplyAsync(comparison.WriteTo);
    }

    [Needs("run:write", OpenInDevelopment = true, Weight = 5)]
    private static async Task ForkAsync(HttpContext context)
    {
        await NeedReadAsync(context);
        var body = await context.ObjectBodyAsync();
        var seconds = RunRequest.Wait(context, body, 0);
        var origin = RunRoutes.Id(context);
        var id = await context.RequestServices.GetRequiredService<IForks>().ForkAsync(context.Caller(), origin, Read(context, origin, body), context.RequestAborted) switch
        {
            null => throw RunRoutes.Unknown(context),
            StartReply.Started started => started.Run,
            StartReply.Existing existing => existing.Run,
            StartReply.KeyConflict conflict => throw new RefusedException(FailureCatalog.Fail(
                "IDEMPOTENCY_CONFLICT", $"The idempotency key was used for run {conflict.Run} with another request.")),
            StartReply.Refused refused => throw new RefusedException(refused.Why),
            _ => throw new InvariantBrokenException("A fork was answered with something unknown."),
        };
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        var state = seconds > 0
            ? await runs.WaitAsync(context.Caller(), id, TimeSpan.FromSeconds(seconds), context.RequestAborted)
            : await runs.ReadAsync(context.Caller(), id, context.RequestAborted);
        await context.ReplyAsync(writer => RunWire.Write(writer, state!), 201);
    }

    /// <summary>A fork holds what its origin holds: whoever may start runs and not read them may not have one.</summary>
    private static async Task NeedReadAsync(HttpContext context)
    {
        var decision = await context.RequestServices.GetRequiredService<IIdentity>().DecideAsync(context.Caller(), RunRead, false, context.RequestAborted);
        if (!decision.IsAllowed) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"A fork shows what its origin holds: it needs {RunRead} too."));
    }

    private static ForkRequest Read(HttpContext context, RunId origin, JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!Members.Contains(member.Name))
                throw new RefusedException(FailureCatalog.Fail("UNKNOWN_MEMBER", $"{Asked.Short(member.Name)}: there are {string.Join(", ", Members)}."), 400);
        }

        var (step, seq) = (RunRequest.Bounded(body, "from_step", RunRequest.NameMax), Event(body));
        if ((step is null) == (seq is null)) throw RefusedException.Wrong("A fork needs from_step (id of the first step to do anew) or from_event (number of an event), one of them.");
        return new ForkRequest(step, seq)
        {
            Inputs = Given(body, "inputs"),
            Plan = Given(body, "plan"),
            Seed = RunRequest.Seed(body),
            Model = RunRequest.Bounded(body, "model", RunRequest.NameMax),
            Budget = RunRequest.Budget(body),
            Reason = Asked.Storable("reason", RunRequest.Bounded(body, "reason", ReasonMax) ?? $"asked by {context.Caller().Principal}"),
            Key = RunRequest.KeyText(context, body) is { } key ? ("runs", key, Fingerprint(origin, body)) : null,
        };
    }

    private static int? Event(JsonElement body) => body.Get("from_event") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } seq when seq.TryGetInt32(out var number) && number >= 1 => number,
        _ => throw RefusedException.Wrong("from_event is the number of an event, from 1."),
    };

    private static JsonElement? Given(JsonElement body, string name) => body.Get(name) is { ValueKind: not JsonValueKind.Null } ? body.ObjectOf(name) : null;

    /// <summary>Of the body and the run it was sent to: the same key for a fork of another run is another request.</summary>
    private static byte[] Fingerprint(RunId origin, JsonElement body) => SHA256.HashData(CanonicalJson.Bytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("fork", origin.Value);
        writer.WritePropertyName("body");
        body.WriteTo(writer);
        writer.WriteEndObject();
    })));

    private static async Task<RunState> RunAsync(HttpContext context, string name)
    {
        var asked = (string)context.Request.RouteValues[name]!;
        var state = RunId.TryParse(asked, out var id) ? await context.RequestServices.GetRequiredService<IRuns>().ReadAsync(context.Caller(), id, context.RequestAborted) : null;
        return state ?? throw new RefusedException(FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {Asked.Short(asked)}."));
    }
}
