using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary><c>secret:NAME</c> is the environment's AOS_SECRET_NAME. The environment belongs to the default tenant alone.</summary>
internal sealed class EnvironmentSecrets : ISecrets
{
    internal const string Prefix = "AOS_SECRET_";

    public ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel)
    {
        var value = ask.Tenant == TenantId.Default ? Environment.GetEnvironmentVariable(Prefix + ask.Name) : null;
        return ValueTask.FromResult(string.IsNullOrEmpty(value) ? null : SecretAnswer.Of(value));
    }
}
