using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What is known of a failure that somebody wants to recover from: a kept one, that of a run, or what it says.</summary>
public sealed record RecoveryQuestion
{
    public Guid? Failure { get; init; }

    public RunId? Run { get; init; }

    public string? Code { get; init; }

    public string? Message { get; init; }

    public string? Skill { get; init; }

    public int? HttpStatus { get; init; }

    public string? Exception { get; init; }
}

/// <summary>One way to recover.</summary>
/// <param name="Confidence">0 to 1, four decimals.</param>
public sealed record RecoveryOption(RecoveryAction Action, decimal Confidence);

/// <summary>Something that happened, by which a confidence was reckoned.</summary>
/// <param name="Suggestion">The suggestion that was applied; null: what happened to a kept failure.</param>
public sealed record RecoveryEvidence(Guid? Failure, RunId? Run, Guid? Suggestion, bool Recovered, DateTimeOffset At);

/// <summary>Where a suggestion stands. On the wire in lower case.</summary>
public enum RecoveryStatus { Proposed, Approved, Rejected, Applied }

/// <summary>What came of a suggestion that was applied: how the run ended, or that it is not there any more. On the wire in lower case.</summary>
public enum RecoveryResult { Succeeded, Failed, Cancelled, Unknown }

/// <summary>A suggestion as it is kept.</summary>
public sealed record RecoveryCandidate
{
    public required Guid Id { get; init; }

    public required TenantId Tenant { get; init; }

    /// <summary>As it failed, else the catalog's.</summary>
    public required string Code { get; init; }

    /// <summary>Null: nobody knows what it is.</summary>
    public FailureEntry? Entry { get; init; }

    public string? Skill { get; init; }

    /// <summary>Of a kept failure.</summary>
    public string? Signature { get; init; }

    public Guid? Failure { get; init; }

    /// <summary>The run that may be recovered so; null: none, so it cannot be applied.</summary>
    public RunId? Run { get; init; }

    /// <summary>The attempt that failed.</summary>
    public int? Attempt { get; init; }

    public required RecoveryAction Action { get; init; }

    public required decimal Confidence { get; init; }

    public RecoveryStatus Status { get; init; }

    public required string ProposedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string? DecidedBy { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    public string? Note { get; init; }

    public string? AppliedBy { get; init; }

    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The run that was tried again, or the fork.</summary>
    public RunId? AppliedRun { get; init; }

    public int? AppliedAttempt { get; init; }

    /// <summary>Null: it was not applied, or that run is not over.</summary>
    public RecoveryResult? Result { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What somebody did with a suggestion. Rows of these are written once and never changed.</summary>
/// <param name="Note">Of whoever decided; where a run did not take what was approved, the reason.</param>
/// <param name="Action">As it was then.</param>
public sealed record RecoveryDecision(RecoveryStatus Decision, string By, string? Note, RecoveryAction Action, DateTimeOffset At);

/// <summary>What is suggested.</summary>
/// <param name="Match">How the failure was recognised.</param>
/// <param name="Alternatives">What else could be done, the most promising first.</param>
/// <param name="Evidence">The newest outcomes that the confidence was reckoned by, at most 10.</param>
/// <param name="Outcomes">How many there were.</param>
public sealed record RecoveryProposal(RecoveryCandidate Candidate, FailureMatch Match, IReadOnlyList<RecoveryOption> Alternatives, IReadOnlyList<RecoveryEvidence> Evidence, int Outcomes);

/// <summary>Which suggestions are asked for; what is null does not narrow.</summary>
public sealed record RecoveryFilter
{
    public RecoveryStatus? Status { get; init; }

    public RunId? Run { get; init; }

    /// <summary>The code as it failed, or the catalog's.</summary>
    public string? Code { get; init; }
}

/// <summary>Suggestions counted that are alike in all of these.</summary>
/// <param name="Code">The catalog's code, else that of the failure; null: not one of the most frequent.</param>
/// <param name="Entry">The catalog's code; null: not known.</param>
public sealed record RecoveryCount(string? Code, string? Entry, RecoveryKind Kind, RecoveryStatus Status, RecoveryResult? Result, long Count);

/// <summary>Ways to recover from failures: suggested by what helped before, decided by people, applied to runs. Each tenant has its own.</summary>
public interface IRecovery
{
    /// <summary>Suggests what to do and keeps the suggestion, or says why there is none.</summary>
    Task<(RecoveryProposal? Proposal, Failure? Refusal)> SuggestAsync(Caller caller, RecoveryQuestion question, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<(IReadOnlyList<RecoveryCandidate> Candidates, long Total)> ListAsync(Caller caller, RecoveryFilter filter, int limit, int offset, CancellationToken cancel);

    /// <summary>Null: this tenant has none of this id.</summary>
    Task<(RecoveryCandidate Candidate, IReadOnlyList<RecoveryDecision> Decisions)?> FindAsync(Caller caller, Guid id, CancellationToken cancel);

    /// <summary>Decides about a suggestion, once. What could never be applied to its run is not approved.</summary>
    /// <param name="action">What is approved in place of what was suggested; null: that.</param>
    Task<(RecoveryCandidate? Candidate, Failure? Refusal)> DecideAsync(Caller caller, Guid id, bool approved, string? note, RecoveryAction? action, CancellationToken cancel);

    /// <summary>All suggestions since then, counted.</summary>
    /// <param name="codes">So many codes are told apart, the most frequent ones.</param>
    Task<IReadOnlyList<RecoveryCount>> CountAsync(Caller caller, DateTimeOffset? since, int codes, CancellationToken cancel);

    /// <summary>
    /// Does to a failed run what was approved. Replies the run that goes on: the same one, or the fork. Once begun it is done to its end,
    /// also when <paramref name="cancel"/> says that nobody waits for it.
    /// </summary>
    /// <param name="candidate">As it was read: what was not approved then is refused, so that whoever read it knows what will be done.</param>
    Task<(RunId? Run, Failure? Refusal)> ApplyAsync(Caller caller, RunId run, RecoveryCandidate candidate, string? reason, CancellationToken cancel);
}
