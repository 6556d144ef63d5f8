using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>A simulation as it is recorded: the question with all that its answer depends on, and the answer.</summary>
internal static class Simulated
{
    internal static ProvenanceRecord Of(SimulationRequest request, Simulation simulation, DateTimeOffset at, int runtimeMs)
    {
        var (question, answer) = (Question(request), Answer(simulation));
        return new ProvenanceRecord(
            request.Tenant, null, "v1", "simulate", TypicalFigures.Version, ContentHash.Hex(question), ContentHash.Hex(answer), simulation.EstimatedCost.Value, null, null, null, null,
            simulation.Status, runtimeMs, at, Both(question, answer));
    }

    internal static JsonElement Both(JsonElement question, JsonElement answer) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("input");
        question.WriteTo(writer);
        writer.WritePropertyName("output");
        answer.WriteTo(writer);
        writer.WriteEndObject();
    });

    /// <summary>Plans by their hash: a plan may hold what its writer would not want to lie about.</summary>
    private static JsonElement Question(SimulationRequest request) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("plan_hash", request.Reading.Plan?.Hash ?? request.SourceHash ?? "");
        writer.WriteString("inputs_hash", ContentHash.Hex(request.Inputs));
        if (request.Budget is { } budget) writer.WriteNumber("budget_cents", budget.Value);
        if (request.AgentId is { } agent) writer.WriteString("agent_id", agent);
        writer.WriteEndObject();
    });

    private static JsonElement Answer(Simulation simulation) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("feasible", simulation.Feasible);
        writer.WriteString("status", simulation.Status);
        writer.WriteNumber("estimated_cost_cents", simulation.EstimatedCost.Value);
        writer.WriteNumber("estimated_duration_ms", simulation.EstimatedDurationMs);
        writer.WriteStartArray("step_estimates");
        foreach (var step in simulation.Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("skill_id", step.SkillId);
            writer.WriteNumber("cost_cents", step.Cost.Value);
            writer.WriteNumber("latency_ms", step.LatencyMs);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("facts");
        foreach (var (name, version) in simulation.FactVersions) writer.WriteString(name, version);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });
}
