using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door of the cost room: one simulator for simulate and for admission.</summary>
public interface ICosts
{
    /// <summary>Prices and judges a plan: the same facts that admission uses. Never throws for a bad plan.</summary>
    Simulation Simulate(SimulationRequest request);

    /// <summary>Why a run of this plan would be refused, with the code simulate names; null: admitted.</summary>
    Failure? Admit(SimulationRequest request);

    /// <summary>What one call of a skill with these parameters typically costs, as simulate counts it.</summary>
    Cents Typical(string skill, System.Text.Json.JsonElement parameters);
}
