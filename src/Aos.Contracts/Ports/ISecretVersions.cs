using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A value of a secret. Deliberately no record: as text it would show the value.</summary>
/// <param name="number">Of the secret's versions.</param>
public sealed class SecretVersion(long number, string value)
{
    public long Number { get; } = number;

    public string Value { get; } = value;
}

/// <summary>Values of a tenant's secrets for whoever checks what others made with them.</summary>
public interface ISecretVersions
{
    /// <summary>
    /// The values that are good now, newest first: the current one, and the one before while its overlap lasts. Empty: there is no such
    /// secret, it has expired or cannot be decrypted, or it is kept for agents or for skills among which webhook_send is not.
    /// Throws <see cref="JournalUnavailableException"/> when that cannot be found out now.
    /// </summary>
    ValueTask<IReadOnlyList<SecretVersion>> GoodAsync(TenantId tenant, string name, CancellationToken cancel);
}
