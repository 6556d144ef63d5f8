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

    /// <summary>Whether the two answers drift, counted and measured; null: nobody looks, or the memory knows nothing of the question.</summary>
    /// <param name="known">As of <see cref="KnownAsync"/>.</param>
    DriftFinding? Look(TenantId tenant, IReadOnlyList<string> known, CostComparison? comparison);

    /// <summary>
    /// Which of <c>config</c>, <c>agent_preferences</c>, <c>workflow_state</c> and <c>cost_history</c> there are, in this order. Throws
    /// <see cref="JournalUnavailableException"/> where the memory does not answer and may not be done without.
    /// </summary>
    Task<SimulationKnown> KnownAsync(TenantId tenant, string? agent, string? workflow, CancellationToken cancel);

    /// <summary>Writes what was simulated beside what stands there already; how many entries were written, 0 to 2. A memory that is away takes nothing.</summary>
    Task<int> WriteAsync(Caller caller, string? workflow, CostEstimate estimate, CancellationToken cancel);
}

/// <summary>Drift between two answers to a question that the memory knows something of.</summary>
/// <param name="Score">0 to 1.</param>
/// <param name="Severity"><c>low</c>, <c>medium</c> or <c>high</c>.</param>
public sealed record DriftFinding(bool IsDetected, double Score, string Severity);
