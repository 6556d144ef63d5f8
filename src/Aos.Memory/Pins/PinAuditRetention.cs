using Aos.Contracts;

namespace Aos.Memory;

/// <summary>Deletes the record of the memory when its time is over.</summary>
internal sealed class PinAuditRetention(PinAuditTable table, PinOptions options, ICluster cluster) : IChore
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 5_000;

    public string Name => "memory_audit_retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var (before, deleted) = (cluster.Now - TimeSpan.FromDays(options.AuditDays), 0);
        while (await table.ForgetAsync(before, BatchMax, cancel) is var few and > 0) deleted += few;
        return deleted;
    }
}
