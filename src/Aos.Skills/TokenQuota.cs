using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Counts what calls of models read and write in their tenant's quota: before a call what it may use at most, after it what it used. A
/// call of which nothing is known any more, since it was called off or timed out, counts as taken.
/// </summary>
internal sealed class TokenQuota(IQuotas? quotas = null)
{
    /// <summary>What was taken, and how many tokens; nothing when nothing limits the tenant.</summary>
    internal async ValueTask<(QuotaTaken Taken, long Tokens)> TakeAsync(IRegistered skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (quotas is null || !skill.IsTargeted) return default;
        if ((await quotas.OfAsync(call.Tenant, cancel)).TokensPerMonth is null) return default;
        if (skill.Target(parameters) is not { Kind: TargetKind.Provider, Tokens: > 0 } target) return default;
        return (await quotas.TakeTokensAsync(call.Tenant, target.Tokens, cancel), target.Tokens);
    }

    internal Task SettleAsync(TenantId tenant, QuotaTaken taken, long tokens, StructuredOutcome outcome)
    {
        if (taken.Since is null || outcome.Failure is { Code: "TIMEOUT" }) return Task.CompletedTask;
        var used = outcome.Ok ? CallTarget.TokensUsed(outcome) ?? tokens : 0;
        return quotas!.GiveBackTokensAsync(tenant, taken, tokens - used);
    }
}
