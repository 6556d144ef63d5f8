using Aos.Contracts;

namespace Aos.Failures;

/// <summary>Deletes kept failures when their time is over.</summary>
internal sealed class FailureRetention(FailureTable table, FailureOptions options, ICluster cluster) : IChore
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 5_000;

    /// <summary>Batches of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 200;

    public string Name => "failure-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var before = cluster.Now - TimeSpan.FromDays(options.RetentionDays);
        var deleted = 0;
        for (var batch = 0; batch < BatchesMax; batch++)
        {
            var few = await table.ForgetBeforeAsync(before, BatchMax, cancel);
            deleted += few;
            if (few < BatchMax) break;
        }

        return deleted;
    }
}
