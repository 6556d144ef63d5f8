namespace Aos.Contracts;

/// <summary>What was done with the memory.</summary>
/// <param name="Operation"><c>put</c>, <c>patch</c>, <c>get</c>, <c>list</c>, <c>delete</c>, <c>cleanup</c>, <c>sweep</c>, <c>run_read</c>.</param>
/// <param name="Key">Of the entry; of a list its prefix; empty: of none.</param>
/// <param name="Who">The principal, <c>run:ID</c> or <c>system</c>.</param>
/// <param name="Outcome"><c>success</c>, <c>absent</c>, <c>refused</c>, <c>error</c>.</param>
public sealed record PinAuditEntry(Kernel.TenantId Tenant, DateTimeOffset At, string Operation, string Key, string Who, string Outcome)
{
    /// <summary>What the entry says of where it came from; null: there is none.</summary>
    public string? Source { get; init; }

    /// <summary>Code of the refusal or failure; null: there was none.</summary>
    public string? Code { get; init; }

    public bool IsCacheHit { get; init; }

    /// <summary>From the call to the answer; of a write until it is written down.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Of the entry afterwards, or as it was read; null: there is none.</summary>
    public long? Version { get; init; }

    /// <summary>Hash of the value before; null: there was none, or it was only read.</summary>
    public string? Before { get; init; }

    /// <summary>Hash of the value afterwards, or as it was read; null: there is none.</summary>
    public string? After { get; init; }

    /// <summary>How many entries: listed or removed.</summary>
    public int? Count { get; init; }
}

/// <param name="Number">Counts up in the order of writing.</param>
public sealed record PinAuditRow(long Number, PinAuditEntry Entry);

/// <param name="Limit">1 to 1,000.</param>
public sealed record PinAuditFilter(string? Key = null, string? Operation = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null, int Limit = 100)
{
    /// <summary>Only those with smaller numbers; null: from the newest on.</summary>
    public long? Before { get; init; }
}

/// <param name="Next">What <see cref="PinAuditFilter.Before"/> is for the next page; null: this was the last one.</param>
public sealed record PinAuditPage(IReadOnlyList<PinAuditRow> Rows, long? Next);

/// <summary>
/// What became of each entry of the memory and who read it. The entry of a write is written by the write's own transaction; those of reads
/// and refusals are written soon after, and counted where too many wait. Who asked over HTTP and whether they might is in <see cref="IAudit"/>,
/// with the same hashes.
/// </summary>
public interface IPinAudit
{
    /// <summary>Of the caller's tenant, newest first.</summary>
    Task<PinAuditPage> ListAsync(Caller caller, PinAuditFilter filter, CancellationToken cancel);
}
