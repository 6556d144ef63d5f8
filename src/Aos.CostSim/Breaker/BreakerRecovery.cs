using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Notices that the time of an open breaker is over, also when nobody asks.</summary>
internal sealed class BreakerRecovery(CostBreaker breaker) : IChore
{
    public string Name => "cost-breaker-recovery";

    public TimeSpan Interval => TimeSpan.FromMinutes(5);

    public async Task<int> PassAsync(CancellationToken cancel) => await breaker.RecoverAsync(cancel) ? 1 : 0;
}
