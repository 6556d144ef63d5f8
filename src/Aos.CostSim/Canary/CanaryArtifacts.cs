using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What is kept beside a report. Of tenants' samples: hashes and figures of the whole, nothing of their steps.</summary>
internal static class CanaryArtifacts
{
    internal const string Report = "report.json";
    private const string Comparisons = "comparisons.jsonl";
    private const string Diffs = "diffs.jsonl";

    /// <summary>One line for each sample; and one for each that differs much, or from what was approved.</summary>
    internal static ImmutableArray<(string Name, byte[] Text)> Of(ImmutableArray<CanaryAnswer> answers, DriftLimits limits, DateTimeOffset at)
    {
        var differing = answers.Where(answer => Differs(answer, limits)).ToList();
        if (answers.IsEmpty) return [];
        var comparisons = (Comparisons, Lines(answers.Select(answer => Json.Write(writer => WriteComparison(writer, answer, limits)))));
        return differing.Count == 0 ? [comparisons] : [comparisons, (Diffs, Lines(differing.Select(answer => Json.Write(writer => WriteDiff(writer, answer, at)))))];
    }

    internal static (string Name, byte[] Text) Of(CanaryReport report) => (Report, Encoding.UTF8.GetBytes(Json.Write(report.Write).GetRawText()));

    private static bool Differs(CanaryAnswer answer, DriftLimits limits) =>
        answer.Now(limits) is { } now && (CanaryMeasure.IsMajor(now) || IsChanged(answer.Sample.First, answer.First!) || IsChanged(answer.Sample.Second, answer.Second!));

    private static bool IsChanged(ApprovedAnswer? approved, ModelAnswer now) => approved is { Origin: not ApprovedAnswer.Expected } && approved.Answer.ChangeTo(now) is not null;

    private static byte[] Lines(IEnumerable<JsonElement> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line.GetRawText() + "\n")));

    private static void WriteComparison(Utf8JsonWriter writer, CanaryAnswer answer, DriftLimits limits)
    {
        writer.WriteStartObject();
        WriteSample(writer, answer);
        if (answer.Now(limits) is { } now)
        {
            writer.WriteString("verdict", now.Verdict);
            writer.WriteNumber("v1_cost_cents", now.V1CostCents);
            writer.WriteNumber("v2_cost_cents", now.V2CostCents);
            writer.WriteNumber("cost_delta_cents", now.CostDeltaCents);
            writer.WriteNumber("cost_delta_pct", Math.Round(now.CostDeltaPct, 4));
            writer.WriteNumber("duration_delta_ms", now.DurationDeltaMs);
            writer.WriteBoolean("feasibility_match", now.FeasibilityMatch);
            writer.WriteNumber("drift_score", Math.Round(now.DriftScore, 4));
        }

        if (answer.ByDesign(limits) is { } design) writer.WriteNumber("drift_score_by_design", Math.Round(design.DriftScore, 4));
        if (answer.Thrown is { } thrown) writer.WriteString("error", $"{thrown.Model.Name}: {thrown.Exception.GetType().Name}");
        writer.WriteEndObject();
    }

    private static void WriteDiff(Utf8JsonWriter writer, CanaryAnswer answer, DateTimeOffset at)
    {
        var (first, second, isOpen) = (answer.First!, answer.Second!, answer.Sample.Dataset is not null);
        writer.WriteStartObject();
        WriteSample(writer, answer);
        writer.WriteString("v1_output_hash", first.Hash());
        writer.WriteString("v2_output_hash", second.Hash());
        writer.WriteNumber("cost_diff", second.Cents - first.Cents);
        writer.WriteNumber("duration_diff", second.DurationMs - first.DurationMs);
        writer.WriteStartArray("step_diffs");
        foreach (var (index, (one, other)) in (isOpen ? first.Steps.Zip(second.Steps) : []).Index())
        {
            if (one.Cents == other.Cents) continue;
            writer.WriteStartObject();
            writer.WriteNumber("step_index", index);
            writer.WriteString("skill_id", one.Skill);
            writer.WriteNumber("v1_cost_cents", one.Cents);
            writer.WriteNumber("v2_cost_cents", other.Cents);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("is_match", false);
        writer.WriteString("diff_summary", FormattableString.Invariant($"{first.Cents} cents and {first.Status} against {second.Cents} cents and {second.Status}"));
        WriteChange("v1_changed", answer.Sample.First, first);
        WriteChange("v2_changed", answer.Sample.Second, second);
        writer.WriteString("timestamp", at.UtcDateTime);
        writer.WriteEndObject();

        void WriteChange(string name, ApprovedAnswer? approved, ModelAnswer now)
        {
            if (!IsChanged(approved, now)) return;
            writer.WriteStartObject(name);
            writer.WriteString("approved", approved!.Origin);
            writer.WriteString("version", approved.Version);
            writer.WriteNumber("cost_cents", approved.Answer.Cents);
            writer.WriteNumber("duration_ms", approved.Answer.DurationMs);
            writer.WriteEndObject();
        }
    }

    private static void WriteSample(Utf8JsonWriter writer, CanaryAnswer answer)
    {
        writer.WriteString("sample", answer.Sample.Id);
        writer.WriteString("dataset", answer.Sample.Dataset?.Id);
        writer.WriteString("input_hash", CostForms.InputHash(answer.Sample.Question));
        if (answer.Sample.At is { } at) writer.WriteString("recorded_at", at.UtcDateTime);
    }
}
