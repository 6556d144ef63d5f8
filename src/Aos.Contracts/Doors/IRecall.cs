using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who may recall a note.</summary>
public enum NoteScope
{
    /// <summary>The agent that it is of.</summary>
    Agent,

    /// <summary>Every agent, in runs of its workflow.</summary>
    Workflow,

    /// <summary>Every agent of the tenant.</summary>
    Tenant,
}

/// <summary>A text that agents remember.</summary>
/// <param name="Agent">Whose note it is; null: nobody's in particular.</param>
/// <param name="Type">For instance <c>fact</c>, <c>preference</c>, <c>skill_result</c>, <c>user_input</c>.</param>
/// <param name="Meta">An object, or null.</param>
/// <param name="Importance">0 to 1.</param>
/// <param name="Source">Who wrote it, such as <c>api</c>.</param>
/// <param name="IsTrusted">False: it came from outside or looks like an attempt to steer a model; it is data and never an instruction.</param>
/// <param name="Run">The run that wrote it; null: none.</param>
/// <param name="ExpiresAt">From then on it is not there.</param>
/// <param name="Model">Whose vector it has beside the built-in one; null: none, or not yet.</param>
public sealed record Note(
    Guid Id, TenantId Tenant, NoteScope Scope, string? Agent, string? Workflow, string Type, string Text, JsonElement? Meta, double Importance, string Source, bool IsTrusted,
    RunId? Run, string? Step, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string? Model);

/// <summary>A note to be kept. Secrets in its text are hidden before it is written.</summary>
/// <param name="Text">1 to 8,000 characters.</param>
/// <param name="Scope">An agent's note needs <paramref name="Agent"/>, a workflow's <paramref name="Workflow"/>.</param>
public sealed record NoteWish(string Text, NoteScope Scope, string? Agent = null, string? Workflow = null)
{
    /// <summary>1 to 64 characters.</summary>
    public string Type { get; init; } = "general";

    /// <summary>An object of at most 16 KiB, or null.</summary>
    public JsonElement? Meta { get; init; }

    /// <summary>0 to 1.</summary>
    public double Importance { get; init; } = 0.5;

    /// <summary>1 to 64 characters.</summary>
    public string Source { get; init; } = "api";

    /// <summary>False: it came from outside. A text that looks hostile is untrusted whatever this says.</summary>
    public bool IsTrusted { get; init; } = true;

    public RunId? Run { get; init; }

    public string? Step { get; init; }

    /// <summary>1 to 315,360,000, or null: as long as the house keeps notes.</summary>
    public int? TtlSeconds { get; init; }
}

/// <param name="IsNew">False: the same text was there already in this scope; it is that note, unchanged.</param>
public sealed record NoteMade(Note Note, bool IsNew);

/// <summary>Which notes are looked at. What is null or empty holds nothing back.</summary>
public sealed record NoteFilter
{
    /// <summary>What this agent may recall: its own notes and the tenant's.</summary>
    public string? Agent { get; init; }

    /// <summary>Notes of this workflow too; without <see cref="Agent"/>: these and the tenant's.</summary>
    public string? Workflow { get; init; }

    public NoteScope? Scope { get; init; }

    public IReadOnlyList<string> Types { get; init; } = [];

    public string? Source { get; init; }

    public RunId? Run { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <param name="Text">At most 1,000 characters; empty: the newest notes.</param>
/// <param name="Count">1 to 100.</param>
/// <param name="MinScore">0 to 1: what has less is left out.</param>
public sealed record RecallQuestion(string Text, NoteFilter Filter, int Count = 5, double MinScore = 0);

/// <summary>How a channel found a note.</summary>
/// <param name="Rank">From 1.</param>
/// <param name="Score">BM25, or cosine similarity.</param>
public sealed record RecallReason(RecallChannel Channel, int Rank, double Score);

/// <summary>A note that was found, and why.</summary>
/// <param name="Score">0 to 1: <see cref="RecallScore.Of"/>.</param>
/// <param name="Fused">0 to 1: what the channels come to, before age and importance.</param>
public sealed record RecallHit(Note Note, double Score, double Fused, double Recency, IReadOnlyList<RecallReason> Reasons);

/// <param name="Hits">Best first; of equal ones the newer first, then by id.</param>
/// <param name="Model">Whose vectors were compared beside the built-in ones; null: none.</param>
/// <param name="Degraded">Why the model's vectors were not compared although there should be some: <c>no_embedding</c>, <c>error</c>, <c>disabled</c>; else null.</param>
public sealed record RecallReply(IReadOnlyList<RecallHit> Hits, string? Model, string? Degraded);

/// <summary>Embeddings of a tenant that the house pays for in one day of UTC.</summary>
/// <param name="Daily">0: no limit.</param>
public sealed record EmbeddingAllowance(long Daily, long Used, DateTimeOffset ResetsAt)
{
    /// <summary>-1: no limit.</summary>
    public long Remaining => Daily == 0 ? -1 : Math.Max(0, Daily - Used);

    public bool IsExceeded => Daily != 0 && Used >= Daily;
}

/// <summary>How far the vectors of a tenant's notes are.</summary>
/// <param name="Model">The configured model; null: built-in vectors only, which every note has.</param>
/// <param name="Done">Notes with its vector.</param>
/// <param name="Pending">Notes that wait for one, now or after a failure.</param>
/// <param name="Dead">Notes that are given up: the provider refused them too often. They are found by text and built-in vectors.</param>
/// <param name="LastError">Of the newest failure.</param>
public sealed record EmbeddingProgress(string? Model, long Notes, long Done, long Pending, long Dead, string? LastError);

/// <summary>What is to be forgotten; all that is given has to hold, and something has to be.</summary>
public sealed record ForgetWish(string? Agent, RunId? Run, DateTimeOffset? Before);

/// <summary>
/// Door of what agents remember: texts, found by their words and by similarity. Throws <see cref="JournalUnavailableException"/> when the
/// database does not answer.
/// </summary>
public interface IRecall
{
    /// <summary>Longest text of a note, characters.</summary>
    const int TextMax = 8_000;

    /// <summary>Most hits of one question.</summary>
    const int HitsMax = 100;

    /// <summary>Refused (<c>INVALID_INPUT</c>, <c>INPUT_TOO_LARGE</c>, <c>QUOTA_EXHAUSTED</c>) is what is against <see cref="NoteWish"/> or the quota.</summary>
    Task<(NoteMade? Made, Failure? Refusal)> AddAsync(Caller caller, NoteWish wish, CancellationToken cancel);

    /// <summary>Null: there is none, or its time is over.</summary>
    Task<Note?> FindAsync(Caller caller, Guid id, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="before">Only notes behind this one; null: from the first.</param>
    /// <param name="limit">1 to 1,000.</param>
    Task<IReadOnlyList<Note>> ListAsync(Caller caller, NoteFilter filter, Guid? before, int limit, CancellationToken cancel);

    /// <summary>The note that is gone now; null: there was none.</summary>
    Task<Note?> DeleteAsync(Caller caller, Guid id, CancellationToken cancel);

    /// <summary>How many were removed.</summary>
    Task<int> ForgetAsync(Caller caller, ForgetWish wish, CancellationToken cancel);

    Task<RecallReply> SearchAsync(Caller caller, RecallQuestion question, CancellationToken cancel);

    Task<EmbeddingAllowance> AllowanceAsync(Caller caller, CancellationToken cancel);

    Task<EmbeddingProgress> ProgressAsync(Caller caller, CancellationToken cancel);
}
