using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>One stored event. <paramref name="Body"/> is kept as the very bytes that were hashed.</summary>
/// <param name="Seq">From 1, without gaps.</param>
/// <param name="Kind">For instance <c>step.started.v1</c>.</param>
/// <param name="Chain">SHA-256 of the previous chain hash (32 zero bytes before the first) followed by the body.</param>
public sealed record JournalEntry(int Seq, string Kind, DateTimeOffset At, ReadOnlyMemory<byte> Body, byte[] Chain);

/// <summary>What the run's row says after an append.</summary>
public sealed record RunRow
{
    public required RunId Id { get; init; }
    public required TenantId Tenant { get; init; }
    public required string AgentId { get; init; }
    public string? Workflow { get; init; }
    public string? Goal { get; init; }
    public required RunStatus Status { get; init; }

    /// <summary>Labels as sorted <c>name=value</c> pairs.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Last event.</summary>
    public required int Seq { get; init; }

    /// <summary>When the run must be woken; null while it needs no clock.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>The node that drives the run; null once parked or over.</summary>
    public NodeId? Owner { get; init; }

    /// <summary>True while somebody drives the run.</summary>
    public bool Owned => Owner is not null;

    /// <summary>Number of the last inbox item whose decision is journaled.</summary>
    public long InboxRead { get; init; }

    /// <summary>Rules a node must know to go on with the run.</summary>
    public int MinRule { get; init; } = (int)KernelRule.First;

    public RunId? Parent { get; init; }
    public int Attempt { get; init; } = 1;
    public Cents Spent { get; init; }
    public Cents? Budget { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Code of the failure that ended the run.</summary>
    public string? FailureCode { get; init; }

    public string? RootHash { get; init; }

    /// <summary>How often in a row a process ended while this run was under way, without an outcome in between.</summary>
    public int Adoptions { get; init; }

    /// <summary>Of a tenant's runs in one lane the higher number goes first: -100 to 100.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Set while the run waits for a slot; null: it has one, or needs none. A run that is driven while this is set is only visited:
    /// nothing may be started for it.
    /// </summary>
    public Lane? Lane { get; init; }

    /// <summary>The scope whose slots the run takes: its agent's id, or empty for its whole tenant. Null: no limit counts it.</summary>
    public string? Scope { get; init; }

    /// <summary>True: it takes a slot of its scope.</summary>
    public bool HoldsSlot => Owner is not null && Lane is null && Scope is not null;

    /// <summary>When the run went from the database into a file: it is read as ever, and takes no commands. Null: it is in the database.</summary>
    public DateTimeOffset? ArchivedAt { get; init; }
}

/// <summary>A command or a late answer for a run, kept until the run journals a decision on it.</summary>
/// <param name="Id">The sender's id: a repeat changes nothing.</param>
/// <param name="Kind">For instance <c>signal</c>, <c>outcome</c>, <c>cancel</c>.</param>
public sealed record InboxItem(RunId Run, string Id, string Kind, ReadOnlyMemory<byte> Body)
{
    /// <summary>Number within the run, from 1 in the order of arrival; given by the store.</summary>
    public long Seq { get; init; }
}

/// <summary>What a run replied to an inbox item, for whoever sent it from another node.</summary>
/// <param name="Seq">Number of the item.</param>
public sealed record InboxAnswer(long Seq, ReadOnlyMemory<byte> Body);

/// <summary>Something to deliver outside of runs, with retries.</summary>
/// <param name="Endpoint">Deliveries to one endpoint about one run keep their order.</param>
public sealed record OutboxItem(Guid Id, TenantId Tenant, RunId? Run, string Endpoint, string Kind, ReadOnlyMemory<byte> Body);

/// <summary>Claims an idempotency key for a run in the very append that starts it.</summary>
/// <param name="Scope">For instance <c>runs</c> or <c>goals:AGENT</c>.</param>
/// <param name="Fingerprint">SHA-256 of the canonical request.</param>
public sealed record IdempotencyClaim(TenantId Tenant, string Scope, string Key, byte[] Fingerprint, DateTimeOffset ExpiresAt);

/// <summary>One run's part of a batch.</summary>
public sealed record JournalAppend
{
    public required RunRow Row { get; init; }

