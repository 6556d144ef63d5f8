using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Whose key a call to a provider carries: the calling tenant's own where it has one, else the house's.</summary>
internal sealed class ModelKeys(SecretLookup secrets)
{
    /// <summary>The endpoint with the key for this call, or why there is none. A key that may not be used is not made up for by the house's.</summary>
    /// <param name="skill">The skill that asks.</param>
    internal async ValueTask<(ModelEndpoint Endpoint, Failure? Refusal)> OfAsync(ModelEndpoint endpoint, string skill, SkillCall call, CancellationToken cancel)
    {
        if (endpoint.KeySecret is not { } name) return (endpoint, null);
        var answer = await secrets.FindAsync(new SecretAsk(call.Tenant, name, skill, call.AgentId, call.Run), cancel);
        if (answer?.Refusal is { } refusal) return (endpoint, refusal);
        if (answer?.Value is { } key)
        {
            return key.All(c => c is > ' ' and <= '~')
                ? (endpoint with { ApiKey = key }, null)
                : (endpoint, FailureCatalog.Fail("CONFIG_INVALID", $"The secret {name} is no key: it holds characters that no header can carry."));
        }

        return endpoint.NeedsKey && endpoint.ApiKey is null
            ? (endpoint, FailureCatalog.Fail("LLM_AUTH_FAILED", $"{endpoint.Name} is asked with a key of the tenant's own, and {call.Tenant} has none. Set it: aos secrets set {name}."))
            : (endpoint, null);
    }
}
