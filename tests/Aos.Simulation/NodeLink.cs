using Aos.Contracts;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Simulation;

/// <summary>
/// The store as one node reaches it: over a wire that takes time, refuses, swallows answers and carries out late. Once the node
/// is dead, nothing it asked for is answered.
/// </summary>
internal sealed class NodeLink(World world, SimNode node) : IJournal, IRunRows, INodeTable
{
    private INodeTable Table => world.Store;

    /// <summary>Until when the node cannot reach the store.</summary>
    internal long CutUntil { get; set; }

    public Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        var (before, after) = append switch
        {
            { ExpectedSeq: 0, Row.Parent: not null } => (Point.BeforeChildStart, Point.AfterChildStartBeforeAnswer),
            { ExpectedSeq: 0 } => (Point.BeforeStart, Point.AfterStartBeforeAnswer),
            { Park: true } => (Point.BeforePark, Point.AfterParkBeforeAnswer),
            _ => (Point.BeforeAppend, Point.AfterAppendBeforeAnswer),
        };
        return world.Planted.HasFlag(Planted.AnswersEarly) ? AnswerEarlyAsync(append) : AskAsync(before, after, () => world.Store.AppendAsync(append, default));
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        AskAsync(Point.WhileReadingAJournal, null, () => world.Store.ReadAsync(run, afterSeq, max, default));

    public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        AskAsync(null, null, () => world.Store.ReadRawAsync(run, afterSeq, max, default));

    public Task<bool> SendAsync(InboxItem item, CancellationToken cancel)
    {
        if (world.Planted.HasFlag(Planted.DropsOutcomes) && item.Id.StartsWith("late:", StringComparison.Ordinal)) return Task.FromResult(true);
        return AskAsync(Point.BeforeMailIsStored, Point.BetweenMailAndPoke, () => world.Store.SendAsync(item, default));
    }

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => AskAsync(Point.WhileReadingMail, null, () => world.Store.InboxAsync(run, default));

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => AskAsync(null, null, () => world.Store.AnswerAsync(run, id, default));

