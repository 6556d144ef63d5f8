using Aos.Contracts;

namespace Aos.Memory;

/// <summary>Removes entries whose time is over; reading never gives them back, so this only frees their place.</summary>
internal sealed class PinSweep(PinTable table, PinRemover remover, PinMeter meter, TimeProvider clock) : IChore
{
    private const int DueMax = 1_000;

    public string Name => "memory_sweep";

    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <summary>The tenants that have something to remove, each in transactions of its own.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var (count, began) = (0, clock.GetTimestamp());
        foreach (var tenant in await table.DueAsync(DueMax, cancel)) count += await remover.CleanupAsync(Caller.System(tenant), "sweep", cancel);
        if (count > 0) meter.Done("sweep", "success", clock.GetElapsedTime(began));
        return count;
    }
}
