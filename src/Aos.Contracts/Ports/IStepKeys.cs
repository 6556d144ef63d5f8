using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Keys of steps' calls, as the journal has them: each is there from the moment its call was ordered, by the same write.</summary>
public interface IStepKeys
{
    /// <summary>How long a key is found after its call was ordered.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromDays(1);

    /// <summary>Characters of a key that are looked at; whoever finds more than one call compares the whole key.</summary>
    public const int CharsMax = 512;

    /// <summary>The tenant's calls that were ordered under this key, newest first, ten at most.</summary>
    Task<IReadOnlyList<(RunId Run, EffectId Effect)>> FindAsync(TenantId tenant, string key, CancellationToken cancel);
}
