using Aos.Kernel;

namespace Aos.Contracts;

/// <param name="Names">Of the entries there are.</param>
/// <param name="Degraded">Why none was found though there may be some: the memory did not answer, and the house goes on without it. Null: it answered.</param>
public sealed record SimulationKnown(IReadOnlyList<string> Names, string? Degraded);

/// <summary>Door to what the memory of a tenant knows of its simulations.</summary>
public interface ISimulationMemory
{
    /// <summary>By the settings.</summary>
    bool Reads { get; }

    /// <summary>By the settings.</summary>
    bool Writes { get; }

    /// <summary>By the settings.</summary>
    bool DetectsDrift { get; }

    /// <summary>
    /// Which of <c>config</c>, <c>agent_preferences</c>, <c>workflow_state</c> and <c>cost_history</c> there are, in this order. Throws
    /// <see cref="JournalUnavailableException"/> where the memory does not answer and may not be done without.
    /// </summary>
    Task<SimulationKnown> KnownAsync(TenantId tenant, string? agent, string? workflow, CancellationToken cancel);

    /// <summary>Writes what was simulated beside what stands there already; how many entries were written, 0 to 2. A memory that is away takes nothing.</summary>
    Task<int> WriteAsync(Caller caller, string? workflow, CostEstimate estimate, CancellationToken cancel);
}
