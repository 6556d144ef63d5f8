using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Version, metrics, and the description of the API.</summary>
internal static class ServiceRoutes
{
    private static readonly string[] Features =
        ["durable_runs", "async_runs", "retry_logic", "idempotency_keys", "signals", "child_runs", "skill_registry", "live_events", "status_history"];

    /// <param name="areMetricsOpen">True: <c>/metrics</c> asks for no key.</param>
    internal static void MapService(this IEndpointRouteBuilder routes, bool areMetricsOpen)
    {
        routes.MapGet("/version", VersionAsync);
        routes.MapGet("/metrics", areMetricsOpen ? OpenMetricsAsync : MetricsAsync);
        routes.MapGet("/openapi.json", OpenApiAsync);
        routes.MapGet("/openapi-download", DownloadAsync);
        routes.MapGet("/docs", DocsAsync);
    }

    [Open("Clients ask for the version before they have a key.")]
    private static Task VersionAsync(HttpContext context) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("service", "aos");
        writer.WriteString("version", Cli.CommandLine.Version);
        writer.WriteString("api_version", "v1");
        writer.WriteString("phase", "durable-runs");
        SkillWire.WriteTexts(writer, "features", Features);
        writer.WriteString("planner_backend", Environment.GetEnvironmentVariable("PLANNER_BACKEND") is { Length: > 0 } planner ? planner : "rules");
        writer.WriteString("event_publisher", "journal");
        writer.WriteNumber("worker_concurrency", Environment.ProcessorCount);
        RuntimeRoutes.WriteVersions(writer, context.RequestServices.GetRequiredService<ISkills>());
        writer.WriteEndObject();
    });

    [Needs("metrics:read", OpenInDevelopment = true)]
    private static Task MetricsAsync(HttpContext context) => WriteMetricsAsync(context);

    [Open("AOS_METRICS=open says so.")]
    private static Task OpenMetricsAsync(HttpContext context) => WriteMetricsAsync(context);

    private static async Task WriteMetricsAsync(HttpContext context)
    {
        await context.RequestServices.GetRequiredService<IRunLoad>().LookAsync(context.RequestAborted);
        foreach (var one in context.RequestServices.GetServices<IScraped>()) await one.LookAsync(context.RequestAborted);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(context.RequestServices.GetRequiredService<MetricsPage>().Text(), Encoding.UTF8, context.RequestAborted);
    }

    [Open("The description of the API holds no data.")]
    private static Task OpenApiAsync(HttpContext context) => context.ReplyAsync(OpenApiPage.Of(context).WriteTo);

    [Open("The description of the API holds no data.")]
    private static Task DownloadAsync(HttpContext context)
    {
        context.Response.Headers.ContentDisposition = "attachment; filename=openapi.json";
        return context.ReplyAsync(OpenApiPage.Of(context).WriteTo);
    }

    [Open("The description of the API holds no data.")]
    private static Task DocsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(OpenApiPage.Html(context), Encoding.UTF8, context.RequestAborted);
    }
}
