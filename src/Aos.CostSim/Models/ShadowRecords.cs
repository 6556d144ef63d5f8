using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What is written down of the models' answers.</summary>
internal static class ShadowRecords
{
    /// <summary>Questions with more steps are kept by their hash alone.</summary>
    private const int StepsMax = 1_000;

    /// <param name="source"><c>shadow</c> or <c>manual</c>.</param>
    /// <param name="production">What simulate answered, cents; null: it was not asked.</param>
    internal static ProvenanceRecord Of(
        TenantId tenant, RunId? run, string source, CostQuestion question, CostEstimate first, CostEstimate? second, CostComparison? comparison, int runtimeMs, Cents? production, DateTimeOffset at)
    {
        var said = second ?? first;
        return new ProvenanceRecord(
            tenant, run, second is null ? "v1" : "v2", source, said.ModelVersion, CostForms.InputHash(question), CostForms.OutputHash(said), first.CostCents, second?.CostCents, null,
            comparison?.DriftScore, comparison?.Verdict, said.Status, runtimeMs, at, Payload(question, first, second, production));
    }

    internal static JsonElement Details(CostComparison comparison, TenantId tenant, RunId? run) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("verdict", comparison.Verdict);
        writer.WriteNumber("cost_delta_cents", comparison.CostDeltaCents);
        writer.WriteNumber("cost_delta_pct", Math.Round(comparison.CostDeltaPct, 4));
        writer.WriteBoolean("feasibility_match", comparison.FeasibilityMatch);
        writer.WriteString("tenant_id", tenant.Value);
        writer.WriteString("run_id", run?.ToString());
        writer.WriteEndObject();
    });

    internal static JsonElement Threw(Exception exception) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("exception", exception.GetType().Name);
        writer.WriteString("message", exception.Message);
        writer.WriteEndObject();
    });

    private static JsonElement Payload(CostQuestion question, CostEstimate first, CostEstimate? second, Cents? production) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        if (question.Steps.Length <= StepsMax)
        {
            writer.WritePropertyName("question");
            CostForms.Write(writer, question);
        }
        else
        {
            writer.WriteNumber("steps", question.Steps.Length);
        }

        Write("v1", first);
        if (second is not null) Write("v2", second);
        if (production is { } cents) writer.WriteNumber("simulated_cents", cents.Value);
        writer.WriteEndObject();

        void Write(string name, CostEstimate estimate)
        {
            writer.WriteStartObject(name);
            if (question.Steps.Length <= StepsMax) CostForms.WriteVerdict(writer, estimate);
            writer.WriteString("model_version", estimate.ModelVersion);
            writer.WriteEndObject();
        }
    });
}
