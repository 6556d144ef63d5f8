using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door to how often calls of skills fail.</summary>
public interface ICallRates
{
    /// <summary>A call is over. Counted in memory and stored some seconds later: counts of those seconds may be lost with the process.</summary>
    /// <param name="code">Null: it succeeded.</param>
    void Called(TenantId tenant, string skill, string? code);

    /// <summary>What was measured of the tenant's calls within the last 30 days, read some seconds ago. A database that is slow or away leaves what was known before.</summary>
    ValueTask<MeasuredRisks> OfAsync(TenantId tenant, CancellationToken cancel);
}
