using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>One change of status of something.</summary>
/// <param name="EntityType">For instance <c>run</c>.</param>
/// <param name="OldStatus">Null for the first.</param>
/// <param name="ActorType">Who did it: <c>user</c> or <c>system</c>.</param>
/// <param name="Reason">As given, or the code of the failure.</param>
/// <param name="Sequence">Number within the entity, growing.</param>
public sealed record StatusChange(
    string EntityType, string EntityId, string? OldStatus, string NewStatus, string ActorType, string? Reason, TenantId Tenant, DateTimeOffset At, int Sequence)
{
    public string Id => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{EntityId}:{Sequence}");
}

/// <summary>Which changes. Null members don't filter; both times are inclusive.</summary>
public sealed record StatusFilter(
    TenantId Tenant, string? EntityType = null, string? EntityId = null, string? ActorType = null, string? NewStatus = null, DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>Counts of changes.</summary>
public sealed record StatusCounts(
    long Total, IReadOnlyDictionary<string, long> ByEntityType, IReadOnlyDictionary<string, long> ByActorType, IReadOnlyDictionary<string, long> ByStatus,
    DateTimeOffset? Oldest, DateTimeOffset? Newest);

/// <summary>Changes of status of a tenant's runs, read from the journal: when a run began, was paused, resumed, retried, ended.</summary>
public interface IStatusHistory
{
    /// <summary>A page, and how many there are in all.</summary>
    Task<(IReadOnlyList<StatusChange> Items, long Total)> ListAsync(StatusFilter filter, bool oldestFirst, int limit, int offset, CancellationToken cancel);

    /// <summary>Hands over all changes, oldest first, one by one; <paramref name="take"/> ends it by false. Replies how many it took.</summary>
    Task<long> ReadAsync(StatusFilter filter, Func<StatusChange, ValueTask<bool>> take, CancellationToken cancel);

    Task<StatusCounts> CountAsync(StatusFilter filter, CancellationToken cancel);
}
