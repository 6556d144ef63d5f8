using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Where the requests of a call may go, beside what the house lets out. It goes along with the call instead of being handed to each
/// skill: the executor sets it, the way out asks it at every hop, and a skill in between can neither forget nor widen it.
/// </summary>
public abstract class OutboundRule
{
    private static readonly AsyncLocal<OutboundRule?> Ambient = new();

    /// <summary>Of the call that is being made here; null: none is, or nothing holds it. Set within an async method it ends with that method.</summary>
    public static OutboundRule? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>Where the run lets its calls go, whoever makes the connection and to whatever; null: nothing is kept in.</summary>
    public virtual ExternalCallGuard? Calls => null;

    /// <summary>Why the request may not go there (<c>PERMISSION_DENIED</c>), or null. Throws <see cref="JournalUnavailableException"/> when that cannot be found out now.</summary>
    /// <param name="target">Absolute, http or https.</param>
    public abstract ValueTask<Failure?> RefusalAsync(Uri target, CancellationToken cancel);
}

/// <summary>A request of a client library was kept from a target by the rule of its call.</summary>
public sealed class TargetRefusedException(Failure why) : IOException(why.Message)
{
    public Failure Why { get; } = why;
}
