using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who left a trace. On the wire <c>run</c> and <c>client</c>.</summary>
public enum TraceSource
{
    /// <summary>A run of AOS: its trace is its journal.</summary>
    Run,

    /// <summary>A client that stored it.</summary>
    Client,
}

/// <summary>What of a stored trace is listed.</summary>
/// <param name="Id">1 to 64 characters, one of a tenant's.</param>
/// <param name="RunId">As the client calls its run; several traces may name the same.</param>
/// <param name="Seed">A whole number of any size, as decimal text.</param>
/// <param name="RootHash">The root of schema 1.1, as verified.</param>
/// <param name="PlanHash">64 hex digits: the SDKs' <c>hash_trace</c> of the plan as it came.</param>
/// <param name="CreatedAt">When it was stored.</param>
public sealed record StoredHead(
    string Id, string RunId, string CorrelationId, TenantId Tenant, string? AgentId, string Status, string Seed, string? FrozenTimestamp, string RootHash, string PlanHash,
    DateTimeOffset StartedAt, DateTimeOffset? CompletedAt, DateTimeOffset CreatedAt)
{
    public int Steps { get; init; }

    public int Successes { get; init; }

    public int Failures { get; init; }

    public decimal CostCents { get; init; }

    public decimal DurationMs { get; init; }
}

/// <summary>A step of a stored trace, in the words of both kinds of client.</summary>
/// <param name="Sdk">What is hashed, as it came.</param>
/// <param name="Status"><c>success</c>, <c>failure</c>, <c>skipped</c>, <c>retry</c>, <c>pending</c> or <c>running</c>.</param>
/// <param name="Params">Redacted.</param>
/// <param name="Data">Redacted; null: none.</param>
public sealed record StoredStep(TraceStep11 Sdk, string SkillName, string Status, string Category, string? Code, JsonElement Params, JsonElement? Data, decimal CostCents, int Retries);

/// <summary>A trace that a client stored.</summary>
/// <param name="Sdk">In schema 1.1, plan and metadata redacted.</param>
/// <param name="FullHash">Over schema version, plan, metadata and root, before redaction: what the root of schema 1.1 leaves out.</param>
public sealed record StoredTrace(StoredHead Head, Trace11 Sdk, string FullHash, string StoredBy, IReadOnlyList<StoredStep> Steps);

/// <summary>A trace of either kind: one of the two is there.</summary>
public sealed record AnyTrace(RunTrace? Run, StoredTrace? Stored);

/// <summary>A line of the list of either kind: one of the two is there.</summary>
public sealed record AnyTraceHead(RunTrace? Run, StoredHead? Stored);

/// <summary>Which traces to list. Null members don't filter.</summary>
/// <param name="Status"><c>completed</c>, <c>failed</c>, <c>running</c>, or what a client wrote.</param>
/// <param name="From">Started by AOS, or stored by a client, then or later.</param>
/// <param name="Limit">1 to 1,000.</param>
/// <param name="Offset">0 to 10,000.</param>
public sealed record TraceFilter(
    string? AgentId = null, string? Status = null, string? RootHash = null, string? PlanHash = null, string? Seed = null, DateTimeOffset? From = null, DateTimeOffset? To = null,
    TraceSource? Source = null, int Limit = 100, int Offset = 0);

/// <param name="Total">All that fit the filter.</param>
public sealed record TracePage(IReadOnlyList<AnyTraceHead> Traces, long Total);

/// <summary>A client's trace that is to be stored.</summary>
/// <param name="Trace">As it came.</param>
/// <param name="Overwrite">True: an existing one of this id is replaced.</param>
/// <param name="Key">Idempotency key of the request; null: none.</param>
public sealed record TraceOrder(JsonElement Trace, bool Overwrite, string? Key);

/// <param name="Before">Full hash of what was replaced; null: nothing was.</param>
/// <param name="IsRepeat">True: an earlier request with the same key stored it.</param>
public sealed record StoreReply(string Id, string RootHash, string? Before, string After, bool IsRepeat);

/// <summary>Where an idempotency key was used: by a step of a stored trace, else by a request that stored one.</summary>
/// <param name="Step">Null: a request.</param>
public sealed record TraceKey(string? TraceId, int? Step, string Status, string? OutputHash)
{
    /// <summary>False: the request was reserved or failed.</summary>
    public bool IsExecuted { get; init; } = true;
}

/// <summary>What differs between two traces; roots are of the form in which they were compared.</summary>
public sealed record TraceComparison(string? Root1, string? Root2, TraceDiff Diff);

/// <summary>Door of the runs room to traces of both kinds: those that runs left, read from their journals, and those that clients stored.</summary>
public interface ITraceBook
{
    /// <summary>Verifies, redacts and stores a trace with its steps in one transaction. The refusal says what is wrong where.</summary>
    Task<(StoreReply? Stored, Failure? Refusal)> StoreAsync(Caller caller, TraceOrder order, CancellationToken cancel);

    /// <summary>By the id of a run or of a replay, else the trace's own id, else the id its client gave its run. Null: unknown to this tenant.</summary>
    Task<AnyTrace?> FindAsync(Caller caller, string id, CancellationToken cancel);

    /// <summary>The newest trace with this root. Null: the tenant has none.</summary>
    Task<AnyTrace?> FindByRootAsync(Caller caller, string root, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<(TracePage? Page, Failure? Refusal)> ListAsync(Caller caller, TraceFilter filter, CancellationToken cancel);

    /// <summary>The comparison, or the id that is unknown to this tenant.</summary>
    Task<(TraceComparison? Comparison, string? Unknown)> CompareAsync(Caller caller, string first, string second, CancellationToken cancel);

    /// <summary>Deletes a stored trace with its steps and mismatches; of a run nothing. Replies its full hash; null: there is none.</summary>
    Task<(string? Deleted, Failure? Refusal)> DeleteAsync(Caller caller, string id, CancellationToken cancel);

    /// <summary>Deletes the tenant's stored traces of this age, with what belongs to them. Replies how many traces.</summary>
    Task<int> CleanupAsync(Caller caller, TimeSpan olderThan, CancellationToken cancel);

    /// <summary>Null: the key was never used.</summary>
    Task<TraceKey?> FindKeyAsync(Caller caller, string key, CancellationToken cancel);
}
