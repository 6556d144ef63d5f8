using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What every contract must keep; a skill that does not is broken and never runs.</summary>
internal static partial class ContractRules
{
    internal static ISkill<TIn, TOut> Checked<TIn, TOut>(string name, string? version, ISkill<TIn, TOut> skill)
        where TIn : class
        where TOut : class
    {
        if ((Problem(name, skill.Contract) ?? Other(version, skill.Contract)) is { } problem) throw new InvalidOperationException($"The contract of {name} {problem}.");
        return skill;
    }

    private static string? Other(string? version, SkillContract contract) => version is null || version == contract.Version ? null : $"has the version {contract.Version}, and was registered as {version}";

    /// <summary>What is wrong with a contract, or null.</summary>
    internal static string? Problem(string name, SkillContract contract)
    {
        if (contract.Name != name) return $"names it {contract.Name}";
        if (!Name().IsMatch(name)) return "has a name that is not 1 to 64 lower-case letters, digits and _";
        if (SemanticVersion.Read(contract.Version)?.ToString() != contract.Version) return $"has the version {contract.Version}, which is not semantic";
        if (contract.TypicalCents < 0 || contract.Cost.BaseCents < 0 || contract.Cost.CentsPerKb < 0) return "has a negative cost";
        if (contract.TypicalLatencyMs < 0 || contract.TimeoutDefault <= TimeSpan.Zero) return "has a negative time";
        if (contract.FailureModes.FirstOrDefault(mode => FailureCatalog.Find(mode.Code)?.Code != mode.Code) is { } unknown)
            return $"names the failure {unknown.Code}, which the catalog does not have";
        return contract.FailureModes.Any(mode => mode.Probability is < 0 or > 1) ? "has a probability that is not from 0 to 1" : null;
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
