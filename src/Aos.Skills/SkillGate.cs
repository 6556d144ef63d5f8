using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Who may use which skill. The house's own switch today; rules per tenant and agent belong here too.</summary>
internal sealed class SkillGate(SkillsOptions options)
{
    internal Failure? Refusal(string skill, TenantId tenant, string agentId) =>
        options.Disabled.Contains(skill, StringComparer.Ordinal)
            ? FailureCatalog.Fail("PERMISSION_DENIED", $"The skill {skill} is switched off here; {agentId} of {tenant} may not use it.")
            : null;
}
