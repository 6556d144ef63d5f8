using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Which failures are asked for; what is null does not narrow.</summary>
public sealed record FailureFilter
{
    public RunId? Run { get; init; }

    /// <summary>The code as the step failed, or the catalog's.</summary>
    public string? Code { get; init; }

    public FailureCategory? Category { get; init; }

    public string? Skill { get; init; }

    public string? Agent { get; init; }

    /// <summary>True: only what was recovered from; false: only what was not.</summary>
    public bool? Recovered { get; init; }

    /// <summary>True: only what the catalog knows; false: only what it does not.</summary>
    public bool? Matched { get; init; }

    /// <summary>Failed last at or after this.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A failed step as kept.</summary>
/// <param name="Failed">As it failed last.</param>
/// <param name="Attempts">How often the place failed.</param>
/// <param name="Attempted">Somebody or the run itself tried again.</param>
public sealed record KeptFailure(Guid Id, FailedStep Failed, int Attempts, DateTimeOffset FirstAt, bool Attempted, bool Recovered, DateTimeOffset? RecoveredAt, string? RecoveredBy, string? Notes)
{
    /// <summary>Null: nobody knows what it is.</summary>
    public FailureEntry? Entry => Failed.Entry is { } code ? FailureCatalog.Find(code) : null;
}

/// <summary>Failures of a code, counted.</summary>
/// <param name="Code">As they failed; null: not one of the most frequent.</param>
/// <param name="Entry">The catalog's code; null: not known.</param>
public sealed record FailureCount(string? Code, string? Entry, long Count, long Attempted, long Recovered);

/// <summary>Unknown failures of one signature: what the catalog might learn.</summary>
/// <param name="Message">Of one of them.</param>
/// <param name="Category">What its words speak for.</param>
public sealed record FailureCandidate(
    string Signature, string Code, string Message, string? Skill, long Runs, long Agents, long Occurrences, DateTimeOffset FirstAt, DateTimeOffset LastAt, FailureCategory Category, RecoveryMode Recovery);

/// <summary>Failures that a tenant's runs met. Rows are written with the journal; each tenant sees its own.</summary>
public interface IFailureBook
{
    /// <param name="gravestFirst">True: by severity, then newest first; false: newest first.</param>
    Task<(IReadOnlyList<KeptFailure> Failures, long Total)> ListAsync(Caller caller, FailureFilter filter, bool gravestFirst, int limit, int offset, CancellationToken cancel);

    /// <summary>Null: this tenant has none of this id.</summary>
    Task<KeptFailure?> FindAsync(Caller caller, Guid id, CancellationToken cancel);

    /// <summary>Counts all of them.</summary>
    /// <param name="codes">So many codes are told apart, the most frequent ones.</param>
    Task<IReadOnlyList<FailureCount>> CountAsync(Caller caller, DateTimeOffset? since, int codes, CancellationToken cancel);

    /// <summary>Puts on record that somebody tried to recover from it, and what came of that; the last word counts. Null: this tenant has none of this id.</summary>
    /// <param name="notes">At most 1,000 characters; null: those it has stay.</param>
    Task<KeptFailure?> RecoverAsync(Caller caller, Guid id, bool succeeded, string? notes, CancellationToken cancel);

    /// <summary>Unknown failures as they were gathered last, most frequent first.</summary>
    Task<IReadOnlyList<FailureCandidate>> CandidatesAsync(Caller caller, CancellationToken cancel);

    /// <summary>Gathers them anew and replies them.</summary>
    /// <param name="days">Failures of so many days, from 1.</param>
    /// <param name="min">Only what occurred so often, from 1.</param>
    Task<IReadOnlyList<FailureCandidate>> AggregateAsync(Caller caller, int days, int min, CancellationToken cancel);
}
