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
    /// <summary>What was taken, 0 when nothing limits the tenant; or why the call may not go out.</summary>
    internal async ValueTask<(long Taken, Failure? Refusal)> TakeAsync(IRegistered skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (quotas is null || !skill.IsTargeted) return (0, null);
        if ((await quotas.OfAsync(call.Tenant, cancel)).TokensPerMonth is null) return (0, null);
        if (skill.Target(parameters) is not { Kind: TargetKind.Provider, Tokens: > 0 } target) return (0, null);
        return await quotas.TakeTokensAsync(call.Tenant, target.Tokens, cancel) is { } refusal ? (0, refusal) : (target.Tokens, null);
    }

    internal Task SettleAsync(TenantId tenant, long taken, StructuredOutcome outcome)
    {
        if (outcome.Failure is { Code: "TIMEOUT" }) return Task.CompletedTask;
        var used = outcome.Ok ? CallTarget.TokensUsed(outcome) ?? taken : 0;
        return quotas!.GiveBackTokensAsync(tenant, taken - used);
    }
}
