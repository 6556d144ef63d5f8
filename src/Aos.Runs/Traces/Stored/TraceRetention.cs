using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Deletes traces that clients stored when their time is over.</summary>
internal sealed class TraceRetention(TraceTable table, TraceBook book, TraceOptions options, ICluster cluster) : IChore
{
    public string Name => "trace-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var before = cluster.Now - TimeSpan.FromDays(options.RetentionDays);
        var deleted = 0;
        foreach (var tenant in await table.TenantsAsync(before, cancel)) deleted += await book.ForgetBeforeAsync(new TenantId(tenant), before, cancel);
        return deleted;
    }
}
