using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/drift</c>: what memory changed, of two runs or of two executions that are sent along.</summary>
internal static class MemoryDriftRoutes
{
    private static readonly string[] Members = ["baseline", "ignored_fields", "memory", "threshold"];

    internal static void MapMemoryDrift(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/memory/drift", OfRunsAsync);
        routes.MapPost("/api/v1/memory/drift", OfTracesAsync);
    }

    [Needs("run:read", OpenInDevelopment = true, Weight = 5)]
    private static async Task OfRunsAsync(HttpContext context)
    {
        context.ForTenant(context.Text("tenant_id"));
        var (baseline, memory) = (await RunAsync(context, "baseline"), await RunAsync(context, "memory"));
        string[] ignored = context.Text("ignore") is { } names ? names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
        await ReplyAsync(context, TraceOfRun.Of(baseline), TraceOfRun.Of(memory), ignored, context.Whole("threshold", 0, 100, (int)DriftDetector.DefaultThreshold));
    }

    [Needs("memory_pin:read", Weight = 5)]
    private static async Task OfTracesAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        foreach (var member in body.EnumerateObject().Where(member => !Members.Contains(member.Name)))
            throw new RefusedException(FailureCatalog.Fail("UNKNOWN_MEMBER", $"{Asked.Short(member.Name)}: there are {string.Join(", ", Members)}."), 400);
        await ReplyAsync(context, Trace(body, "baseline"), Trace(body, "memory"), Ignored(body), Threshold(body));
    }

    private static async Task ReplyAsync(HttpContext context, ExecutionTrace baseline, ExecutionTrace memory, IReadOnlyList<string> ignored, double threshold)
    {
        if (ignored.Count > IMemoryDrift.IgnoredMax) throw RefusedException.Wrong($"{ignored.Count} fields to leave out, {IMemoryDrift.IgnoredMax} are the most.");
        var result = context.RequestServices.GetRequiredService<IMemoryDrift>().Compare(baseline, memory, ignored, threshold);
        await context.ReplyAsync(result.WriteTo);
    }

    private static async Task<RunState> RunAsync(HttpContext context, string name)
    {
        var asked = context.Text(name) ?? throw RefusedException.Wrong($"{name} is missing: the id of a run.");
        var state = RunId.TryParse(asked, out var id) ? await context.RequestServices.GetRequiredService<IRuns>().ReadAsync(context.Caller(), id, context.RequestAborted) : null;
        if (state is null) throw new RefusedException(FailureCatalog.Fail("RUN_NOT_FOUND", $"{name}: there is no run {Asked.Short(asked)}."));
        return state.Status.IsOver() ? state : throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", $"{name}: run {asked} is not over yet; compare it when it is."), 409);
    }

    private static ExecutionTrace Trace(JsonElement body, string name)
    {
        var (trace, problem) = ExecutionTraceText.Read(body.Get(name) ?? throw RefusedException.Wrong($"{name} is missing: an execution with its steps."), name);
        return trace ?? throw RefusedException.Wrong(problem!);
    }

    private static List<string> Ignored(JsonElement body)
    {
        if (body.Get("ignored_fields") is not { } list) return [];
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)) throw RefusedException.Wrong("ignored_fields: a list of names.");
        return [.. list.EnumerateArray().Select(item => item.GetString()!)];
    }

    private static double Threshold(JsonElement body)
    {
        if (body.Get("threshold") is not { } value) return DriftDetector.DefaultThreshold;
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is >= 0 and <= 100 and var threshold ? threshold : throw RefusedException.Wrong("threshold: a number from 0 to 100.");
    }
}
