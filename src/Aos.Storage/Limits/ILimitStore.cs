using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// Limits beyond this process. The same as <see cref="ISharedLimits"/>, but a call throws whatever goes wrong; what holds then is not
/// decided here.
/// </summary>
internal interface ILimitStore
{
    /// <summary>redis or postgres: for metrics and the log.</summary>
    string Name { get; }

    event Action<string>? Freed;

    /// <summary>Throws while the store does not answer.</summary>
    Task PingAsync(CancellationToken cancel);

    Task<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel);

    Task GiveBackAsync(Want want, CancellationToken cancel);

    Task<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel);

    Task RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel);

    Task ReleaseAsync(Slot slot, CancellationToken cancel);

    Task PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel);
}
