using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;

namespace Aos.Testing;

/// <summary>A journal and its run rows in memory, with the same answers as a real store. One for many processes in a row.</summary>
public sealed partial class MemoryJournal : IJournal, IRunRows
{
    private readonly TimeProvider clock;
    private readonly Lock gate = new();
    private readonly Dictionary<RunId, RunRow> rows = [];
    private readonly Dictionary<RunId, List<JournalEntry>> entries = [];
    private readonly Dictionary<RunId, List<InboxItem>> inbox = [];
    private readonly Dictionary<(RunId Run, long Seq), InboxAnswer> answers = [];
    private readonly Dictionary<(TenantId Tenant, string Scope, string Key), (RunId Run, byte[] Fingerprint, DateTimeOffset ExpiresAt)> keys = [];
    private readonly List<OutboxItem> outbox = [];
    private TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MemoryJournal(TimeProvider clock)
    {
        this.clock = clock;
        Ledger = new MemoryLedger(gate, (node, run) => MayWrite(node) && rows.GetValueOrDefault(run)?.Owner == node);
    }

    /// <summary>What the appends said of shared budgets.</summary>
    public MemoryLedger Ledger { get; }

    /// <summary>Completes at the next write. Take it first, then look, then await it.</summary>
    public Task NextChange => Volatile.Read(ref change).Task;

    /// <summary>All rows, in no order.</summary>
    public IReadOnlyList<RunRow> Rows
    {
        get
        {
            lock (gate) return [.. rows.Values];
        }
    }

    /// <summary>What was put into the outbox.</summary>
    public IReadOnlyList<OutboxItem> Outbox
    {
        get
        {
            lock (gate) return [.. outbox];
        }
    }

    /// <summary>A run's events as stored, those after number <paramref name="afterSeq"/>.</summary>
    public IReadOnlyList<JournalEntry> Events(RunId run, int afterSeq = 0)
    {
        lock (gate) return entries.TryGetValue(run, out var list) ? [.. list.Skip(afterSeq)] : [];
    }

