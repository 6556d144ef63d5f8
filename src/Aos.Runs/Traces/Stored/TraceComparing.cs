using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Compares two traces of either kind. Two runs are compared by their own root; a run and a client's trace both in schema 1.1, the form that
/// they have in common.
/// </summary>
internal static class TraceComparing
{
    internal static TraceComparison Of(AnyTrace first, AnyTrace second)
    {
        var isOwn = first.Run is not null && second.Run is not null;
        var (a, b) = (Side.Of(first, isOwn), Side.Of(second, isOwn));
        var found = new TraceDiff.Found();
        found.Add("root_hash", a.Root, b.Root);
        found.Add("seed", Json.Parse(a.Seed), Json.Parse(b.Seed));
        found.Add("frozen_timestamp", a.Timestamp, b.Timestamp);
        found.Add("step_count", Json.Of(a.Steps.Count), Json.Of(b.Steps.Count));
        for (var i = 0; i < a.Steps.Count && i < b.Steps.Count; i++)
        {
            found.Add($"step[{i}].skill_name", a.Steps[i].Skill, b.Steps[i].Skill);
            found.Add($"step[{i}].outcome_category", a.Steps[i].Category, b.Steps[i].Category);
        }

        return new TraceComparison(a.Root, b.Root, new TraceDiff(found.Differences));
    }

    private sealed record Side(string? Root, string Seed, string? Timestamp, IReadOnlyList<(string Skill, string Category)> Steps)
    {
        internal static Side Of(AnyTrace trace, bool isOwn)
        {
            if (trace.Stored is { } stored)
                return new Side(stored.Head.RootHash, stored.Head.Seed, stored.Sdk.Timestamp, [.. stored.Steps.Select(step => (step.SkillName, step.Category))]);
            var state = trace.Run!.State;
            var steps = StepView.Server(state).Where(step => isOwn || step.Status != "retry").Select(step => (step.SkillName, step.Category)).ToList();
            if (isOwn) return new Side(state.End?.RootHash, state.Start!.Seed.ToString(CultureInfo.InvariantCulture), null, steps);
            var sdk = StepView.Sdk(state);
            return new Side(sdk.RootHash, sdk.Seed, sdk.Timestamp, steps);
        }
    }
}
