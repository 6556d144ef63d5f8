using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A run to start.</summary>
/// <param name="Plan">Already read and valid.</param>
/// <param name="Workflow">The stored workflow whose plan it is, or null.</param>
/// <param name="Key">Idempotency key with its scope, or null.</param>
public sealed record StartRequest(
    string AgentId,
    Plan Plan,
    JsonElement Inputs,
    ulong? Seed = null,
    Cents? Budget = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    (string Scope, string Key, byte[] Fingerprint)? Key = null,
    string? Goal = null,
    WorkflowPin? Workflow = null)
{
    /// <summary>What planning the run has already cost: it counts as spent from the start.</summary>
    public Cents Charged { get; init; }

    /// <summary>URL that is told, by POST, when an attempt of the run has ended; or null.</summary>
    public string? Webhook { get; init; }

    /// <summary>Of the tenant's runs that wait for a slot the higher number begins first: -100 to 100.</summary>
    public int Priority { get; init; }

    /// <summary>Where calls of the run may go, beside what its plan says; null: that alone.</summary>
    public ExternalCalls? Calls { get; init; }

    /// <summary>What the run takes over of another one; null: nothing.</summary>
    public ForkOrder? Fork { get; init; }

    /// <summary>The part of the plan that is still to be done: what is admitted, and paid for.</summary>
    public Plan Ahead => Fork is null ? Plan : Forks.Rest(Plan, Fork.Taken);
}

public abstract record StartReply
{
    private StartReply() { }

    public sealed record Started(RunId Run) : StartReply;

    /// <summary>The same key and the same request: this run.</summary>
    public sealed record Existing(RunId Run) : StartReply;

    /// <summary>The same key with another request (409).</summary>
    public sealed record KeyConflict(RunId Run) : StartReply;

    /// <summary>Not admitted; the code says why, simulate says the same.</summary>
    public sealed record Refused(Failure Why) : StartReply;
}

public abstract record CommandReply
{
    private CommandReply() { }

    public sealed record Done(RunState State) : CommandReply;

    public sealed record Refused(Failure Why) : CommandReply;

    public sealed record Unknown : CommandReply;
}

/// <summary>Door of the runs room.</summary>
public interface IRuns
{
    /// <summary>Admits and starts a run; replies after its first append is durable.</summary>
    Task<StartReply> StartAsync(Caller caller, StartRequest request, CancellationToken cancel);

    /// <summary>Has the run decide about a command; replies after the append.</summary>
    Task<CommandReply> CommandAsync(Caller caller, RunId run, RunCommand command, CancellationToken cancel);

    /// <summary>The run as folded: from memory when it is live, else from the journal. Null: unknown to this tenant.</summary>
    Task<RunState?> ReadAsync(Caller caller, RunId run, CancellationToken cancel);

    /// <summary>Waits until the run is over or needs a person, at most <paramref name="atMost"/>; then reads it.</summary>
    Task<RunState?> WaitAsync(Caller caller, RunId run, TimeSpan atMost, CancellationToken cancel);

    /// <summary>Events after <paramref name="afterSeq"/>; goes on with new ones until the run is over.</summary>
    IAsyncEnumerable<JournalEntry> FollowAsync(Caller caller, RunId run, int afterSeq, CancellationToken cancel);
}
