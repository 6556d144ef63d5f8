using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// The part of the safety checks that asks the world: what names resolve to, and which private targets the house lets out all
/// the same. A name that does not resolve now is left to the guard at the call.
/// </summary>
internal sealed class TargetScreen(IEgress egress, AgentOptions options, TimeProvider clock)
{
    /// <summary>Names looked at in one goal or plan; the guard at the call sees the others.</summary>
    private const int TargetsMax = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    internal async Task<SanitizedGoal> GoalAsync(string goal, CancellationToken cancel)
    {
        var limits = options.Goals;
        if (goal.Length > limits.LengthMax || !limits.SanitizeUrls) return GoalSanitizer.Check(goal, limits);
        return GoalSanitizer.Check(goal, limits, await JudgeAsync(GoalSanitizer.Urls(goal), cancel));
    }

    /// <summary>Inspects a plan, its targets' names resolved.</summary>
    internal async Task<Inspection> PlanAsync(Plan plan, IReadOnlyDictionary<string, SkillTerms> terms, InspectionLimits limits, Cents? budget, CancellationToken cancel)
    {
        var inspection = PlanInspector.Inspect(plan, terms, limits, budget);
        if (inspection.Targets.IsEmpty) return inspection;
        var judged = await JudgeAsync([.. inspection.Targets.Select(target => target.Url).Distinct(StringComparer.Ordinal)], cancel);
        var errors = inspection.Errors.ToBuilder();
        foreach (var (path, url) in inspection.Targets)
        {
            if (!judged.TryGetValue(url, out var allowed)) continue;
            if (allowed) errors.RemoveAll(error => error.Code == "EGRESS_BLOCKED" && string.Equals(error.Path, path, StringComparison.Ordinal));
            else if (!errors.Any(error => string.Equals(error.Path, path, StringComparison.Ordinal)))
                errors.Add(new PlanProblem(path, "EGRESS_BLOCKED", $"The target {url} is forbidden: its name leads to an address that is not public."));
        }

        return inspection with { Errors = errors.ToImmutable() };
    }

    /// <summary>True: let out; false: blocked; absent: unknown. A domain forbidden by configuration is never let out.</summary>
    private async Task<IReadOnlyDictionary<string, bool>> JudgeAsync(IReadOnlyList<string> urls, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var forbidden = options.Goals.ForbiddenDomains;
        var verdicts = await Task.WhenAll(urls.Take(TargetsMax).Select(async url => (url, Allowed: await AllowedAsync(url, forbidden, either.Token))));
        cancel.ThrowIfCancellationRequested();
        return verdicts.Where(verdict => verdict.Allowed is not null).ToDictionary(verdict => verdict.url, verdict => verdict.Allowed!.Value, StringComparer.Ordinal);
    }

    private async Task<bool?> AllowedAsync(string url, IReadOnlyCollection<string> forbidden, CancellationToken cancel)
    {
        if (Targets.Refusal(url, forbidden) is { } why && Targets.Refusal(url, []) != why) return false;
        try
        {
            return (await egress.CheckAsync(url, cancel))?.Code switch
            {
                null => true,
                "EGRESS_BLOCKED" => false,
                _ => null,
            };
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
