using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who asks for the value behind <c>secret:NAME</c>.</summary>
/// <param name="Skill">Name of the skill that the value is for.</param>
/// <param name="Run">The run that the call is of; null: of none.</param>
public sealed record SecretAsk(TenantId Tenant, string Name, string Skill, string AgentId, RunId? Run);

/// <summary>A secret's value, or why it is not given. Deliberately no record: as text it would show the value.</summary>
public sealed class SecretAnswer
{
    private SecretAnswer(string? value, Failure? refusal) => (Value, Refusal) = (value, refusal);

    public string? Value { get; }

    public Failure? Refusal { get; }

    public static SecretAnswer Of(string value) => new(value, null);

    public static SecretAnswer Refused(Failure why) => new(null, why);
}

/// <summary>Where the value behind <c>secret:NAME</c> comes from. Asked at the call only; what it gives is never stored or logged.</summary>
public interface ISecrets
{
    /// <summary>
    /// Null: the tenant has none of this name here. Throws <see cref="JournalUnavailableException"/> when that cannot be found out now.
    /// </summary>
    ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel);
}
