namespace Aos.CostSim;

/// <summary>Deletes in batches, each a short transaction.</summary>
internal static class Sweep
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 5_000;

    /// <summary>Batches of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 200;

    /// <param name="batch">Deletes at most so many rows, and replies how many.</param>
    internal static async Task<int> AllAsync(Func<int, Task<int>> batch)
    {
        var deleted = 0;
        for (var i = 0; i < BatchesMax; i++)
        {
            var few = await batch(BatchMax);
            deleted += few;
            if (few < BatchMax) break;
        }

        return deleted;
    }
}
