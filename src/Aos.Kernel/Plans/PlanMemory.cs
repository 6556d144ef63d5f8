using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What the templates of a plan read of the tenant's memory.</summary>
internal static class PlanMemory
{
    /// <summary>Entries that one step may read.</summary>
    internal const int ReadsMax = 64;

    /// <summary>All that a step reads, its compensation included, each once.</summary>
    internal static ImmutableArray<MemoryPath> Of(PlanStep step, string path, PlanReport report)
    {
        var found = new Found();
        found.Expression(step.When);
        found.Expression(step.Repeat?.Until);
        found.Text(step.IdempotencyKey);
        found.Template(step.Params);
        found.Template(step.ForEach);
        found.Template(step.SleepFrom);
        found.Template(step.Child?.Inputs);
        found.Template(step.Await?.Approval?.Message);
        found.Template(step.Compensate?.Params);
        if (step.Agent is { } agent)
        {
            found.Template(agent.Goal);
            found.Template(agent.System);
            found.Template(agent.Approval.Message);
        }

        return found.All(path, report);
    }

    internal static ImmutableArray<MemoryPath> Of(JsonElement? template, string path, PlanReport report)
    {
        var found = new Found();
        found.Template(template);
        return found.All(path, report);
    }

    private struct Found
    {
        private SortedDictionary<string, MemoryPath>? reads;

        internal void Expression(string? text)
        {
            // Most steps read nothing: they are not parsed again for it.
            if (text is null || !text.Contains("memory", StringComparison.Ordinal)) return;
            foreach (var read in Kernel.Expression.References(text).Memory) (reads ??= new(StringComparer.Ordinal)).TryAdd(read.ToString(), read);
        }

        internal void Text(string? template)
        {
            if (template is not null && template.Contains("memory", StringComparison.Ordinal)) Template(Json.Of(template));
        }

        internal void Template(JsonElement? template)
        {
            if (template is not { ValueKind: not JsonValueKind.Undefined } value || value.Raw().IndexOf("memory"u8) < 0) return;
            foreach (var (_, text) in Kernel.Template.Expressions(value, "")) Expression(text);
        }

        internal readonly ImmutableArray<MemoryPath> All(string path, PlanReport report)
        {
            if (reads is null) return [];
            if (reads.Count > ReadsMax) report.Problem(path, "INVALID_PLAN", $"It reads {reads.Count} entries of memory, {ReadsMax} are the most.");
            return [.. reads.Values];
        }
    }
}
