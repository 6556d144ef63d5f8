using System.Data.Common;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Carries outbox items of one kind to the outside.</summary>
public interface IDelivery
{
    /// <summary>The kind of item it carries, for instance <c>webhook</c>.</summary>
    string Kind { get; }

    /// <summary>
    /// Null: delivered. A failure that is retryable is tried again, any other makes the item dead at once. An item may come
    /// more than once, always with the same id.
    /// </summary>
    Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel);

    /// <summary>The item is not tried again unless a person says so.</summary>
    Task GaveUpAsync(OutboxItem item, Failure why, CancellationToken cancel) => Task.CompletedTask;
}

/// <summary>Where a delivery stands. On the wire in lower case.</summary>
public enum OutboxState { Waiting, Dead }

/// <summary>A delivery that is not done.</summary>
/// <param name="Attempts">Tries so far.</param>
/// <param name="DueAt">When it is tried next; of a dead one, when it was given up.</param>
public sealed record OutboxRow(OutboxItem Item, OutboxState State, int Attempts, DateTimeOffset DueAt, DateTimeOffset CreatedAt, string? LastError);

/// <summary>Deliveries of one kind that are not done.</summary>
public sealed record OutboxCounts(long Waiting, long Dead, DateTimeOffset? OldestWaiting);

/// <summary>What waits to leave the house, and what could not be delivered.</summary>
public interface IOutbox
{
    /// <summary>Oldest first. <paramref name="state"/> null: both.</summary>
    /// <param name="limit">1 to 1000.</param>
    Task<IReadOnlyList<OutboxRow>> ListAsync(TenantId tenant, OutboxState? state, int limit, CancellationToken cancel);

    Task<OutboxCounts> CountAsync(TenantId tenant, string kind, CancellationToken cancel);

    /// <summary>Sends a dead item again from its first try. False: this tenant has no such dead item.</summary>
    Task<bool> ResendAsync(TenantId tenant, Guid id, CancellationToken cancel);

    /// <summary>
    /// Lays an item into the outbox by the transaction in which a room writes what the item is about: both are there, or neither.
    /// After the commit call <see cref="Added"/>; a process that ends in between loses nothing but time.
    /// </summary>
    void Add(DbConnection connection, DbTransaction transaction, OutboxItem item);

    /// <summary>What was added is committed: it is delivered now.</summary>
    void Added();
}
