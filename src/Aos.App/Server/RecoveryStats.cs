using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Suggestions, counted.</summary>
internal static class RecoveryStats
{
    /// <summary>Rows of a table of codes.</summary>
    private const int TopMax = 20;

    [Needs("failure:read", OpenInDevelopment = true)]
    internal static async Task StatsAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var since = KeptFailureRoutes.Since(context);
        var until = context.RequestServices.GetRequiredService<ICluster>().Now;
        var counts = await RecoveryRoutes.Desk(context).CountAsync(context.Caller(), since, TopMax, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            Figures(writer, counts);
            Table(writer, "by_mode", "recovery_mode", counts, one => RecoveryWire.ModeOf(one.Entry is { } entry ? FailureCatalog.Find(entry) : null));
            Table(writer, "by_error_code", "error_code", [.. counts.Where(one => one.Code is not null)], one => one.Code!);
            Table(writer, "by_action", "action", counts, one => one.Kind.Wire());
            FailureStats.TimeRange(writer, since, until);
            writer.WriteEndObject();
        });
    }

    /// <summary>Accepted is what was approved, applied since or not; succeeded is counted among what succeeded or failed.</summary>
    private static void Figures(Utf8JsonWriter writer, IReadOnlyCollection<RecoveryCount> counts)
    {
        long Of(RecoveryStatus status) => counts.Where(one => one.Status == status).Sum(one => one.Count);
        long Ended(RecoveryResult? result) => counts.Where(one => one.Status == RecoveryStatus.Applied && one.Result == result).Sum(one => one.Count);
        var (approved, rejected, applied) = (Of(RecoveryStatus.Approved), Of(RecoveryStatus.Rejected), Of(RecoveryStatus.Applied));
        writer.WriteNumber("total", counts.Sum(one => one.Count));
        writer.WriteStartObject("by_status");
        writer.WriteNumber("proposed", Of(RecoveryStatus.Proposed));
        writer.WriteNumber("approved", approved);
        writer.WriteNumber("rejected", rejected);
        writer.WriteNumber("applied", applied);
        writer.WriteEndObject();
        writer.WriteNumber("acceptance_rate", FailureStats.Rate(approved + applied, approved + applied + rejected));
        writer.WriteStartObject("outcomes");
        foreach (var result in Enum.GetValues<RecoveryResult>()) writer.WriteNumber(result.ToString().ToLowerInvariant(), Ended(result));
        writer.WriteNumber("pending", Ended(null));
        writer.WriteEndObject();
        writer.WriteNumber("success_rate", FailureStats.Rate(Ended(RecoveryResult.Succeeded), Ended(RecoveryResult.Succeeded) + Ended(RecoveryResult.Failed)));
    }

    private static void Table(Utf8JsonWriter writer, string name, string of, IReadOnlyList<RecoveryCount> counts, Func<RecoveryCount, string> key)
    {
        writer.WriteStartArray(name);
        foreach (var group in counts.GroupBy(key, StringComparer.Ordinal).OrderByDescending(group => group.Sum(one => one.Count)).ThenBy(group => group.Key, StringComparer.Ordinal).Take(TopMax))
        {
            writer.WriteStartObject();
            writer.WriteString(of, group.Key);
            Figures(writer, [.. group]);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
