using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// A simulation as a trace of schema 1.1, to keep and to compare: per step the hash of the step as planned and of its entry in
/// <c>step_estimates</c>. Nothing of it is of the moment, so equal answers have equal traces.
/// </summary>
internal static class SimulateTrace
{
    /// <summary>The time of a trace whose request froze none.</summary>
    private const string Unfrozen = "1970-01-01T00:00:00+00:00";

    internal static Trace11 Of(SimulateQuestion question, Simulation simulation)
    {
        var plan = question.Request.Reading.Plan?.Source ?? question.Plan;
        return new Trace11
        {
            Seed = question.Seed.ToString(CultureInfo.InvariantCulture),
            Timestamp = question.Timestamp ?? Unfrozen,
            Tenant = question.Request.Tenant.Value,
            Plan = plan,
            Steps = Steps(question, simulation),
            Metadata = Json.Write(writer => WriteMetadata(writer, simulation)),
        }.Finalize();
    }

    private static ImmutableArray<TraceStep11> Steps(SimulateQuestion question, Simulation simulation)
    {
        if (question.Request.Reading.Plan is not { } plan) return [];
        var planned = plan.Source.GetProperty("steps");
        return
        [
            .. simulation.Steps.Zip(planned.EnumerateArray(), (step, source) => new TraceStep11(
                step.StepIndex, step.SkillId, PythonJson.HashData(source), PythonJson.HashData(Json.Write(writer => SimulateWire.WriteEstimate(writer, step))),
                Chance.OfStep(question.Seed, step.StepIndex).State(), SimulateWire.IsFeasible(simulation, step) ? "success" : "failure",
                DurationMs: step.LatencyMs, ErrorCode: Code(simulation, step))),
        ];
    }

    private static string? Code(Simulation simulation, StepEstimate step) =>
        !step.Known ? "SKILL_NOT_FOUND" : SimulateWire.IsFeasible(simulation, step) ? null : "PERMISSION_DENIED";

    private static void WriteMetadata(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartObject();
        writer.WriteString("trace_id", simulation.TraceId);
        writer.WriteString("status", simulation.Status);
        RunWire.WriteCents(writer, "estimated_cost", simulation.EstimatedCost);
        writer.WriteStartObject("facts");
        foreach (var (name, version) in simulation.FactVersions) writer.WriteString(name, version);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
