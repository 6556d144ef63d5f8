using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Where a secret is looked for: among the tenant's own, and only when there is none of its name, in the environment. One that is there and
/// may not be used is not made up for by another of the same name.
/// </summary>
internal sealed class SecretLookup(IEnumerable<ISecrets> own, EnvironmentSecrets environment)
{
    /// <summary>Null: there is none.</summary>
    internal async ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel)
    {
        foreach (var source in own)
        {
            if (await source.FindAsync(ask, cancel) is { } answer) return answer;
        }

        return await environment.FindAsync(ask, cancel);
    }

    /// <summary>The secret, or what to do about it that there is none.</summary>
    internal async ValueTask<SecretAnswer> NeededAsync(SecretAsk ask, CancellationToken cancel) =>
        await FindAsync(ask, cancel) ?? SecretAnswer.Refused(FailureCatalog.Fail("CONFIG_INVALID", Missing(ask), null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", ask.Name);
            writer.WriteString("reason", "missing");
            writer.WriteEndObject();
        })));

    private static string Missing(SecretAsk ask) =>
        $"The secret {ask.Name} is not set. Set it: aos secrets set {ask.Name}{(ask.Tenant == TenantId.Default ? $", or {EnvironmentSecrets.Prefix}{ask.Name} in the environment" : "")}.";
}