    public Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel) => AskAsync(null, null, () => world.Store.GetAsync(tenant, run, default));

    public Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel) => AskAsync(null, null, () => world.Store.ListAsync(filter, default));

    public Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel) => AskAsync(null, null, () => world.Store.CountAsync(tenant, default));

    public Task<long> CountAsync(RunFilter filter, CancellationToken cancel) => AskAsync(null, null, () => world.Store.CountAsync(filter, default));

    public Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId by, DateTimeOffset now, int max, CancellationToken cancel) =>
        AskAsync(Point.BeforeDueClaim, Point.AfterDueClaimBeforeAnswer, () => world.Store.ClaimDueAsync(by, now, max, default));

    public Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId by, int max, CancellationToken cancel) =>
        AskAsync(Point.BeforeOrphanClaim, Point.InTheMiddleOfClaims, () => world.Store.ClaimOrphansAsync(by, Math.Min(max, 2), default));

    public Task<QueueClaim> ClaimQueuedAsync(NodeId by, QueueTurn turn, CancellationToken cancel) =>
        AskAsync(Point.BeforeDueClaim, Point.AfterDueClaimBeforeAnswer, () => world.Store.ClaimQueuedAsync(by, turn, default));

    public Task<RunRow?> ClaimAsync(NodeId by, RunId run, Taking taking, CancellationToken cancel) =>
        AskAsync(Point.BeforeClaim, Point.AfterClaimBeforeAnswer, () => world.Store.ClaimAsync(by, run, taking, default));

    public Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel) => AskAsync(null, null, () => Done(world.Store.LimitAsync(limits, default)));

    public Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel) => AskAsync(null, null, () => world.Store.LimitsAsync(default));

    public Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel) => AskAsync(null, null, () => world.Store.QueuedAsync(tenant, max, default));

    public Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId by, RunId? after, int max, CancellationToken cancel) => AskAsync(null, null, () => world.Store.OwnedAsync(by, after, max, default));

    public Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel) => AskAsync(null, null, () => world.Store.IdleAsync(tenant, after, max, default));

    public Task<int> ReleaseAllAsync(NodeId by, CancellationToken cancel) => AskAsync(Point.DuringDrain, null, () => world.Store.ReleaseAllAsync(by, default));

    public Task ReleaseAsync(NodeId by, RunId run, DateTimeOffset wakeAt, CancellationToken cancel) => AskAsync(null, null, () => Done(world.Store.ReleaseAsync(by, run, wakeAt, default)));

    public Task SetAsideAsync(NodeId by, TenantId tenant, RunId run, string code, CancellationToken cancel)
    {
        var row = world.Store.GetAsync(tenant, run, default).Result;
        world.Violate($"run {run} was set aside by {node}, {by}: {code}; the row is at {row?.Seq}, {row?.Status}, of {row?.Owner}");
        return AskAsync(null, null, () => Done(world.Store.SetAsideAsync(by, tenant, run, code, default)));
    }

    public Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel) => AskAsync(null, null, () => world.Store.NextWakeAsync(default));

    public Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel) =>
        AskAsync(null, null, () => world.Store.SpendingAsync(tenant, agent, day, default));

    public Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel) =>
        AskAsync(null, null, () => world.Store.FindKeyAsync(tenant, scope, key, now, default));

    Task INodeTable.JoinAsync(NodeId by, TimeSpan ttl) => AskAsync(Point.WhileJoining, null, () => Done(Table.JoinAsync(by, ttl)));

    Task<MemoryBeat> INodeTable.BeatAsync(NodeId by, TimeSpan ttl) => AskAsync(null, Point.DuringHeartbeat, () => Table.BeatAsync(by, ttl));

    Task<int> INodeTable.TakeOverAsync() => AskAsync(Point.BeforeEpochBump, Point.BetweenEpochBumpAndClaims, Table.TakeOverAsync, world.Planted.HasFlag(Planted.BumpsAfterClaim) ? 800 : 0);

    Task INodeTable.BuryAsync() => AskAsync(null, null, () => Done(Table.BuryAsync()));

    Task INodeTable.LeaveAsync(NodeId by) => AskAsync(Point.BeforeLeaving, null, () => Done(Table.LeaveAsync(by)));

    Task<bool> INodeTable.DrainAsync(NodeId by) => AskAsync(Point.DuringDrain, null, () => Table.DrainAsync(by));

    Task INodeTable.AnnounceAsync(NodeId by, string? address) => AskAsync(null, null, () => Done(Table.AnnounceAsync(by, address)));

    Task<IReadOnlyList<NodeRow>> INodeTable.NodesAsync() => AskAsync(null, null, Table.NodesAsync);

    private static Task<bool> Done(Task task)
    {
        task.GetAwaiter().GetResult(); // The store in memory has answered by the time it returns.
        return Task.FromResult(true);
    }

    private static JournalUnavailableException Lost(string why) => new(why, TimeSpan.FromMilliseconds(40));

    private Task<T> AskAsync<T>(Point? before, Point? after, Func<Task<T>> statement, int slow = 0)
    {
        if (TaskScheduler.Current != node.Process) world.Violate($"something of {node} left its scheduler");
        var answer = new TaskCompletionSource<T>();
        var deed = before is { } here ? world.Faults.At(here, node) : Deed.None;
        if (node.IsDead) return answer.Task;
        var way = world.Chance.Between(0.1 + slow, 2 + slow) + (deed == Deed.Freeze ? node.FrozenFor : TimeSpan.Zero);
        switch (deed)
        {
            case Deed.Refuse:
                world.Time.After(way, () => answer.TrySetException(Lost("refused")));
                break;
            case Deed.CommitLate:
                world.Time.After(way, () => answer.TrySetException(Lost("given up")));
                world.Time.After(way + world.Chance.Between(1, 8_000), () => statement());
                break;
            case Deed.Freeze when before is Point.BeforeOrphanClaim or Point.BeforeDueClaim or Point.BeforeClaim && node.Id is { } id && world.Chance.OneIn(2):
                world.WhenDeclaredDead(id, way, () => Carry(after, statement, answer)); // It was sent already, and the way was long.
                break;
            default:
                world.Time.After(way, () => Carry(after, statement, answer));
                break;
        }

        return answer.Task;
    }

    private void Carry<T>(Point? after, Func<Task<T>> statement, TaskCompletionSource<T> answer)
    {
        if (world.Time.Now < CutUntil || world.Time.Now < world.StoreDownUntil)
        {
            world.Time.After(world.Chance.Between(5, 300), () => answer.TrySetException(Lost("no connection")));
            return;
        }

        var result = statement();
        var deed = !node.IsDead && !IsNothing(result) && after is { } here ? world.Faults.At(here, node) : Deed.None;
        var back = world.Chance.Between(0.1, 2);
        if (deed is Deed.LoseAnswer or Deed.Cut) world.Time.After(back + TimeSpan.FromMilliseconds(30), () => answer.TrySetException(Lost("no answer")));
        else world.Time.After(back, () => End(answer, result));
    }

    /// <summary>A claim that found nothing is no point of interest.</summary>
    private static bool IsNothing<T>(Task<T> result) => result.IsCompletedSuccessfully && (object?)result.Result is IReadOnlyList<RunRow> { Count: 0 } or null or 0;

    private static void End<T>(TaskCompletionSource<T> answer, Task<T> result)
    {
        if (result.Exception is { } broken) answer.TrySetException(broken.InnerExceptions);
        else answer.TrySetResult(result.Result);
    }

    /// <summary>A planted fault: said to be stored before it is, and sometimes never.</summary>
    private Task<AppendReply> AnswerEarlyAsync(JournalAppend append)
    {
        var isForgotten = world.Chance.OneIn(40);
        return AskAsync<AppendReply>(null, null, () =>
        {
            if (!isForgotten) world.Time.After(world.Chance.Between(1, 40), () => world.Store.AppendAsync(append, default));
            return Task.FromResult<AppendReply>(new AppendReply.Appended());
        });
    }
}
