using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A simulation as clients read it: every name that any of them asks for, no time, no random id.</summary>
internal static class SimulateWire
{
    internal static void Write(Utf8JsonWriter writer, SimulateQuestion question, Simulation simulation)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("feasible", simulation.Feasible);
        writer.WriteString("status", simulation.Status);
        RunWire.WriteCents(writer, "estimated_cost", simulation.EstimatedCost);
        RunWire.WriteCents(writer, "cost_max", simulation.CostMax);
        writer.WriteNumber("estimated_duration_ms", simulation.EstimatedDurationMs);
        WriteBudget(writer, simulation);
        writer.WriteStartArray("permission_gaps");
        foreach (var gap in simulation.PermissionGaps) writer.WriteStringValue(gap);
        writer.WriteEndArray();
        WriteDomainGaps(writer, simulation);
        WriteRisks(writer, simulation);
        WriteEstimates(writer, simulation);
        WriteStepSimulations(writer, simulation);
        WriteSteps(writer, simulation);
        WriteAlternatives(writer, simulation);
        WriteWarnings(writer, question, simulation);
        if (simulation.Refusal is { } refusal) WriteRefusal(writer, refusal, simulation);
        writer.WriteString("trace_id", simulation.TraceId);
        writer.WriteString("root_hash", simulation.RootHash);
        writer.WriteNumber("seed", question.Seed);
        writer.WriteString("frozen_timestamp", question.Timestamp);
        writer.WriteString("schema_version", "1.1");
        WriteMetadata(writer, simulation);
        if (question.SaveTrace)
        {
            writer.WritePropertyName("trace");
            SimulateTrace.Of(question, simulation).WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void WriteBudget(Utf8JsonWriter writer, Simulation simulation)
    {
        if (simulation.BudgetRemaining is { } remaining)
        {
            // Money that is left rounds down.
            writer.WriteNumber("budget_remaining_cents", (long)decimal.Floor(remaining.Value));
            writer.WriteNumber("budget_remaining_cents_exact", remaining.Value);
        }
        else
        {
            writer.WriteNull("budget_remaining_cents");
        }

        writer.WriteBoolean("budget_sufficient", simulation.BudgetSufficient);
    }

    /// <summary>Only where there are some: agents without domains are answered as ever.</summary>
    private static void WriteDomainGaps(Utf8JsonWriter writer, Simulation simulation)
    {
        if (simulation.DomainGaps.IsEmpty) return;
        writer.WriteStartArray("domain_gaps");
        foreach (var gap in simulation.DomainGaps)
        {
            writer.WriteStartObject();
            writer.WriteString("path", gap.Path);
            writer.WriteString("host", gap.Target.Host);
            writer.WriteNumber("port", gap.Target.Port);
            writer.WriteString("rule", gap.Rule);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRisks(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartArray("risks");
        foreach (var risk in simulation.Risks)
        {
            writer.WriteStartObject();
            writer.WriteNumber("step_index", risk.StepIndex);
            writer.WriteString("skill_id", risk.SkillId);
            writer.WriteString("risk_type", risk.Code);
            writer.WriteString("type", risk.RiskType);
            writer.WriteNumber("probability", risk.Probability);
            writer.WriteString("description", risk.Description);
            writer.WriteString("mitigation", risk.Mitigation);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteEstimates(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartArray("step_estimates");
        foreach (var step in simulation.Steps) WriteEstimate(writer, step);
        writer.WriteEndArray();
    }

    internal static void WriteEstimate(Utf8JsonWriter writer, StepEstimate step)
    {
        writer.WriteStartObject();
        writer.WriteNumber("step_index", step.StepIndex);
        writer.WriteString("step_id", step.StepId);
        writer.WriteString("skill_id", step.SkillId);
        var cents = step.Cost.ToWholeCents();
        writer.WriteNumber("estimated_cost_cents", cents);
        writer.WriteNumber("estimated_latency_ms", step.LatencyMs);
        writer.WriteNumber("cost_cents", cents);
        writer.WriteNumber("cost_cents_exact", step.Cost.Value);
        writer.WriteNumber("cost_max_cents_exact", step.CostMax.Value);
        writer.WriteNumber("latency_ms", step.LatencyMs);
        writer.WriteNumber("risk_probability", step.RiskProbability);
        writer.WriteString("risk_type", step.RiskType);
        writer.WriteNumber("calls_min", step.CallsMin);
        writer.WriteNumber("calls_max", step.CallsMax);
        writer.WriteEndObject();
    }

    private static void WriteStepSimulations(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartArray("step_simulations");
        foreach (var step in simulation.Steps)
        {
            writer.WriteStartObject();
            writer.WriteNumber("step_index", step.StepIndex);
            writer.WriteString("skill_id", step.SkillId);
            writer.WriteBoolean("feasible", IsFeasible(simulation, step));
            writer.WriteNumber("estimated_cost_cents", step.Cost.ToWholeCents());
            writer.WriteStartArray("failure_modes");
            foreach (var (code, probability) in step.Failures)
            {
                writer.WriteStartObject();
                writer.WriteString("code", code);
                writer.WriteNumber("probability", probability);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteSteps(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartArray("steps");
        foreach (var step in simulation.Steps)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", step.StepIndex);
            writer.WriteString("skill", step.SkillId);
            writer.WriteNumber("estimated_cost_cents", step.Cost.ToWholeCents());
            writer.WriteBoolean("feasible", IsFeasible(simulation, step));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    internal static bool IsFeasible(Simulation simulation, StepEstimate step) =>
        step.Known && !simulation.PermissionGaps.Contains(step.SkillId) && !simulation.DomainGaps.Any(gap => gap.Step == step.StepIndex);

    private static void WriteAlternatives(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartArray("alternatives");
        foreach (var other in simulation.Alternatives)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", other.Kind);
            writer.WriteString("suggestion", other.Suggestion);
            RunWire.WriteCents(writer, "potential_savings", other.PotentialSavings);
            writer.WriteBoolean("feasible", other.Feasible);
            if (other.StepId is { } step) writer.WriteString("step_id", step);
            if (other.Model is { } model) writer.WriteString("model", model);
            if (other.Items is { } items) writer.WriteNumber("items", items);
            if (other.BudgetCents is { } budget) writer.WriteNumber("budget_cents", budget);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteWarnings(Utf8JsonWriter writer, SimulateQuestion question, Simulation simulation)
    {
        writer.WriteStartArray("warnings");
        foreach (var warning in simulation.Warnings) writer.WriteStringValue(warning);
        foreach (var warning in question.Ignored) writer.WriteStringValue(warning);
        foreach (var problem in question.Connections) writer.WriteStringValue($"{problem.Path}: {problem.Code}: {problem.Message}");
        writer.WriteEndArray();
        if (question.Connections.Count > 0) ConnectionWire.Write(writer, question.Connections);
    }

    private static void WriteRefusal(Utf8JsonWriter writer, Failure refusal, Simulation simulation)
    {
        writer.WriteString("reason", refusal.Message);
        writer.WritePropertyName("error");
        RunWire.WriteFailure(writer, refusal);
        if (simulation.Problems.IsEmpty) return;
        PlanProblem.WriteList(writer, "problems", simulation.Problems);
    }

    private static void WriteMetadata(Utf8JsonWriter writer, Simulation simulation)
    {
        writer.WriteStartObject("model");
        writer.WriteString("name", simulation.Model.Name);
        writer.WriteString("version", simulation.Model.Version);
        writer.WriteEndObject();
        writer.WriteStartObject("metadata");
        writer.WriteNumber("plan_steps", simulation.Steps.Length);
        writer.WriteNumber("cumulative_risk", simulation.CumulativeRisk);
        if (simulation.Budget is { } budget)
            writer.WriteNumber("budget_utilization", Math.Round(simulation.EstimatedCost.Value / Math.Max(budget.Value, 1), 6));
        else
            writer.WriteNull("budget_utilization");
        writer.WriteEndObject();
        writer.WriteStartObject("facts");
        foreach (var (name, version) in simulation.FactVersions) writer.WriteString(name, version);
        writer.WriteEndObject();
    }
}
