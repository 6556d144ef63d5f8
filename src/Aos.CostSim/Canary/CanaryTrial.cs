using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What both models say of a sample now.</summary>
/// <param name="Thrown">By a model, which then has no answer; null: none threw.</param>
internal sealed record CanaryAnswer(CanarySample Sample, ModelAnswer? First, ModelAnswer? Second, (ICostModel Model, Exception Exception)? Thrown)
{
    internal CostComparison? Now(DriftLimits limits) => First is null || Second is null ? null : CostComparison.Of(First.Estimate(), Second.Estimate(), limits);

    /// <summary>What was approved of both; null: not known of both.</summary>
    internal CostComparison? ByDesign(DriftLimits limits) =>
        Sample.IsJudged ? CostComparison.Of(Sample.First!.Answer.Estimate(), Sample.Second!.Answer.Estimate(), limits) : null;
}

/// <summary>All answers of a trial, and how the second model did on the datasets: none where a model threw.</summary>
internal sealed record TrialResult(ImmutableArray<CanaryAnswer> Answers, ImmutableArray<DatasetVerdict> Verdicts);

/// <summary>Asks both models about samples, on one thread that can be left alone: a model that never answers cannot be stopped, only not waited for.</summary>
internal sealed class CanaryTrial(ICostModels models, ImmutableArray<CanarySample> samples)
{
    private volatile string? asking;

    /// <summary>Which model is being asked about what.</summary>
    internal string Asking => asking ?? "nothing yet";

    /// <summary>Ends between two questions when it is called off.</summary>
    internal Task<TrialResult> StartAsync(CancellationToken cancel) =>
        Task.Factory.StartNew(() => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private TrialResult Run(CancellationToken cancel)
    {
        ImmutableArray<CanaryAnswer> answers = [.. samples.Select(sample => Ask(sample, cancel))];
        if (answers.Any(answer => answer.Thrown is not null)) return new TrialResult(answers, []);
        return new TrialResult(answers, [.. ReferenceDatasets.All.Select(dataset => Judge(dataset, cancel))]);
    }

    private CanaryAnswer Ask(CanarySample sample, CancellationToken cancel)
    {
        var (first, thrown) = Ask(models.Production, sample, cancel);
        (var second, thrown) = thrown is null ? Ask(models.Shadow, sample, cancel) : (null, thrown);
        return new CanaryAnswer(sample, first, second, thrown);
    }

    private (ModelAnswer? Answer, (ICostModel, Exception)? Thrown) Ask(ICostModel model, CanarySample sample, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        asking = $"{model.Name} {model.Version} about {sample.Name}";
        try
        {
            return (ModelAnswer.Of(model.Estimate(sample.Question)), null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (null, (model, e)); // What a model throws is a finding about it.
        }
    }

    private DatasetVerdict Judge(Dataset dataset, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        asking = $"{models.Shadow.Name} {models.Shadow.Version} about {dataset.Id}";
        return DatasetVerdict.Of(models.Shadow, dataset);
    }
}
