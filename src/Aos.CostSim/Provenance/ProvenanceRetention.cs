using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Deletes provenance and cost records when their time is over.</summary>
internal sealed class ProvenanceRetention(ProvenanceTable provenance, CostRecordTable records, ProvenanceOptions options, ICluster cluster) : IChore
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 5_000;

    /// <summary>Batches of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 200;

    public string Name => "costsim-retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel) =>
        await AllAsync(() => provenance.ForgetBeforeAsync(cluster.Now - TimeSpan.FromDays(options.RetentionDays), BatchMax, cancel))
        + await AllAsync(() => records.ForgetBeforeAsync(cluster.Now - TimeSpan.FromDays(options.RecordDays), BatchMax, cancel));

    private static async Task<int> AllAsync(Func<Task<int>> batch)
    {
        var deleted = 0;
        for (var i = 0; i < BatchesMax; i++)
        {
            var few = await batch();
            deleted += few;
            if (few < BatchMax) break;
        }

        return deleted;
    }
}
