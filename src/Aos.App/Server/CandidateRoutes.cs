using System.Text.Json;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Unknown failures, gathered by signature.</summary>
internal static class CandidateRoutes
{
    private const int DaysMax = 365;
    private const int OccurrencesMax = 1_000_000;
    private const int TopMax = 10;

    internal static void MapCandidates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/failures/candidates", ListAsync);
        routes.MapPost("/api/v1/failures/aggregate", AggregateAsync);
    }

    [Needs("failure:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        await ReplyAsync(context, await KeptFailureRoutes.Book(context).CandidatesAsync(context.Caller(), context.RequestAborted));
    }

    [Needs("failure:write", OpenInDevelopment = true, Weight = 10)]
    private static async Task AggregateAsync(HttpContext context)
    {
        var (days, min) = (context.Whole("days", 1, DaysMax, 7), context.Whole("min_occurrences", 1, OccurrencesMax, 3));
        await ReplyAsync(context, await KeptFailureRoutes.Book(context).AggregateAsync(context.Caller(), days, min, context.RequestAborted));
    }

    private static Task ReplyAsync(HttpContext context, IReadOnlyList<FailureCandidate> candidates) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("total_patterns", candidates.Count);
        writer.WriteNumber("total_occurrences", candidates.Sum(one => one.Occurrences));
        Top(writer, "top_error_codes", "code", candidates, one => one.Code);
        Top(writer, "most_affected_skills", "skill", candidates.Where(one => one.Skill is not null), one => one.Skill!);
        writer.WriteStartArray("patterns");
        foreach (var candidate in candidates) Write(writer, candidate);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void Top(Utf8JsonWriter writer, string name, string of, IEnumerable<FailureCandidate> candidates, Func<FailureCandidate, string> key)
    {
        writer.WriteStartArray(name);
        foreach (var group in candidates.GroupBy(key, StringComparer.Ordinal).OrderByDescending(group => group.Sum(one => one.Occurrences)).ThenBy(group => group.Key, StringComparer.Ordinal).Take(TopMax))
        {
            writer.WriteStartObject();
            writer.WriteString(of, group.Key);
            writer.WriteNumber("count", group.Sum(one => one.Occurrences));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, FailureCandidate candidate)
    {
        writer.WriteStartObject();
        writer.WriteString("signature", candidate.Signature);
        writer.WriteString("error_code", candidate.Code);
        writer.WriteString("error_message", candidate.Message);
        writer.WriteString("skill_id", candidate.Skill);
        writer.WriteNumber("occurrences", candidate.Occurrences);
        writer.WriteNumber("affected_runs", candidate.Runs);
        writer.WriteNumber("affected_agents", candidate.Agents);
        writer.WriteString("first_seen", candidate.FirstAt);
        writer.WriteString("last_seen", candidate.LastAt);
        writer.WriteString("suggested_category", FailureWire.Of(candidate.Category));
        writer.WriteString("suggested_recovery", FailureWire.Of(candidate.Recovery));
        writer.WriteEndObject();
    }
}
