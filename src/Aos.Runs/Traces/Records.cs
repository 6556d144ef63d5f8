using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Reads records from the store.</summary>
internal sealed class Records(IJournal journal, IRunRows rows)
{
    /// <summary>The stored events up to a number, and what they say. Nothing: the tenant has no such run.</summary>
    internal async Task<(Record? Record, IReadOnlyList<JournalEntry>? Entries)> LoadAsync(TenantId tenant, RunId run, int seqMax, CancellationToken cancel)
    {
        if (await rows.GetAsync(tenant, run, cancel) is not { } row) return default;
        var entries = await journal.ReadRawAsync(run, 0, seqMax, cancel);
        return (Record.Of(run, entries, Math.Min(row.Seq, seqMax)), entries);
    }
}
