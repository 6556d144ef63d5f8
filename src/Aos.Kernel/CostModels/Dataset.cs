using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>A plan with what a model should say of it.</summary>
/// <param name="ExpectedCents">Whole cents; see <see cref="ReferenceDatasets"/> for the rule.</param>
/// <param name="ExpectedFeasible">Null: either is right.</param>
/// <param name="ConfidenceMin">0 to 1; null: any will do.</param>
public sealed record DatasetSample(string Id, CostQuestion Question, long ExpectedCents, bool? ExpectedFeasible, double? ConfidenceMin, ImmutableArray<string> Tags);

/// <summary>Up to where a model may be off; all inclusive.</summary>
/// <param name="MeanError">Cents.</param>
/// <param name="MedianError">Cents.</param>
/// <param name="Deviation">Of the errors, cents.</param>
/// <param name="OutlierShare">0 to 1.</param>
/// <param name="DriftScore">0 to 1.</param>
public sealed record DatasetLimits(double MeanError, double MedianError, double Deviation, double OutlierShare, double DriftScore);

/// <summary>Samples that go together, and the limits they are judged by.</summary>
public sealed record Dataset(string Id, string Name, string Description, ImmutableArray<DatasetSample> Samples, DatasetLimits Limits)
{
    /// <summary>Each once, in the order of the samples.</summary>
    public IEnumerable<string> Tags => Samples.SelectMany(sample => sample.Tags).Distinct(StringComparer.Ordinal);
}

/// <summary>How a model did on a dataset. Numbers to four decimals.</summary>
/// <param name="Errors">Samples whose cost could be compared.</param>
/// <param name="Outliers">One for a wrong feasibility, one for too little confidence, one for a model that threw: a sample may count twice.</param>
/// <param name="Misses">What was wrong, a line for each sample and reason, at most <see cref="MissesMax"/>.</param>
public sealed record DatasetVerdict(
    Dataset Dataset, double MeanError, double MedianError, double Deviation, double OutlierShare, double DriftScore, bool IsAcceptable, int Errors, int Outliers,
    ImmutableArray<string> Misses)
{
    public const int MissesMax = 20;

    private const double MeanWeight = 0.3;
    private const double MedianWeight = 0.3;
    private const double DeviationWeight = 0.2;
    private const double OutlierWeight = 0.2;

    /// <summary>Asks the model for every sample.</summary>
    public static DatasetVerdict Of(ICostModel model, Dataset dataset)
    {
        var (errors, misses) = (new List<double>(), new List<string>());
        var outliers = 0;
        foreach (var sample in dataset.Samples)
        {
            if (Ask(model, sample) is not { } estimate)
            {
                outliers++;
                misses.Add($"{sample.Id}: the model threw.");
                continue;
            }

            var error = Math.Abs(estimate.CostCents - sample.ExpectedCents);
            errors.Add(error);
            if (error > 0) misses.Add(FormattableString.Invariant($"{sample.Id}: {estimate.CostCents} cents where {sample.ExpectedCents} are expected."));
            foreach (var miss in Misjudged(sample, estimate))
            {
                outliers++;
                misses.Add(miss);
            }
        }

        return Judge(dataset, errors, outliers, [.. misses.Take(MissesMax)]);
    }

    private static CostEstimate? Ask(ICostModel model, DatasetSample sample)
    {
        try
        {
            return model.Estimate(sample.Question);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null; // A model of somebody else's may throw; that is a finding about the model.
        }
    }

    private static IEnumerable<string> Misjudged(DatasetSample sample, CostEstimate estimate)
    {
        if (sample.ExpectedFeasible is { } feasible && estimate.Feasible != feasible) yield return $"{sample.Id}: {estimate.Status} where it {(feasible ? "can" : "cannot")} work.";
        if (sample.ConfidenceMin is { } min && estimate.Confidence < min)
            yield return FormattableString.Invariant($"{sample.Id}: confidence {Math.Round(estimate.Confidence, 4)} below {min}.");
    }

    private static DatasetVerdict Judge(Dataset dataset, List<double> errors, int outliers, ImmutableArray<string> misses)
    {
        var limits = dataset.Limits;
        errors.Sort();
        var mean = errors.Count > 0 ? errors.Average() : 0;
        var median = errors.Count > 0 ? errors[errors.Count / 2] : 0;
        var deviation = errors.Count > 0 ? Math.Sqrt(errors.Average(error => (error - mean) * (error - mean))) : 0;
        var share = (double)outliers / dataset.Samples.Length;
        var drift = Math.Min(1, (MeanWeight * mean / limits.MeanError) + (MedianWeight * median / limits.MedianError) + (DeviationWeight * deviation / limits.Deviation)
            + (OutlierWeight * share / limits.OutlierShare));
        var within = mean <= limits.MeanError && median <= limits.MedianError && deviation <= limits.Deviation && share <= limits.OutlierShare && drift <= limits.DriftScore;
        return new DatasetVerdict(
            dataset, Math.Round(mean, 4), Math.Round(median, 4), Math.Round(deviation, 4), Math.Round(share, 4), Math.Round(drift, 4), within, errors.Count, outliers, misses);
    }
}
