using Aos.Contracts;

namespace Aos.Skills;

/// <summary>Removes values that have expired; reading never gives them back, so this only frees their place.</summary>
internal sealed class KvSweep(KvStore store) : IChore
{
    private const int BatchMax = 1_000;

    public string Name => "kv_sweep";

    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    public Task<int> PassAsync(CancellationToken cancel) => store.SweepAsync(BatchMax, cancel);
}
