using Aos.Contracts;

namespace Aos.Approvals;

/// <summary>
/// Deletes deliveries that have had their time. Their ids are forgotten with them: what was signed with a time is out of its window since long,
/// so it is refused all the same.
/// </summary>
internal sealed class DeliverySweep(DeliveryTable table, WebhookOptions options, TimeProvider clock) : IChore
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 1_000;

    /// <summary>Batches of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 500;

    public string Name => "webhook-sweep";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - options.Kept;
        var deleted = 0;
        for (var batch = 0; batch < BatchesMax; batch++)
        {
            var few = await table.ForgetAsync(before, BatchMax, cancel);
            deleted += few;
            if (few < BatchMax) break;
        }

        return deleted;
    }
}
