using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>How a run of the canary ended. On the wire in lower case.</summary>
public enum CanaryStatus
{
    /// <summary>Nothing is wrong.</summary>
    Pass,

    /// <summary>Something is; the reasons name it.</summary>
    Fail,

    /// <summary>It could not judge: the reasons say why.</summary>
    Error,

    /// <summary>Another one was under way; it counts as passed.</summary>
    Skipped,
}

/// <summary>How the answers of two models to the same samples differ.</summary>
/// <param name="Samples">Whose answers are compared.</param>
/// <param name="MajorDrift">Mismatches too.</param>
/// <param name="Outliers">Samples with a drift score above 0.5.</param>
/// <param name="MedianCostDiff">Of |second − first|, cents, as <paramref name="P90CostDiff"/>.</param>
/// <param name="Kl">Nats, 0 or more.</param>
public sealed record CanaryFigures(int Samples, int Matching, int MinorDrift, int MajorDrift, int Outliers, decimal MedianCostDiff, decimal P90CostDiff, double Kl)
{
    /// <summary>Of no samples.</summary>
    public static CanaryFigures None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0);
}

/// <summary>What a run of the canary found. Of tenants' plans it holds hashes and figures alone.</summary>
/// <param name="RunId">12 characters.</param>
/// <param name="Trigger"><c>schedule</c> or <c>manual</c>.</param>
/// <param name="Instance">The node that ran it.</param>
/// <param name="Recent">Samples that are of recent simulations, not of the reference datasets.</param>
/// <param name="Failed">Samples that a model threw on.</param>
/// <param name="Figures">The models as they answer now.</param>
/// <param name="ByDesign">The same of the answers that both are approved for, as far as there are any.</param>
/// <param name="DriftScore">What the breaker is told, 0 to 1; 0 unless it failed.</param>
/// <param name="Artifacts">Names.</param>
/// <param name="Golden">What the models were held to; an object.</param>
public sealed record CanaryReport(
    string RunId, DateTimeOffset At, CanaryStatus Status, string Trigger, string Instance, string ProductionVersion, string SecondVersion, int Recent, int Failed, CanaryFigures Figures,
    CanaryFigures ByDesign, double DriftScore, ImmutableArray<string> FailureReasons, ImmutableArray<string> Artifacts, JsonElement Golden)
{
    /// <summary>Lower case.</summary>
    public string Wire => Status.ToString().ToLowerInvariant();

    public bool Passed => Status is CanaryStatus.Pass or CanaryStatus.Skipped;

    public int Samples => Figures.Samples + Failed;

    /// <summary>An object: the report on the wire and in its own artifact.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", RunId);
        writer.WriteString("timestamp", At.UtcDateTime);
        writer.WriteString("status", Wire);
        writer.WriteBoolean("passed", Passed);
        writer.WriteString("trigger", Trigger);
        writer.WriteString("instance", Instance);
        writer.WriteString("v1_version", ProductionVersion);
        writer.WriteString("v2_version", SecondVersion);
        writer.WriteNumber("total_samples", Samples);
        writer.WriteNumber("recent_samples", Recent);
        writer.WriteNumber("failed_samples", Failed);
        Write(writer, Figures);
        writer.WriteStartObject("by_design");
        writer.WriteNumber("total_samples", ByDesign.Samples);
        Write(writer, ByDesign);
        writer.WriteEndObject();
        writer.WriteNumber("drift_score", DriftScore);
        writer.WriteStartArray("failure_reasons");
        foreach (var reason in FailureReasons) writer.WriteStringValue(reason);
        writer.WriteEndArray();
        writer.WriteStartArray("artifact_paths");
        foreach (var name in Artifacts) writer.WriteStringValue($"/costsim/canary/reports/{RunId}/artifacts/{name}");
        writer.WriteEndArray();
        writer.WritePropertyName("golden_comparison");
        Golden.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, CanaryFigures figures)
    {
        writer.WriteNumber("matching_samples", figures.Matching);
        writer.WriteNumber("minor_drift_samples", figures.MinorDrift);
        writer.WriteNumber("major_drift_samples", figures.MajorDrift);
        writer.WriteNumber("outlier_count", figures.Outliers);
        writer.WriteNumber("median_cost_diff", figures.MedianCostDiff);
        writer.WriteNumber("p90_cost_diff", figures.P90CostDiff);
        writer.WriteNumber("kl_divergence", figures.Kl);
    }
}

/// <summary>What a run is asked for. Null members: as the settings say.</summary>
/// <param name="SampleCount">Recent simulations at most, 10 to 1000.</param>
/// <param name="DriftThreshold">Nats beyond the design, 0 to 1.</param>
public sealed record CanaryOrder(int? SampleCount = null, double? DriftThreshold = null);

/// <summary>The approved answers that a model is held to.</summary>
/// <param name="Version">Of the model now.</param>
/// <param name="GoldenVersion">Of the model whose answers were approved; null: none were.</param>
/// <param name="Source"><c>shipped</c>, <c>saved</c> or <c>none</c>.</param>
public sealed record CanaryGolden(string Model, string Version, string? GoldenVersion, string Source)
{
    /// <summary>The answers of the model now are the very ones of this version that were approved.</summary>
    public bool IsOfVersion => GoldenVersion == Version;
}

/// <summary>
/// Door of the canary: it asks both cost models about the reference datasets and recent simulations, and says whether they still answer as approved and as runs really cost.
/// Throws <see cref="JournalUnavailableException"/> when the database cannot be reached.
/// </summary>
public interface ICanary
{
    /// <summary>Runs it now, unless one is under way on any node: then the report is <see cref="CanaryStatus.Skipped"/>.</summary>
    Task<CanaryReport> RunAsync(CanaryOrder order, CancellationToken cancel);

    /// <summary>Newest first, and how many there are.</summary>
    /// <param name="status">Null: all.</param>
    /// <param name="limit">1 to 100.</param>
    Task<(IReadOnlyList<CanaryReport> Reports, long Total)> ReportsAsync(CanaryStatus? status, int limit, int offset, CancellationToken cancel);

    /// <summary>Null: there is none.</summary>
    Task<CanaryReport?> FindAsync(string runId, CancellationToken cancel);

    /// <summary>UTF-8 text; null: there is none.</summary>
    Task<byte[]?> ArtifactAsync(string runId, string name, CancellationToken cancel);

    /// <summary>What both models are held to.</summary>
    Task<IReadOnlyList<CanaryGolden>> GoldensAsync(CancellationToken cancel);

    /// <summary>What a model answers to the reference datasets now, as a golden; null: there is no model of this name. Throws what the model throws.</summary>
    JsonElement? Answers(string model);

    /// <summary>Approves what both models answer now. A version whose golden is shipped with the program keeps that one.</summary>
    Task<IReadOnlyList<CanaryGolden>> SaveGoldensAsync(Caller by, CancellationToken cancel);
}
