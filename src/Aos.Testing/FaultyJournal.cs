using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>What goes wrong at one append.</summary>
public enum Fault
{
    None,

    /// <summary>Refused for now; nothing was written.</summary>
    UnavailableBefore,

    /// <summary>Written, but the answer got lost.</summary>
    UnavailableAfter,

    /// <summary>The process ends before the commit.</summary>
    CrashBefore,

    /// <summary>The process ends after the commit and before anybody hears of it.</summary>
    CrashAfter,

    /// <summary>Written and answered, each three seconds late.</summary>
    Slow,
}

/// <summary>
/// The journal as one process sees it: faults by the number of the append, and once the process is dead nothing it asks
/// for is ever answered or written.
/// </summary>
/// <param name="clock">What a slow store takes its time by.</param>
public sealed partial class FaultyJournal(MemoryJournal inner, Func<Fault> next, TimeProvider? clock = null) : IJournal, IRunRows
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(3);
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the process has died.</summary>
    public Task Died => died.Task;

    public bool IsDead => died.Task.IsCompleted;

    public void Die() => died.TrySetResult();

    public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        if (IsDead) return await Never<AppendReply>();
        var fault = next();
        switch (fault)
        {
            case Fault.UnavailableBefore:
                throw new JournalUnavailableException("The script says so.", TimeSpan.FromMilliseconds(10));
            case Fault.CrashBefore:
                Die();
                return await Never<AppendReply>();
            case Fault.Slow:
                await Task.Delay(Late, clock ?? TimeProvider.System, CancellationToken.None);
                if (IsDead) return await Never<AppendReply>();
                break;
        }

        var reply = await inner.AppendAsync(append, cancel);
        switch (fault)
        {
            case Fault.UnavailableAfter:
                throw new JournalUnavailableException("The script says so.", TimeSpan.FromMilliseconds(10));
            case Fault.CrashAfter:
                Die();
                return await Never<AppendReply>();
            case Fault.Slow:
                await Task.Delay(Late, clock ?? TimeProvider.System, CancellationToken.None);
                return IsDead ? await Never<AppendReply>() : reply;
            default:
                return reply;
        }
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => Alive(() => inner.ReadAsync(run, afterSeq, max, cancel));

    public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => Alive(() => inner.ReadRawAsync(run, afterSeq, max, cancel));

    public Task<bool> SendAsync(InboxItem item, CancellationToken cancel) => Alive(() => inner.SendAsync(item, cancel));

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => Alive(() => inner.InboxAsync(run, cancel));

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => Alive(() => inner.AnswerAsync(run, id, cancel));

    public Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel) => Alive(() => inner.GetAsync(tenant, run, cancel));

    public Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel) => Alive(() => inner.ListAsync(filter, cancel));

    public Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel) => Alive(() => inner.CountAsync(tenant, cancel));

    public Task<long> CountAsync(RunFilter filter, CancellationToken cancel) => Alive(() => inner.CountAsync(filter, cancel));

    public Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel) => Alive(() => inner.ClaimDueAsync(node, now, max, cancel));

    public Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel) => Alive(() => inner.ClaimOrphansAsync(node, max, cancel));

    public Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel) => Alive(() => inner.ClaimQueuedAsync(node, turn, cancel));

    public Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel) => Alive(() => inner.ClaimAsync(node, run, taking, cancel));

    public async Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel)
    {
        if (IsDead) await Never<bool>();
        await inner.LimitAsync(limits, cancel);
    }

    public Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel) => Alive(() => inner.LimitsAsync(cancel));

    public Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel) => Alive(() => inner.QueuedAsync(tenant, max, cancel));

    public Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel) => Alive(() => inner.OwnedAsync(node, after, max, cancel));

    public Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel) => Alive(() => inner.IdleAsync(tenant, after, max, cancel));

    public Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel) => Alive(() => inner.ReleaseAllAsync(node, cancel));

    public async Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel)
    {
        if (IsDead) await Never<bool>();
        await inner.ReleaseAsync(node, run, wakeAt, cancel);
    }

    public async Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel)
    {
        if (IsDead) await Never<bool>();
        await inner.SetAsideAsync(node, tenant, run, code, cancel);
    }

    public Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel) => Alive(() => inner.NextWakeAsync(cancel));

    public Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel) => Alive(() => inner.SpendingAsync(tenant, agent, day, cancel));

    public Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel) =>
        Alive(() => inner.FindKeyAsync(tenant, scope, key, now, cancel));

    internal static Task<T> Never<T>() => new TaskCompletionSource<T>().Task;

    private Task<T> Alive<T>(Func<Task<T>> ask) => IsDead ? Never<T>() : ask();
}
