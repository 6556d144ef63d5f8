using Aos.Contracts;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Aos.Storage;

/// <summary>Makes the journal's months ahead of time and drops those of which nothing is left.</summary>
internal sealed partial class PartitionChore(PostgresPool pool, ICluster cluster, ILogger<PartitionChore> logger) : IChore
{
    public string Name => "journal-partitions";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var partitions = new JournalPartitions(pool.Source);
        try
        {
            var (made, dropped) = await partitions.TendAsync(cluster.Now, cancel);
            if (made + dropped > 0) Changed(made, dropped);
            return made + dropped;
        }
        catch (Exception e) when (PostgresFailures.IsOutage(e) || PostgresFailures.IsRace(e))
        {
            throw new JournalUnavailableException($"The journal's partitions could not be looked after now: {e.Message}", Interval, e);
        }
    }

    [LoggerMessage(EventId = 3402, Level = LogLevel.Information, Message = "The journal has {Made} partition(s) more, and {Dropped} empty one(s) are gone.")]
    private partial void Changed(int made, int dropped);
}
