using System.Buffers;
using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a check of a record found.</summary>
/// <param name="Form">What was checked: <see cref="TraceForms"/>.</param>
/// <param name="Events">Events read, or steps of a trace of schema 1.1.</param>
/// <param name="Seq">The first event that is not as it was written; null: none, or the record as a whole.</param>
/// <param name="Reason">Null when all is well.</param>
/// <param name="ChainHash">Recomputed over the stored bytes, 64 hex digits; of other forms empty.</param>
/// <param name="RootHash">Recomputed; null while the run is not over.</param>
/// <param name="Keys">Ids of the keys whose signatures were checked and hold.</param>
public sealed record TraceVerdict(string Form, bool Ok, int Events, int? Seq, string? Reason, string ChainHash, string? RootHash, IReadOnlyList<string> Keys)
{
    /// <summary>Of a trace of schema 1.1: whose generator its first step drew from, <c>python</c>, <c>javascript</c> or <c>aos</c>; null: none of them.</summary>
    public string? Generator { get; init; }

    public static TraceVerdict Bad(string form, int events, int? seq, string reason, string chain = "") => new(form, false, events, seq, reason, chain, null, []);
}

/// <summary>Names of the forms of records.</summary>
public static class TraceForms
{
    /// <summary>A run's journal, in the store or exported.</summary>
    public const string Export = "aos.trace.v2";

    /// <summary>A trace of the SDKs.</summary>
    public const string Sdk = "1.1.0";

    /// <summary>A golden recording of the older engine.</summary>
    public const string Golden = "golden";
}

public enum ReplayMode
{
    /// <summary>Reads the record, checks its hashes and folds it.</summary>
    Dry,

    /// <summary>Besides that decides everything again from what the world said then, calling nothing, and compares.</summary>
    Mock,

    /// <summary>Besides that calls every pure skill again, in the version the run had, and compares what comes of it.</summary>
    Execute,
}

/// <param name="VerifyParity">False: no parity check in the answer, and success whatever it would say.</param>
/// <param name="Timeout">The replay is given up then.</param>
public sealed record ReplayOrder(ReplayMode Mode, bool VerifyParity, TimeSpan Timeout)
{
    /// <summary>True: the caller named a mode, and is told of every step.</summary>
    public bool IsNamed { get; init; }
}

/// <summary>A replay of a run.</summary>
/// <param name="Replay">Id under which the replay's trace can be read; null when there was nothing to replay.</param>
/// <param name="DivergencePoint">Index of the step at which the replay parts from the original, or null.</param>
/// <param name="Seq">The event that is not as written, or not as decided, or null.</param>
public sealed record ReplayResult(
    bool Success, RunId? Replay, Parity? Parity, int? DivergencePoint, int? Seq, string? Error, string? OriginalRootHash, string? ReplayRootHash)
{
    /// <summary>Every finished step and what became of it.</summary>
    public ImmutableArray<ReplayedStep> Steps { get; init; } = [];
}

/// <summary>A run's trace as read from its journal.</summary>
/// <param name="Id">The run's id, or the id of a replay of it.</param>
/// <param name="State">Of a damaged record: as far as it is sound.</param>
/// <param name="ReplayOf">Set when this is the trace of a replay.</param>
/// <param name="Damage">What is wrong with the record, in a list; null: nothing.</param>
public sealed record RunTrace(RunId Id, RunState State, ReplayOf? ReplayOf, string? Damage = null);

/// <param name="Status"><c>completed</c>, <c>failed</c> or <c>timeout</c>.</param>
public sealed record ReplayOf(RunId Run, DateTimeOffset At, ReplayMode Mode, bool VerifyParity, string Status);

/// <summary>Door of the runs room to what runs prove.</summary>
public interface ITraces
{
    /// <summary>Replays a run and keeps the replay's trace. Null: the run is unknown to this tenant.</summary>
    Task<ReplayResult?> ReplayAsync(Caller caller, RunId run, ReplayOrder order, CancellationToken cancel);

    /// <summary>Checks a stored run: chain, columns, root hash, decisions, signatures. Null: unknown to this tenant.</summary>
    Task<TraceVerdict?> VerifyAsync(Caller caller, RunId run, CancellationToken cancel);

    /// <summary>
    /// Writes the run's record (docs/traces.md), with the stored bytes as they are and the signatures of its ended attempts.
    /// False: the run is unknown to this tenant.
    /// </summary>
    Task<bool> ExportAsync(Caller caller, RunId run, IBufferWriter<byte> output, CancellationToken cancel);

    /// <summary>The trace of a run or of a replay. Null: unknown to this tenant. Throws <see cref="JournalCorruptException"/> when it is damaged.</summary>
    Task<RunTrace?> ReadAsync(Caller caller, RunId id, CancellationToken cancel);

    /// <summary>Stored events after a number, checked. Null: unknown to this tenant. Throws <see cref="JournalCorruptException"/>.</summary>
    Task<IReadOnlyList<JournalEntry>?> EventsAsync(Caller caller, RunId run, int afterSeq, int max, CancellationToken cancel);

    /// <summary>Traces of runs, newest first. A damaged record hides no other: it says so, and is left out only when even its start cannot be read.</summary>
    Task<IReadOnlyList<RunTrace>> ListAsync(Caller caller, int limit, int offset, CancellationToken cancel);
}
