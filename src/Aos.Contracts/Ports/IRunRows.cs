using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Which runs to list. Null members don't filter.</summary>
/// <param name="Workflow">A name, a name with an exact version (<c>invoices@2.1.0</c>), or with the first parts of one.</param>
/// <param name="Before">Keyset: only runs with a smaller id (older). Null: from the newest.</param>
/// <param name="Limit">1 to 1000.</param>
public sealed record RunFilter(
    TenantId Tenant,
    string? AgentId = null,
    IReadOnlyList<RunStatus>? Statuses = null,
    string? Workflow = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    RunId? Parent = null,
    RunId? Before = null,
    int Limit = 100)
{
    public string? RootHash { get; init; }

    /// <summary>Created then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Created then or earlier.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How the workflow of a run begins that has the filter's name or begun version: <c>NAME@</c> or <c>NAME@2.</c></summary>
    public string? WorkflowStart => Workflow is null ? null : Workflow + (Workflow.Contains('@', StringComparison.Ordinal) ? "." : "@");
}

/// <summary>Reads run rows. Every read but the sweeps names its tenant.</summary>
public interface IRunRows
{
    Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel);

    Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>How many there are to list; the filter's <c>Before</c> and <c>Limit</c> don't matter.</summary>
    Task<long> CountAsync(RunFilter filter, CancellationToken cancel);

    /// <summary>
    /// Takes up to <paramref name="max"/> runs that nobody drives and whose wake time has come, oldest wake first, for
    /// <paramref name="node"/>. Nothing when the node is fenced, or of runs whose rules it does not know. A run whose tenant or agent
    /// has a limit is not taken but put in line, ahead of new ones: it comes back without an owner.
    /// </summary>
    Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel);

    /// <summary>Takes up to <paramref name="max"/> runs of nodes that were declared dead, with their slots; each counts one adoption more.</summary>
    Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel);

    /// <summary>
    /// Takes runs in line for <paramref name="node"/>: from tenant after tenant the next one, those with begun work first, then by
    /// priority, then the oldest; never more than the limits of tenant and agent leave free, however many nodes ask at once.
    /// </summary>
    Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel);

    /// <summary>Takes one parked run, whatever its wake time; null when it is already owned, waits for a slot, or as above.</summary>
    Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel);

    /// <summary>Sets limits of scopes for all nodes.</summary>
    Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel);

    /// <summary>All scopes that have a limit.</summary>
    Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel);

    /// <summary>Runs in line, counted up to <paramref name="max"/>; of one tenant, or of all.</summary>
    Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel);

    /// <summary>
    /// Runs that <paramref name="node"/> owns, by ascending id, those after <paramref name="after"/>: for a node that did not hear the
    /// answer to a claim or a start.
    /// </summary>
    Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel);

    /// <summary>Runs that are not over and that no node drives, by ascending id, those after <paramref name="after"/>.</summary>
    /// <param name="tenant">Null: of all.</param>
    Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel);

    /// <summary>Gives every run of the node free and makes those that are not over due now; returns how many of these.</summary>
    Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel);

    /// <summary>Gives one run of the node back, due at <paramref name="wakeAt"/>.</summary>
    Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel);

    /// <summary>Marks a run of the node that cannot be read or written as quarantined, in its row alone; nothing wakes it any more.</summary>
    Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel);

    /// <summary>The nearest wake time of a run nobody drives.</summary>
    Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel);

    /// <summary>
    /// What an agent's runs cost: ended ones what they spent, the others their whole budget (without one, what they spent so
    /// far). Child runs are part of their parents.
    /// </summary>
    /// <param name="day">Runs created since then are today's.</param>
    Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel);

    /// <summary>The run that holds a live idempotency key, or null.</summary>
    Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(
        TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel);
}
