using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What a model is approved to answer to a sample.</summary>
/// <param name="Version">Of the model that gave this answer; empty: it was put down by hand.</param>
/// <param name="Origin">Such as <c>golden</c>.</param>
internal sealed record ApprovedAnswer(string Version, ModelAnswer Answer, string Origin)
{
    internal const string Golden = "golden";
    internal const string Recorded = "recorded";
    internal const string Expected = "expected";
}

/// <summary>A question for both models.</summary>
/// <param name="Id">Of a sample of a dataset, or the start of the hash of what a tenant asked.</param>
/// <param name="Dataset">Null: it is a recent simulation of a tenant; nothing of its text may be told.</param>
/// <param name="First">Approved for the production model; null: nothing is.</param>
/// <param name="Second">Approved for the second model.</param>
internal sealed record CanarySample(string Id, Dataset? Dataset, CostQuestion Question, ApprovedAnswer? First, ApprovedAnswer? Second, DateTimeOffset? At = null)
{
    /// <summary>For reasons.</summary>
    internal string Name => Dataset is null ? $"recent/{Id}" : $"{Dataset.Id}/{Id}";

    /// <summary>What both models answered by design is known.</summary>
    internal bool IsJudged => First is not null && Second is not null;

    /// <summary>All of the reference datasets. A second model without a golden is held to what the datasets expect.</summary>
    internal static IEnumerable<CanarySample> OfDatasets(GoldenPick production, GoldenPick second) =>
        from dataset in ReferenceDatasets.All
        from sample in dataset.Samples
        let first = Approved(production, sample.Question)
        select new CanarySample(sample.Id, dataset, sample.Question, first, second.Golden is null ? Expected(sample, first) : Approved(second, sample.Question));

    private static ApprovedAnswer? Approved(GoldenPick pick, CostQuestion question) =>
        pick.Golden?.Find(question) is { } answer ? new ApprovedAnswer(pick.Golden.Version, answer, ApprovedAnswer.Golden) : null;

    private static ApprovedAnswer Expected(DatasetSample sample, ApprovedAnswer? first) =>
        new("", new ModelAnswer(sample.ExpectedFeasible ?? first?.Answer.Feasible ?? true, "", sample.ExpectedCents, 0, []), ApprovedAnswer.Expected);
}
