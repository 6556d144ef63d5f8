using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Who may use which skill, and where its requests may go: the house's own switch, and the domains of the agent.</summary>
/// <param name="agents">Asked for when a request goes out; null: there are no agents here.</param>
internal sealed class SkillGate(SkillsOptions options, Func<IAgents?> agents)
{
    private readonly SandboxRules sandbox = new([.. options.Forbidden], options.Capabilities is { } capabilities ? [.. capabilities] : null);

    /// <summary>Versions that are switched off one by one: they are not there.</summary>
    internal IReadOnlyCollection<(string Skill, VersionRange Range)> DisabledVersions { get; } =
    [
        .. from text in options.Disabled
           let cut = text.IndexOf('@', StringComparison.Ordinal)
           where cut >= 0
           select (text[..cut], VersionRange.Read(text[(cut + 1)..]) ?? throw new SkillsUnusableException($"AOS_SKILLS_DISABLED: {text} names no versions.")),
    ];

    internal Failure? Refusal(string skill, TenantId tenant, string agentId) =>
        IsOff(skill)
            ? FailureCatalog.Fail("PERMISSION_DENIED", $"The skill {skill} is switched off here; {agentId} of {tenant} may not use it.")
            : null;

    /// <summary>A skill that is a part of another one is off with it.</summary>
    private bool IsOff(string skill) =>
        options.Disabled.Contains(skill, StringComparer.Ordinal) || options.Disabled.Contains(SkillNames.Whole(skill), StringComparer.Ordinal);

    /// <summary>Why the call is not made, whoever planned it; or null.</summary>
    internal Failure? Rejection(SkillContract contract, JsonElement parameters) => Sandbox.Refusal(
        sandbox,
        contract.Name,
        new SandboxTerms(contract.Tags, contract.Effect == EffectClass.Pure && contract.EffectParam is null, contract.FreeParams, contract.TargetParam),
        parameters);

    /// <summary>For all requests of one call.</summary>
    internal OutboundRule Outbound(string skill, SkillCall call)
    {
        ExternalCalls[] rules = [.. new[] { options.ExternalCalls, call.Calls }.OfType<ExternalCalls>()];
        return new CallRules(agents, call.Tenant, call.AgentId, rules.Length == 0 ? null : new ExternalCallGuard(skill, call.StepId, rules));
    }

    /// <summary>The agent's domains are read anew at each request: one that is taken away is out of reach of runs under way too.</summary>
    private sealed class CallRules(Func<IAgents?> agents, TenantId tenant, string id, ExternalCallGuard? calls) : OutboundRule
    {
        public override ExternalCallGuard? Calls => calls;

        public override async ValueTask<Failure?> RefusalAsync(Uri target, CancellationToken cancel)
        {
            if (agents() is not { } book || await book.FindAsync(tenant, id, cancel) is not { } agent) return null;
            return agent.Rules().Domains is { IsEmpty: false } domains && WebTarget.Of(target) is { } there && domains.Wall(there) is { } rule
                ? Admission.Unreachable(id, [new DomainGap("", 0, there, rule)])
                : null;
        }
    }
}
