using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Failures, counted.</summary>
internal static class FailureStats
{
    private const int TopMax = 10;

    [Needs("failure:read", OpenInDevelopment = true)]
    internal static async Task StatsAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var since = KeptFailureRoutes.Since(context);
        var until = context.RequestServices.GetRequiredService<ICluster>().Now;
        var counts = await KeptFailureRoutes.Book(context).CountAsync(context.Caller(), since, TopMax, context.RequestAborted);
        await context.ReplyAsync(writer => Write(writer, counts, since, until));
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<FailureCount> counts, DateTimeOffset? since, DateTimeOffset until)
    {
        var (total, matched) = (counts.Sum(one => one.Count), counts.Where(one => one.Entry is not null).Sum(one => one.Count));
        var (attempted, recovered) = (counts.Sum(one => one.Attempted), counts.Sum(one => one.Recovered));
        writer.WriteStartObject();
        writer.WriteNumber("total_failures", total);
        writer.WriteNumber("matched_failures", matched);
        writer.WriteNumber("unmatched_failures", total - matched);
        writer.WriteNumber("hit_rate", Rate(matched, total));
        writer.WriteNumber("recovery_attempts", attempted);
        writer.WriteNumber("recovery_success_rate", Rate(recovered, attempted));
        Top(writer, "top_error_codes", "error_code", [.. counts.Where(one => one.Code is not null)], one => one.Code!);
        Top(writer, "top_categories", "category", counts, one => EntryOf(one) is { } entry ? FailureWire.Of(entry.Category) : "UNKNOWN");
        writer.WriteStartObject("by_severity");
        foreach (var (severity, count) in Sums(counts, one => EntryOf(one) is { } entry ? FailureWire.Of(FailureTraits.SeverityOf(entry)) : "UNKNOWN")) writer.WriteNumber(severity, count);
        writer.WriteEndObject();
        TimeRange(writer, since, until);
        writer.WriteEndObject();
    }

    /// <param name="since">Null: from the first one kept.</param>
    internal static void TimeRange(Utf8JsonWriter writer, DateTimeOffset? since, DateTimeOffset until)
    {
        writer.WriteStartObject("time_range");
        if (since is { } from) writer.WriteString("since", from);
        else writer.WriteNull("since");
        writer.WriteString("until", until);
        writer.WriteEndObject();
    }

    private static void Top(Utf8JsonWriter writer, string name, string of, IReadOnlyList<FailureCount> counts, Func<FailureCount, string> key)
    {
        writer.WriteStartArray(name);
        foreach (var (value, count) in Sums(counts, key).Take(TopMax))
        {
            writer.WriteStartObject();
            writer.WriteString(of, value);
            writer.WriteNumber("count", count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<(string Key, long Count)> Sums(IReadOnlyList<FailureCount> counts, Func<FailureCount, string> key) => counts
        .GroupBy(key, StringComparer.Ordinal)
        .Select(group => (group.Key, group.Sum(one => one.Count)))
        .OrderByDescending(pair => pair.Item2).ThenBy(pair => pair.Key, StringComparer.Ordinal);

    private static FailureEntry? EntryOf(FailureCount count) => count.Entry is { } code ? FailureCatalog.Find(code) : null;

    /// <summary>Four decimals; 0 of nothing.</summary>
    internal static decimal Rate(long part, long whole) => whole == 0 ? 0 : Math.Round((decimal)part / whole, 4);
}
