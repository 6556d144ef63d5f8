using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Health, version, skills.</summary>
internal static class ServiceRoutes
{
    internal static void MapService(this IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/health", "/healthz", "/readyz", "/ready", "/health/ready", "/health/live" }) routes.MapGet(path, HealthAsync);
        routes.MapGet("/version", VersionAsync);
        routes.MapGet("/skills", SkillsAsync);
        routes.MapGet("/api/v1/runtime/skills", SkillsAsync);
    }

    [Open("Probes have no key.")]
    private static async Task HealthAsync(HttpContext context)
    {
        // A real read: a store that cannot be read is not healthy.
        await context.RequestServices.GetRequiredService<IRunRows>().NextWakeAsync(context.RequestAborted);
        await context.ReplyAsync(Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "healthy");
            writer.WriteBoolean("ok", true);
            writer.WriteBoolean("ready", true);
            writer.WriteString("service", "aos");
            writer.WriteString("database", "connected");
            writer.WriteString("version", Cli.CommandLine.Version);
            writer.WriteString("timestamp", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
            writer.WriteEndObject();
        }));
    }

    [Open("Clients ask for the version before they have a key.")]
    private static Task VersionAsync(HttpContext context) => context.ReplyAsync(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("service", "aos");
        writer.WriteString("version", Cli.CommandLine.Version);
        writer.WriteString("api_version", "v1");
        writer.WriteEndObject();
    }));

    [Needs(Permission.SkillsRead, OpenInDevelopment = true)]
    private static Task SkillsAsync(HttpContext context)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>().All.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        return context.ReplyAsync(Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("skills");
            foreach (var (name, _) in skills) writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteNumber("count", skills.Count);
            writer.WriteStartObject("descriptors");
            foreach (var (name, skill) in skills)
            {
                writer.WriteStartObject(name);
                writer.WriteString("name", name);
                writer.WriteString("version", skill.Contract.Version);
                writer.WriteString("description", skill.Contract.Description);
                writer.WriteString("effect_class", skill.Contract.Effect.ToString());
                writer.WritePropertyName("inputs_schema");
                skill.InputSchema.WriteTo(writer);
                writer.WritePropertyName("outputs_schema");
                skill.OutputSchema.WriteTo(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }));
    }
}
