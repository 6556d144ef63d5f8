using System.Diagnostics.Metrics;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Measures the answers of the second model beside those of the first, by tenant.</summary>
internal sealed class AnswerMeter
{
    private static readonly double[] Scores = [.01, .05, .1, .15, .2, .3, .5, 1];
    private static readonly double[] Cents = [1, 5, 10, 25, 50, 100, 250, 500, 1000];
    private static readonly double[] Milliseconds = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];
    private readonly TenantHistogram drift;
    private readonly TenantHistogram delta;
    private readonly TenantHistogram duration;
    private readonly TenantCounter verdicts;
    private readonly TenantCounter simulations;
    private readonly TenantCounter broken;
    private string? version;

    internal AnswerMeter(Meter meter)
    {
        drift = new(meter, "costsim_v2_drift_score", null, "Drift score of the second model against the first, 0 to 1, by tenant_id.", Scores);
        delta = new(meter, "costsim_v2_cost_delta_cents", null, "How far the two models are apart, up or down, in cents, by tenant_id.", Cents);
        duration = new(meter, "costsim_v2_simulation_duration_ms", "ms", "How long the second model took to answer, by tenant_id.", Milliseconds);
        verdicts = new(meter, "costsim_v2_comparison_verdict_total", "Comparisons of both models, by tenant_id and verdict (match, minor_drift, major_drift, mismatch).", "verdict", "match", "minor_drift", "major_drift", "mismatch");
        simulations = new(meter, "costsim_v2_simulations_total", "Questions to the second model, by tenant_id and status (success: it answered; schema_error: with what cannot be; error: it threw).", "status", "success", "schema_error", "error");
        broken = new(meter, "costsim_v2_schema_errors_total", "Answers of the second model that are none, by tenant_id and error_type (exception: it threw; steps, cost, duration, confidence: what cannot be).", "error_type", "exception", "steps", "cost", "duration", "confidence");
        meter.CreateObservableGauge(
            "costsim_v2_version_info",
            () => version is { } model ? [new Measurement<int>(1, new KeyValuePair<string, object?>("model_version", model), new KeyValuePair<string, object?>("adapter_version", CoefficientModel.ShippedVersion))] : Array.Empty<Measurement<int>>(),
            null, "Always 1: the second model's version, and of the figures that it is shipped with.");
    }

    /// <summary>The second model is this one.</summary>
    internal void Is(string model) => version = model;

    internal void Answered(TenantId tenant, CostComparison comparison, TimeSpan took)
    {
        simulations.Add(tenant, "success");
        verdicts.Add(tenant, comparison.Verdict);
        drift.Record(tenant, comparison.DriftScore);
        delta.Record(tenant, Math.Abs(comparison.CostDeltaCents));
        duration.Record(tenant, took.TotalMilliseconds);
    }

    internal void Failed(TenantId tenant, Exception why)
    {
        simulations.Add(tenant, why is NoEstimateException ? "schema_error" : "error");
        broken.Add(tenant, why is NoEstimateException { Part: var part } ? part : "exception");
    }
}