    public Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        AppendReply reply;
        lock (gate) reply = Append(append);
        Pulse();
        return Task.FromResult(reply);
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel)
    {
        var previous = afterSeq == 0 ? ChainHash.Start : Events(run)[afterSeq - 1].Chain;
        var page = Page(run, afterSeq, max);
        foreach (var entry in page)
        {
            previous = ChainHash.Next(previous, entry.Body.Span);
            if (!previous.AsSpan().SequenceEqual(entry.Chain)) throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} is not as it was written.");
        }

        return Task.FromResult(page);
    }

    public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => Task.FromResult(Page(run, afterSeq, max));

    public Task<bool> SendAsync(InboxItem item, CancellationToken cancel)
    {
        bool isNew;
        lock (gate) isNew = Send(item);
        Pulse();
        return Task.FromResult(isNew);
    }

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult<IReadOnlyList<InboxItem>>([.. Mail(run).Where(mail => mail.Seq > (rows.GetValueOrDefault(run)?.InboxRead ?? 0))]);
    }

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(Mail(run).Find(mail => mail.Id == id) is { } item ? answers.GetValueOrDefault((run, item.Seq)) : null);
    }

    public Task<RunRow?> GetAsync(TenantId tenant, RunId run, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(rows.GetValueOrDefault(run) is { } row && row.Tenant == tenant ? row : null);
    }

    public Task<IReadOnlyList<RunRow>> ListAsync(RunFilter filter, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<RunRow>>([.. Fitting(filter)
                .Where(row => filter.Before is not { } before || Order(row.Id, before) < 0)
                .OrderByDescending(row => row.Id.ToString(), StringComparer.Ordinal)
                .Take(Math.Clamp(filter.Limit, 1, 1000))]);
        }
    }

    public Task<long> CountAsync(RunFilter filter, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(Fitting(filter).LongCount());
    }

    private IEnumerable<RunRow> Fitting(RunFilter filter) => rows.Values
        .Where(row => row.Tenant == filter.Tenant && (filter.AgentId is null || row.AgentId == filter.AgentId))
        .Where(row => filter.Workflow is null || row.Workflow == filter.Workflow || row.Workflow?.StartsWith(filter.WorkflowStart!, StringComparison.Ordinal) == true)
        .Where(row => filter.Statuses is not { Count: > 0 } statuses || statuses.Contains(row.Status))
        .Where(row => filter.Parent is null || row.Parent == filter.Parent)
        .Where(row => filter.RootHash is null || row.RootHash == filter.RootHash)
        .Where(row => !(row.CreatedAt < filter.From) && !(row.CreatedAt > filter.To))
        .Where(row => filter.Labels is null || filter.Labels.All(label => row.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    public Task<IReadOnlyDictionary<RunStatus, long>> CountAsync(TenantId tenant, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyDictionary<RunStatus, long>>(
                rows.Values.Where(row => row.Tenant == tenant).GroupBy(row => row.Status).ToDictionary(group => group.Key, group => group.LongCount()));
        }
    }

    public Task<IReadOnlyList<RunRow>> ClaimOrphansAsync(NodeId node, int max, CancellationToken cancel)
    {
        List<RunRow> orphans;
        lock (gate) orphans = TakeOrphans(node, max);
        if (orphans.Count > 0) Pulse();
        return Task.FromResult<IReadOnlyList<RunRow>>(orphans);
    }

    public Task<IReadOnlyList<RunRow>> OwnedAsync(NodeId node, RunId? after, int max, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<RunRow>>([.. rows.Values.Where(row => row.Owner == node && (after is not { } last || Order(row.Id, last) > 0))
                .OrderBy(row => row.Id.ToString(), StringComparer.Ordinal).Take(max)]);
        }
    }

    public Task<IReadOnlyList<RunRow>> IdleAsync(TenantId? tenant, RunId? after, int max, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<RunRow>>([.. rows.Values.Where(row => !row.Owned && !row.Status.IsOver() && (tenant ?? row.Tenant) == row.Tenant && (after is not { } last || Order(row.Id, last) > 0))
                .OrderBy(row => row.Id.ToString(), StringComparer.Ordinal).Take(max)]);
        }
    }

    public Task<int> ReleaseAllAsync(NodeId node, CancellationToken cancel) => Task.FromResult(ReleaseAll(row => row.Owner == node && MayWrite(node), adopt: false));

    /// <summary>Every run a dead process left is due now and counts one adoption more.</summary>
    internal int Adopt() => ReleaseAll(row => row.Owned, adopt: true);

    private int ReleaseAll(Func<RunRow, bool> of, bool adopt)
    {
        lock (gate)
        {
            var owned = rows.Values.Where(of).ToList();
            foreach (var row in owned)
            {
                rows[row.Id] = row.Status.IsOver()
                    ? row with { Owner = null }
                    : row with { Owner = null, WakeAt = DateTimeOffset.MinValue, Adoptions = row.Adoptions + (adopt ? 1 : 0) };
            }

            return owned.Count(row => !row.Status.IsOver());
        }
    }

    public Task ReleaseAsync(NodeId node, RunId run, DateTimeOffset wakeAt, CancellationToken cancel)
    {
        lock (gate)
        {
            if (MayWrite(node) && rows.GetValueOrDefault(run) is { } row && row.Owner == node) rows[run] = row with { Owner = null, Lane = null, WakeAt = wakeAt };
        }

        Pulse();
        return Task.CompletedTask;
    }

    public Task SetAsideAsync(NodeId node, TenantId tenant, RunId run, string code, CancellationToken cancel)
    {
        lock (gate)
        {
            if (MayWrite(node) && rows.GetValueOrDefault(run) is { } row && row.Tenant == tenant && (row.Owner is null || row.Owner == node))
                rows[run] = row with { Owner = null, Lane = null, WakeAt = null, Status = RunStatus.Quarantined, FailureCode = code };
        }

        return Task.CompletedTask;
    }

    public Task<DateTimeOffset?> NextWakeAsync(CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(rows.Values.Where(row => !row.Owned && row.MinRule <= ThisBuild.MaxRule).Min(row => row.WakeAt));
    }

    public Task<AgentSpending> SpendingAsync(TenantId tenant, string agent, DateTimeOffset day, CancellationToken cancel)
    {
        lock (gate)
        {
            var costs = rows.Values.Where(row => row.Tenant == tenant && row.AgentId == agent && row.Parent is null)
                .Select(row => (row.CreatedAt, Cost: row.Status.IsOver() || row.Budget is not { } budget || budget < row.Spent ? row.Spent : budget)).ToList();
            return Task.FromResult(new AgentSpending(
                costs.Aggregate(Cents.Zero, (sum, run) => sum + run.Cost), costs.Where(run => run.CreatedAt >= day).Aggregate(Cents.Zero, (sum, run) => sum + run.Cost)));
        }
    }

    public Task<(RunId Run, byte[] Fingerprint)?> FindKeyAsync(TenantId tenant, string scope, string key, DateTimeOffset now, CancellationToken cancel)
    {
        lock (gate)
            return Task.FromResult<(RunId, byte[])?>(keys.TryGetValue((tenant, scope, key), out var held) && held.ExpiresAt > now ? (held.Run, held.Fingerprint) : null);
    }

    private AppendReply Append(JournalAppend append)
    {
        var (id, node) = (append.Row.Id, append.Row.Owner ?? append.By ?? default);
        if (!MayWrite(node)) return new AppendReply.Fenced(WholeNode: true);
        var stored = rows.GetValueOrDefault(id);
        if (append.ExpectedSeq == 0)
        {
            if (stored is not null && !Planted.HasFlag(Planted.Splice)) return new AppendReply.AlreadyExists();
            if (append.Claim is { } claim && keys.TryGetValue((claim.Tenant, claim.Scope, claim.Key), out var held) && held.ExpiresAt > clock.GetUtcNow())
                return new AppendReply.KeyTaken(held.Run, held.Fingerprint.AsSpan().SequenceEqual(claim.Fingerprint));
        }
        else if (stored is null || (stored.Seq != append.ExpectedSeq && !Planted.HasFlag(Planted.Splice)))
        {
            return new AppendReply.Conflict(stored?.Seq ?? 0);
        }
        else if (stored.Owner != node && (Planted & (Planted.NoEpochCheck | Planted.Splice)) == 0)
        {
            return new AppendReply.Fenced();
        }

        if (append.Park && append.ExpectedSeq > 0 && Mail(id).Count > append.Row.InboxRead && !Planted.HasFlag(Planted.ParksOverMail)) return new AppendReply.HasMail();
        Accepted?.Invoke(append, stored);
        if (append is { ExpectedSeq: 0, Claim: { } key }) keys[(key.Tenant, key.Scope, key.Key)] = (id, key.Fingerprint, key.ExpiresAt);
        rows[id] = append.Row;
        if (!entries.TryGetValue(id, out var list)) entries[id] = list = [];
        list.AddRange(append.Entries.Where(entry => entry.Seq > list.Count)); // As many as there are, but for a planted splice.
        foreach (var answer in append.Answers) answers[(id, answer.Seq)] = answer;
        foreach (var item in append.Sends) Send(item);
        outbox.AddRange(append.Outbox);
        Ledger.Apply(append);
        return new AppendReply.Appended();
    }

    private bool Send(InboxItem item)
    {
        var mail = Mail(item.Run);
        var isNew = rows.ContainsKey(item.Run) && !mail.Exists(other => other.Id == item.Id);
        if (isNew) mail.Add(item with { Seq = mail.Count + 1 });
        if (rows.GetValueOrDefault(item.Run) is { Owner: null } row && !row.Status.IsOver()) rows[item.Run] = row with { WakeAt = DateTimeOffset.MinValue };
        return isNew;
    }

    private List<InboxItem> Mail(RunId run)
    {
        if (!inbox.TryGetValue(run, out var mail)) inbox[run] = mail = [];
        return mail;
    }

    private IReadOnlyList<JournalEntry> Page(RunId run, int afterSeq, int max)
    {
        lock (gate) return entries.TryGetValue(run, out var list) ? [.. list.Skip(afterSeq).Take(max)] : [];
    }

    private static int Order(RunId left, RunId right) => string.CompareOrdinal(left.ToString(), right.ToString());

    private void Pulse() => Interlocked.Exchange(ref change, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
