using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Which runs to list. Null members don't filter.</summary>
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
    int Limit = 100);

/// <summary>Reads run rows. Every read but the sweeps names its tenant.</summary>
public interface IRunRows
{
    Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel);

    Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>
    /// Takes up to <paramref name="max"/> runs that nobody drives and whose wake time has come, oldest wake first, and
    /// marks them owned.
    /// </summary>
    Task<IReadOnlyList<RunRow>> ClaimDueAsync(DateTimeOffset now, int max, CancellationToken cancel);

    /// <summary>Takes one parked run, whatever its wake time, and marks it owned; null when it is over or already owned.</summary>
    Task<RunRow?> ClaimAsync(RunId run, CancellationToken cancel);

    /// <summary>
    /// Gives every owned run free and makes it due now; returns how many. With <paramref name="adopt"/> they were left by a
    /// process that ended without saying so, and each counts one adoption more.
    /// </summary>
    Task<int> ReleaseAllAsync(bool adopt, CancellationToken cancel);

    /// <summary>Gives one claimed run back, due at <paramref name="wakeAt"/>.</summary>
    Task ReleaseAsync(RunId run, DateTimeOffset wakeAt, CancellationToken cancel);

    /// <summary>Marks a run that cannot be read or written as quarantined, in its row alone; nothing wakes it any more.</summary>
    Task SetAsideAsync(TenantId tenant, RunId run, string code, CancellationToken cancel);

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
