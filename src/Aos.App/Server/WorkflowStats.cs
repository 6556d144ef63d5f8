using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>GET /api/v1/workflows/{name}/stats</c>: how the runs of a stored workflow went.</summary>
internal static class WorkflowStats
{
    /// <summary>Newest runs that are shown.</summary>
    private const int RecentMax = 10;

    /// <summary>Runs outlive their workflow: one that was deleted has figures too. One that nobody knows is not found.</summary>
    [Needs("workflow:read", OpenInDevelopment = true)]
    internal static async Task ReadAsync(HttpContext context)
    {
        await context.NeedAsync("run:read");
        var name = Asked.Storable("name", (string)context.Request.RouteValues["name"]!);
        var (tenant, rows) = (context.Caller().Tenant, context.RequestServices.GetRequiredService<IRunRows>());
        var counts = new List<(RunStatus Status, long Count)>();
        foreach (var status in Enum.GetValues<RunStatus>())
        {
            var count = await rows.CountAsync(new RunFilter(tenant, Statuses: [status], Workflow: name), context.RequestAborted);
            if (count > 0) counts.Add((status, count));
        }

        if (counts.Count == 0 && await context.RequestServices.GetRequiredService<IWorkflows>().FindAsync(tenant, name.Split('@')[0], context.RequestAborted) is null)
            throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no workflow {Asked.Short(name)}, and no run of one; aos workflows list shows them."));
        var recent = await rows.ListAsync(new RunFilter(tenant, Workflow: name, Limit: RecentMax), context.RequestAborted);
        await context.ReplyAsync(writer => Write(writer, name, counts, recent));
    }

    private static void Write(Utf8JsonWriter writer, string name, List<(RunStatus Status, long Count)> counts, IReadOnlyList<RunRow> recent)
    {
        var total = counts.Sum(one => one.Count);
        writer.WriteStartObject();
        writer.WriteString("workflow", name);
        writer.WriteNumber("total", total);
        writer.WriteStartArray("statuses");
        foreach (var (status, count) in counts)
        {
            writer.WriteStartObject();
            writer.WriteString("status", status.Wire());
            writer.WriteNumber("count", count);
            writer.WriteNumber("percent", Math.Round(100m * count / total, 1));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("recent");
        foreach (var row in recent)
        {
            writer.WriteStartObject();
            writer.WriteString("run_id", row.Id.Value);
            writer.WriteString("status", row.Status.Wire());
            writer.WriteString("workflow_id", row.Workflow);
            writer.WriteString("created_at", row.CreatedAt.UtcDateTime);
            if (row.EndedAt is { } ended) writer.WriteNumber("duration_seconds", Math.Round((decimal)(ended - row.CreatedAt).TotalSeconds, 3));
            else writer.WriteNull("duration_seconds");
            writer.WriteString("code", row.FailureCode);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
