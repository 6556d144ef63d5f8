namespace Aos.Contracts;

/// <summary>How a caller stands with the number of its requests.</summary>
/// <param name="Limit">Requests a minute, and at once after a quiet minute.</param>
/// <param name="Remaining">Of them now; on several nodes without Redis as far as this node knows.</param>
/// <param name="Full">Until the limit is whole again, if nothing more is asked.</param>
/// <param name="Wait">Null: this request may go on. Else after how long to ask again.</param>
public readonly record struct RequestQuota(string Tier, long Limit, long Remaining, TimeSpan Full, TimeSpan? Wait);

/// <summary>How often a caller may ask: by its tier, under its credential and tenant; without a credential by its address.</summary>
public interface IRequestLimits
{
    /// <summary>Takes what a request costs.</summary>
    /// <param name="weight">At least 1; a request that makes more work takes more.</param>
    /// <returns>Null: nothing is limited here.</returns>
    ValueTask<RequestQuota?> TakeAsync(Caller caller, string? address, int weight, CancellationToken cancel);

    /// <summary>How a caller stands, without a request of it being counted. Null: nothing is limited here.</summary>
    ValueTask<RequestQuota?> StandingAsync(Caller caller, CancellationToken cancel);

    /// <summary>Counts a wrong credential against the address it came from. Not null: the address is to wait that long.</summary>
    ValueTask<TimeSpan?> WrongAsync(string? address, CancellationToken cancel);
}
