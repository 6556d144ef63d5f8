using Aos.Contracts;

namespace Aos.Memory;

/// <summary>Removes entries whose time is over; reading never gives them back, so this only frees their place.</summary>
internal sealed class PinSweep(PinTable table) : IChore
{
    private const int BatchMax = 1_000;

    public string Name => "memory_sweep";

    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    public Task<int> PassAsync(CancellationToken cancel) => table.SweepAsync(BatchMax, cancel);
}
