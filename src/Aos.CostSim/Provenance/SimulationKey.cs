using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What the record of a simulation is told apart by, without the cost of its hashes: the question, all that its answer depends on, and the day.</summary>
internal readonly record struct SimulationKey(TenantId Tenant, string Plan, string Inputs, Cents? Budget, string? Agent, string Facts, DateOnly Day)
{
    /// <summary>Characters of inputs that are looked at; a key is kept for a while.</summary>
    private const int InputsMax = 2_048;

    /// <summary>Null: it is not worth keeping, so the simulation counts as new.</summary>
    internal static SimulationKey? Of(SimulationRequest request, Simulation simulation, DateTimeOffset at)
    {
        if ((request.Reading.Plan?.Hash ?? request.SourceHash) is not { } plan) return null;
        var inputs = request.Inputs.ValueKind == JsonValueKind.Object && request.Inputs.GetPropertyCount() == 0 ? "" : request.Inputs.GetRawText();
        return inputs.Length > InputsMax
            ? null
            : new SimulationKey(request.Tenant, plan, inputs, request.Budget, request.AgentId, string.Join('\n', simulation.FactVersions), DateOnly.FromDateTime(at.UtcDateTime));
    }
}