    /// <summary>The node that writes, where the row names none any more; null: this process as it is now.</summary>
    public NodeId? By { get; init; }

    /// <summary>Last event before these; 0 for a new run.</summary>
    public required int ExpectedSeq { get; init; }

    /// <summary>May be empty when only the row changes (park).</summary>
    public required IReadOnlyList<JournalEntry> Entries { get; init; }

    public IdempotencyClaim? Claim { get; init; }

    /// <summary>Replies to inbox items of this run; <see cref="RunRow.InboxRead"/> says how far the inbox is read.</summary>
    public IReadOnlyList<InboxAnswer> Answers { get; init; } = [];

    /// <summary>Inbox items for other runs; their rows become due now.</summary>
    public IReadOnlyList<InboxItem> Sends { get; init; } = [];

    public IReadOnlyList<OutboxItem> Outbox { get; init; } = [];

    /// <summary>Calls and steps that these events say have failed; each <see cref="FailedStep.Place"/> once.</summary>
    public IReadOnlyList<FailedStep> Failures { get; init; } = [];

    /// <summary>Places that had failed and that these events say have succeeded. Where none failed, nothing is written.</summary>
    public IReadOnlyList<RecoveredStep> Recovered { get; init; } = [];

    /// <summary>What these events mean for shared budgets; null: nothing.</summary>
    public AppendMoney? Money { get; init; }

    /// <summary>True: park, that is release the run, unless its inbox holds items above <see cref="RunRow.InboxRead"/>.</summary>
    public bool Park { get; init; }

    /// <summary>Bytes of the events.</summary>
    public long Bytes()
    {
        var bytes = 0L;
        foreach (var entry in Entries) bytes += entry.Body.Length;
        return bytes;
    }
}

public abstract record AppendReply
{
    private AppendReply() { }

    public sealed record Appended : AppendReply;

    /// <summary>The claim's key is taken. Equal fingerprints mean the same request.</summary>
    public sealed record KeyTaken(RunId By, bool SameFingerprint) : AppendReply;

    /// <summary>A new run whose id already exists (a repeated child start).</summary>
    public sealed record AlreadyExists : AppendReply;

    /// <summary>Parking was refused: unread inbox items came in between. Nothing was written.</summary>
    public sealed record HasMail : AppendReply;

    /// <summary>Another history stands there: a bug, or another owner. Nothing was written.</summary>
    public sealed record Conflict(int StoredSeq) : AppendReply;

    /// <summary>The run is not (or no longer) driven by <see cref="JournalAppend.By"/>, which must drop it. Nothing was written.</summary>
    /// <param name="WholeNode">The node's lease is over: it must drop all its runs.</param>
    public sealed record Fenced(bool WholeNode = false) : AppendReply;
}

/// <summary>
/// The append-only record of all runs. Appends of all callers share group commits; a reply comes after the commit and
/// its fsync, never before. Throws <see cref="JournalUnavailableException"/> when the intake is closed (disk full, lock
/// lost); the append may then be sent again with the same bytes.
/// </summary>
public interface IJournal
{
    Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel);

    /// <summary>Events after <paramref name="afterSeq"/>, in order. Verifies chain and columns; throws <see cref="JournalCorruptException"/>.</summary>
    Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel);

    /// <summary>Events as stored, without verification: for showing and for the verifier itself.</summary>
    Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel);

    /// <summary>
    /// Stores a command for a run, whoever drives it; an ownerless run that is not over becomes due now. False when the id was
    /// already there, or the run is unknown.
    /// </summary>
    Task<bool> SendAsync(InboxItem item, CancellationToken cancel);

    /// <summary>Items whose decision is not journaled yet, in the order of arrival.</summary>
    Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel);

    /// <summary>What the run replied to an item; null: nothing yet, or it was an item without a reply.</summary>
    Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel);
}

/// <summary>The journal cannot write now. Nothing was lost; try again after <see cref="RetryAfter"/>.</summary>
public sealed class JournalUnavailableException(string message, TimeSpan retryAfter, Exception? inner = null)
    : Exception(message, inner)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A stored event is not what was written.</summary>
public sealed class JournalCorruptException(RunId run, int seq, string message) : Exception(message)
{
    public RunId Run { get; } = run;

    public int Seq { get; } = seq;
}
