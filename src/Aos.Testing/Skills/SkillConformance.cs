using Aos.Contracts;

namespace Aos.Testing;

/// <summary>
/// Holds a skill to what AOS expects of every skill, with the author's own sample calls: what it takes and gives fits its schemas, it
/// stops when told, a repeat does no harm, it keeps secrets to itself, it is as deterministic as its contract says, it fails as data and never
/// throws. Needs no house and no store.
/// </summary>
public static class SkillConformance
{
    public static async Task<ConformanceReport> CheckAsync<TIn, TOut>(
        ISkill<TIn, TOut> skill, IEnumerable<SkillSample> samples, ConformanceOptions? options = null, CancellationToken cancel = default)
        where TIn : class
        where TOut : class
    {
        var bench = new SkillBench<TIn, TOut>(skill, options ?? new ConformanceOptions());
        var findings = new Findings();
        if (new ContractCheck<TIn, TOut>(bench, findings).IsBroken()) return findings.Report(skill.Contract.Name);
        SkillSample[] calls = [.. samples];
        if (calls.Length == 0) findings.Check("outcome", null)("There is no sample: nothing was called.");
        foreach (var sample in calls)
        {
            cancel.ThrowIfCancellationRequested();
            await new SampleChecks<TIn, TOut>(bench, findings, sample, cancel).RunAsync();
        }

        return findings.Report(skill.Contract.Name);
    }
}

/// <summary>Collects what is found, and which checks were made.</summary>
internal sealed class Findings
{
    private readonly List<string> checks = [];
    private readonly List<ConformanceFinding> found = [];

    /// <summary>A check is made; what it finds is told through what this gives.</summary>
    internal Action<string> Check(string name, SkillSample? sample)
    {
        if (!checks.Contains(name)) checks.Add(name);
        return message => found.Add(new ConformanceFinding(name, sample?.Params, message));
    }

    internal ConformanceReport Report(string skill) => new(skill, [.. checks], [.. found]);
}
