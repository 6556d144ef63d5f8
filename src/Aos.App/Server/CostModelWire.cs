using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What the memory had to do with a question.</summary>
/// <param name="Known">Names of the entries there are; empty: none, or nobody asked.</param>
/// <param name="Written">Entries written; null: none were to be.</param>
/// <param name="Drift">Null: it was not looked for.</param>
internal sealed record CostMemory(SimulationKnown Known, int? Written, DriftFinding? Drift);

/// <summary>Answers of cost models and their datasets as clients read them.</summary>
internal static class CostModelWire
{
    internal static void WriteStatus(Utf8JsonWriter writer, ICostModels models, ModelStanding standing)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("sandbox_enabled", standing.IsOn);
        writer.WriteBoolean("circuit_breaker_open", standing.IsOpen);
        writer.WriteBoolean("circuit_breaker_known", standing.IsBreakerKnown);
        writer.WriteBoolean("disabled_by_drift", standing.Breaker is { Status: BreakerStatus.Open, DisabledBy: "circuit_breaker" });
        writer.WriteString("production_model", $"{models.Production.Name} {models.Production.Version}");
        writer.WriteString("model_version", models.Shadow.Version);
        writer.WriteString("adapter_version", CoefficientModel.ShippedVersion);
        writer.WriteNumber("drift_threshold", models.Limits.Major);
        writer.WriteNumber("shadow_waiting", standing.Waiting);
        writer.WriteEndObject();
    }

    internal static void WriteAnswers(Utf8JsonWriter writer, ModelAnswers answers, CostMemory memory)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("v1_feasible", answers.First.Feasible);
        writer.WriteNumber("v1_cost_cents", answers.First.CostCents);
        writer.WriteNumber("v1_duration_ms", answers.First.DurationMs);
        writer.WriteString("v1_status", answers.First.Status);
        writer.WritePropertyName("v2_result");
        WriteSecond(writer, answers);
        writer.WritePropertyName("comparison");
        WriteComparison(writer, answers.Comparison);
        writer.WriteBoolean("sandbox_enabled", answers.IsOn);
        writer.WriteString("v2_error", answers.Problem);
        WriteMemory(writer, memory);
        writer.WriteEndObject();
    }

    internal static void WriteDataset(Utf8JsonWriter writer, Dataset dataset, bool withTags)
    {
        writer.WriteStartObject();
        writer.WriteString("id", dataset.Id);
        writer.WriteString("name", dataset.Name);
        writer.WriteString("description", dataset.Description);
        writer.WriteNumber("sample_count", dataset.Samples.Length);
        WriteLimits(writer, dataset.Limits);
        if (withTags) SkillWire.WriteTexts(writer, "sample_tags", dataset.Tags);
        writer.WriteEndObject();
    }

    internal static void WriteVerdict(Utf8JsonWriter writer, DatasetVerdict verdict, DateTimeOffset at)
    {
        writer.WriteStartObject();
        writer.WriteString("dataset_id", verdict.Dataset.Id);
        writer.WriteString("dataset_name", verdict.Dataset.Name);
        writer.WriteNumber("sample_count", verdict.Dataset.Samples.Length);
        writer.WriteNumber("mean_error", verdict.MeanError);
        writer.WriteNumber("median_error", verdict.MedianError);
        writer.WriteNumber("std_deviation", verdict.Deviation);
        writer.WriteNumber("outlier_pct", verdict.OutlierShare);
        writer.WriteNumber("drift_score", verdict.DriftScore);
        writer.WriteString("verdict", Word(verdict));
        writer.WriteStartObject("details");
        WriteLimits(writer, verdict.Dataset.Limits);
        writer.WriteNumber("errors_count", verdict.Errors);
        writer.WriteNumber("outliers_count", verdict.Outliers);
        SkillWire.WriteTexts(writer, "misses", verdict.Misses);
        writer.WriteEndObject();
        writer.WriteString("timestamp", at.UtcDateTime);
        writer.WriteEndObject();
    }

    internal static void WriteVerdicts(Utf8JsonWriter writer, IReadOnlyList<DatasetVerdict> verdicts, DateTimeOffset at)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("all_passed", verdicts.All(verdict => verdict.IsAcceptable));
        writer.WriteStartObject("results");
        foreach (var verdict in verdicts)
        {
            writer.WriteStartObject(verdict.Dataset.Id);
            writer.WriteString("dataset_name", verdict.Dataset.Name);
            writer.WriteNumber("sample_count", verdict.Dataset.Samples.Length);
            writer.WriteNumber("mean_error", verdict.MeanError);
            writer.WriteNumber("drift_score", verdict.DriftScore);
            writer.WriteString("verdict", Word(verdict));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteString("timestamp", at.UtcDateTime);
        writer.WriteEndObject();
    }

    private static void WriteSecond(Utf8JsonWriter writer, ModelAnswers answers)
    {
        if (answers.Second is not { } second)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        CostForms.WriteVerdict(writer, second);
        writer.WriteNumber("budget_remaining_cents", second.BudgetRemainingCents);
        writer.WriteNumber("confidence_score", second.Confidence);
        writer.WriteString("model_version", second.ModelVersion);
        writer.WriteStartArray("risks");
        foreach (var risk in second.Risks)
        {
            writer.WriteStartObject();
            writer.WriteNumber("step_index", risk.StepIndex);
            writer.WriteString("skill_id", risk.Skill);
            writer.WriteString("risk_type", risk.RiskType);
            writer.WriteNumber("probability", risk.Probability);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        SkillWire.WriteTexts(writer, "warnings", second.Warnings);
        writer.WriteNumber("runtime_ms", answers.RuntimeMs);
        writer.WriteEndObject();
    }

    private static void WriteComparison(Utf8JsonWriter writer, CostComparison? comparison)
    {
        if (comparison is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("verdict", comparison.Verdict);
        writer.WriteNumber("v1_cost_cents", comparison.V1CostCents);
        writer.WriteNumber("v2_cost_cents", comparison.V2CostCents);
        writer.WriteNumber("cost_delta_cents", comparison.CostDeltaCents);
        writer.WriteNumber("cost_delta_pct", Math.Round(comparison.CostDeltaPct, 4));
        writer.WriteNumber("drift_score", Math.Round(comparison.DriftScore, 4));
        writer.WriteBoolean("feasibility_match", comparison.FeasibilityMatch);
        writer.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter writer, CostMemory memory)
    {
        if (memory.Known.Names.Count > 0) SkillWire.WriteTexts(writer, "memory_context_keys", memory.Known.Names);
        else writer.WriteNull("memory_context_keys");
        if (memory.Known.Degraded is { } why) writer.WriteString("memory_degraded", why);
        if (memory.Written is { } written) writer.WriteNumber("memory_updates_applied", written);
        else writer.WriteNull("memory_updates_applied");
        if (memory.Drift is { } drift)
        {
            writer.WriteBoolean("drift_detected", drift.IsDetected);
            writer.WriteNumber("drift_score", Math.Round(drift.Score, 4));
            writer.WriteString("drift_severity", drift.Severity);
        }
        else
        {
            writer.WriteNull("drift_detected");
            writer.WriteNull("drift_score");
        }
    }

    private static void WriteLimits(Utf8JsonWriter writer, DatasetLimits limits)
    {
        writer.WriteStartObject("thresholds");
        writer.WriteNumber("max_mean_error", limits.MeanError);
        writer.WriteNumber("max_median_error", limits.MedianError);
        writer.WriteNumber("max_std_deviation", limits.Deviation);
        writer.WriteNumber("max_outlier_pct", limits.OutlierShare);
        writer.WriteNumber("max_drift_score", limits.DriftScore);
        writer.WriteEndObject();
    }

    private static string Word(DatasetVerdict verdict) => verdict.IsAcceptable ? "acceptable" : "not_acceptable";
}
