using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;

namespace Aos.App.Server;

/// <summary>
/// <c>/workflow/*</c>: health of the engine apart from that of the server. Whether it is there and can work is open, as probes have no
/// key; how it is set up is not.
/// </summary>
internal static class WorkflowHealthRoutes
{
    internal static void MapWorkflowHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/workflow/healthz", LiveAsync);
        routes.MapGet("/workflow/readyz", ReadyAsync);
        routes.MapGet("/workflow/status", StatusAsync);
        routes.MapGet("/workflow/config", ConfigAsync);
    }

    [Open("Probes have no key.")]
    private static Task LiveAsync(HttpContext context) => AnswerAsync(context, 200, writer =>
    {
        writer.WriteString("status", "ok");
        writer.WriteString("service", "workflow_engine");
    });

    [Open("Probes have no key.")]
    private static async Task ReadyAsync(HttpContext context)
    {
        var (engine, store, golden) = await ChecksAsync(context);
        var isReady = engine && store && golden;
        if (!isReady) context.Response.Headers.RetryAfter = "1";
        await AnswerAsync(context, isReady ? 200 : 503, writer =>
        {
            writer.WriteBoolean("ready", isReady);
            writer.WriteStartObject("checks");
            writer.WriteBoolean("engine_enabled", engine);
            writer.WriteBoolean("checkpoint_store", store);
            writer.WriteBoolean("golden_writer", golden);
            writer.WriteEndObject();
        });
    }

    [Needs("metrics:read", OpenInDevelopment = true)]
    private static async Task StatusAsync(HttpContext context)
    {
        var (engine, store, golden) = await ChecksAsync(context);
        var load = context.RequestServices.GetRequiredService<IRunLoad>();
        await load.LookAsync(context.RequestAborted);
        var saved = await context.RequestServices.GetRequiredService<NewestSave>().AtAsync(context.RequestAborted);
        await AnswerAsync(context, 200, writer =>
        {
            writer.WriteString("service", "workflow_engine");
            writer.WriteBoolean("enabled", engine);
            writer.WriteStartObject("components");
            writer.WriteBoolean("checkpoint_store", store);
            writer.WriteBoolean("golden_recorder", golden);
            writer.WriteBoolean("policy_enforcer", true);
            writer.WriteEndObject();
            if (saved is { } at) writer.WriteString("last_checkpoint_at", at.UtcDateTime);
            else writer.WriteNull("last_checkpoint_at");
            writer.WriteNumber("active_runs", load.Live);
            writer.WriteNumber("queued_runs", load.Queued);
            WritePolicy(writer, context.RequestServices);
            writer.WriteStartObject("environment");
            writer.WriteBoolean("GOLDEN_SECRET_SET", Composition.Secrets.Find("GOLDEN_SECRET").Value is { Length: > 0 });
            writer.WriteEndObject();
        });
    }

    [Needs("metrics:read", OpenInDevelopment = true)]
    private static Task ConfigAsync(HttpContext context)
    {
        var runs = context.RequestServices.GetRequiredService<RunsOptions>();
        return AnswerAsync(context, 200, writer =>
        {
            writer.WriteStartObject("engine");
            writer.WriteBoolean("enabled", !context.RequestServices.GetRequiredService<INode>().IsDraining);
            writer.WriteString("checkpoint_store_type", context.RequestServices.GetRequiredService<IDatabase>().Dialect.ToString().ToLowerInvariant());
            writer.WriteString("golden_recorder_type", "signed");
            writer.WriteEndObject();
            WritePolicy(writer, context.RequestServices);
            writer.WriteStartObject("environment");
            writer.WriteNumber("AOS_CALLS_MAX", runs.CallsMax);
            writer.WriteNumber("AOS_RUNS_LIVE_MAX", runs.LiveMax);
            writer.WriteNumber("AOS_QUEUE_MAX", runs.QueueMax);
            writer.WriteEndObject();
        });
    }

    /// <summary>What holds where neither the plan nor the agent says another limit.</summary>
    private static void WritePolicy(Utf8JsonWriter writer, IServiceProvider services)
    {
        var agents = services.GetRequiredService<AgentOptions>();
        writer.WriteStartObject("policy");
        writer.WriteNull("step_ceiling_cents"); // Each step's max_cost says it; without one the run's budget holds.
        writer.WriteNumber("workflow_ceiling_cents", agents.RunMaxCents);
        writer.WriteNumber("day_ceiling_cents", agents.DayMaxCents);
        writer.WriteBoolean("require_idempotency", true);
        writer.WriteBoolean("emergency_stop_enabled", services.GetRequiredService<IKillSwitches>().Known.All.Any(one => one.Scope == KillScope.House)); // Those of tenants are theirs to see.
        writer.WriteEndObject();
    }

    /// <summary>Runs are taken; a row could just be written; recordings could be signed.</summary>
    private static async Task<(bool Engine, bool Store, bool Golden)> ChecksAsync(HttpContext context)
    {
        var store = await context.RequestServices.GetRequiredService<StoreProbe>().ProblemAsync(context.RequestAborted) is null;
        return (!context.RequestServices.GetRequiredService<INode>().IsDraining, store, store && await SignsAsync(context));
    }

    private static async Task<bool> SignsAsync(HttpContext context)
    {
        try
        {
            await context.RequestServices.GetRequiredService<IKeyring>().PublicKeysAsync(context.RequestAborted);
            return true;
        }
        catch (Exception e) when (e is JournalUnavailableException or DbException or KeyringLockedException)
        {
            return false;
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> members) => context.ReplyAsync(
        writer =>
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteString("ts", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
            writer.WriteEndObject();
        },
        status);
}
