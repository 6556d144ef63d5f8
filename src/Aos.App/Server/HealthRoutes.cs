using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.App.Server;

/// <summary>Health: alive (the process answers), ready (the store was just written, skills are loaded, runs are taken), and how busy.</summary>
internal static class HealthRoutes
{
    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/healthz", "/health/live" }) routes.MapGet(path, LiveAsync);
        foreach (var path in new[] { "/health", "/health/ready", "/readyz", "/ready" }) routes.MapGet(path, ReadyAsync);
        routes.MapGet("/health/skills", SkillsAsync);
        routes.MapGet("/health/adapters", AdaptersAsync);
        routes.MapGet("/health/determinism", DeterminismAsync);
        routes.MapGet("/healthz/worker_pool", WorkersAsync);
    }

    [Open("Probes have no key.")]
    private static Task LiveAsync(HttpContext context) => AnswerAsync(context, 200, writer =>
    {
        writer.WriteString("status", "healthy");
        writer.WriteBoolean("ok", true);
    });

    [Open("Probes have no key.")]
    private static async Task ReadyAsync(HttpContext context)
    {
        var problem = await context.RequestServices.GetRequiredService<StoreProbe>().ProblemAsync(context.RequestAborted);
        var skills = context.RequestServices.GetRequiredService<ISkills>().All.Count;
        var isDraining = context.RequestServices.GetRequiredService<INode>().IsDraining;
        var isReady = problem is null && skills > 0 && !isDraining;
        var breaker = problem is null ? await CostBreakerRoutes.StatusAsync(context) : null;
        if (!isReady) context.Response.Headers.RetryAfter = "1";
        await AnswerAsync(context, isReady ? 200 : 503, writer =>
        {
            writer.WriteString("status", isReady ? "healthy" : "degraded");
            writer.WriteBoolean("ok", isReady);
            writer.WriteBoolean("ready", isReady);
            writer.WriteString("database", problem is null ? "connected" : "error");
            writer.WriteBoolean("api_key_configured", context.RequestServices.GetRequiredService<IIdentity>().HasKey);
            writer.WriteStartObject("checks");
            writer.WriteString("database", problem is null ? "ok" : $"error: {problem}");
            writer.WriteString("skills", skills > 0 ? $"ok ({skills} registered)" : "error: none registered");
            if (breaker is not null) writer.WriteString("costsim_breaker", breaker);
            if (context.RequestServices.GetService<ServerCertificate>() is { } certificate) WriteTls(writer, certificate);
            if (isDraining) writer.WriteString("node", "draining: it hands its runs back and takes no new ones");
            writer.WriteEndObject();
        });
    }

    /// <summary>A certificate that cannot be renewed is no reason to take no requests; until it ends.</summary>
    private static void WriteTls(Utf8JsonWriter writer, ServerCertificate certificate) => writer.WriteString(
        "tls",
        $"{(certificate.Problem is null ? "ok" : "warning: the newest certificate cannot be used, see the log; the one of before stays")} (until {certificate.Leaf.NotAfter.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'})");

    [Open("Probes have no key.")]
    private static Task SkillsAsync(HttpContext context)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        return AnswerAsync(context, 200, writer =>
        {
            writer.WriteStartObject("skills");
            foreach (var skill in SkillWire.Ordered(skills))
            {
                writer.WriteStartObject(skill.Contract.Name);
                writer.WriteString("version", skill.Contract.Version);
                writer.WriteBoolean("registered", true);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteNumber("count", skills.All.Count);
        });
    }

    /// <summary>Model providers that are configured, and the one of recorded answers. Keys are never shown.</summary>
    [Open("Probes have no key.")]
    private static Task AdaptersAsync(HttpContext context)
    {
        var models = context.RequestServices.GetRequiredService<ModelsOptions>();
        return AnswerAsync(context, 200, writer =>
        {
            writer.WriteStartObject("adapters");
            foreach (var endpoint in models.Endpoints) WriteAdapter(writer, endpoint.Name, endpoint.Model, endpoint.Seeds);
            WriteAdapter(writer, ModelsOptions.Scripted, ModelsOptions.Scripted, true);
            writer.WriteEndObject();
            writer.WriteString("default", models.DefaultProvider);
            SkillWire.WriteTexts(writer, "problems", models.Problems);
        });
    }

    private static void WriteAdapter(Utf8JsonWriter writer, string name, string model, bool seeds)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("registered", true);
        writer.WriteString("default_model", model);
        writer.WriteBoolean("supports_seeding", seeds);
        writer.WriteEndObject();
    }

    [Open("Probes have no key.")]
    private static Task DeterminismAsync(HttpContext context)
    {
        var replays = context.RequestServices.GetRequiredService<ReplayLog>();
        return AnswerAsync(context, 200, writer =>
        {
            writer.WriteStartObject("determinism");
            replays.Write(writer);
            writer.WriteEndObject();
        });
    }

    /// <summary>Runs share one thread pool, as wide as the machine: what is configured, and what it does now.</summary>
    [Open("Probes have no key.")]
    private static Task WorkersAsync(HttpContext context)
    {
        var load = context.RequestServices.GetRequiredService<IRunLoad>();
        return AnswerAsync(context, 200, writer =>
        {
            writer.WriteNumber("worker_pool_configured", Environment.ProcessorCount);
            writer.WriteString("status", "active");
            writer.WriteNumber("live_runs", load.Live);
            writer.WriteNumber("threads", ThreadPool.ThreadCount);
            writer.WriteNumber("pending_work_items", ThreadPool.PendingWorkItemCount);
        });
    }

    private static Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> members) => context.ReplyAsync(
        writer =>
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteString("service", "aos");
            writer.WriteString("version", Cli.CommandLine.Version);
            writer.WriteString("timestamp", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
            writer.WriteEndObject();
        },
        status);
}

/// <summary>Replays of this process, for <c>/health/determinism</c>: whether the last ones came out as they were.</summary>
internal sealed class ReplayLog(TimeProvider clock)
{
    private readonly Lock gate = new();
    private int count;
    private (string RootHash, DateTimeOffset At)? last;
    private string? drift;

    /// <summary>Notes a replay; <paramref name="difference"/> is null when it came out equal.</summary>
    internal void Note(string rootHash, string? difference)
    {
        lock (gate)
        {
            count++;
            last = (rootHash, clock.GetUtcNow());
            drift = difference ?? drift;
        }
    }

    internal void Write(Utf8JsonWriter writer)
    {
        lock (gate)
        {
            writer.WriteNumber("replay_count", count);
            writer.WriteBoolean("drift_detected", drift is not null);
            if (drift is not null) writer.WriteString("drift_details", drift);
            if (last is not { } newest) return;
            writer.WriteString("last_replay_hash", newest.RootHash);
            writer.WriteString("last_replay_at", newest.At.UtcDateTime);
        }
    }
}
