using System.Collections.Immutable;
using System.Globalization;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>How far the newest calls of a skill cost something else than estimated.</summary>
internal sealed record PaidDrift(string Skill, WindowDrift Window, DriftLevel Level);

/// <summary>Turns what a trial showed into findings; pure.</summary>
/// <param name="DriftThreshold">As <see cref="CanaryOptions.DriftThreshold"/>, and so on.</param>
internal sealed record CanaryJudge(double DriftThreshold, double OutlierMax, double MajorMax)
{
    /// <summary>All that is wrong with the answers, the cause before its consequences.</summary>
    internal IEnumerable<Finding> Of(TrialResult trial, CanaryMeasure measure, GoldenPick first, GoldenPick second)
    {
        Finding[] beyond = [.. Beyond(measure)];
        return
        [
            .. Thrown(trial.Answers), .. ChangedAnswers.Unannounced(trial.Answers, first, second), .. ChangedAnswers.Missing(trial.Answers, first), .. ChangedAnswers.Missing(trial.Answers, second),
            .. beyond.Length > 0 ? ChangedAnswers.Unapproved(trial.Answers, first, second) : [], .. beyond, .. trial.Verdicts.Where(verdict => !verdict.IsAcceptable).Select(verdict => NotAcceptable(verdict, second.Model)),
        ];
    }

    /// <summary>What is beyond the limits, over and above what the approved answers show between the models: that is by design.</summary>
    internal IEnumerable<Finding> Beyond(CanaryMeasure measure)
    {
        if (measure.KlBeyond > DriftThreshold)
        {
            yield return new Finding(
                Text($"KL divergence of the models' costs is {measure.Judged.Kl:0.####} where {measure.ByDesign.Kl:0.####} is by design: {measure.KlBeyond:0.####} more, the limit is {DriftThreshold:0.####}."),
                Math.Min(measure.KlBeyond, 1));
        }

        if (measure.OutlierShare > OutlierMax)
        {
            yield return new Finding(
                Text($"Outlier percentage is {measure.OutlierShare * 100:0.##} % ({measure.OutliersBeyond} of {measure.Judged.Samples} samples beyond those by design), the limit is {OutlierMax * 100:0.##} %."),
                measure.OutlierShare);
        }

        if (measure.MajorShare > MajorMax)
        {
            yield return new Finding(
                Text($"Major drift samples are {measure.MajorShare * 100:0.##} % ({measure.MajorBeyond} of {measure.Judged.Samples} samples beyond those by design), the limit is {MajorMax * 100:0.##} %."),
                measure.MajorShare);
        }
    }

    /// <summary>Skills whose calls really cost something else than simulate says.</summary>
    internal static IEnumerable<Finding> Drifted(IEnumerable<PaidDrift> skills) => skills.Where(skill => skill.Level != DriftLevel.None).Select(skill => new Finding(
        Text($"Calls of {skill.Skill} cost {Math.Abs(skill.Window.Drift) * 100:0.#} % {(skill.Window.Drift > 0 ? "more" : "less")} than estimated: the median of the newest {skill.Window.SampleCount}, the limit is 25 %. Look at aos costsim drift."),
        Math.Min(Math.Abs(skill.Window.Drift), 1)));

    internal static IEnumerable<Finding> Damaged(Recent recent)
    {
        if (recent.Damaged.IsEmpty) return [];
        var more = recent.Damaged.Length > 1 ? Text($" And {recent.Damaged.Length - 1} more of {recent.Read}.") : "";
        return [new Finding($"The provenance is damaged: {recent.Damaged[0]}.{more} Look at the disk and at who writes into the database.", (double)recent.Damaged.Length / recent.Read)];
    }

    private static IEnumerable<Finding> Thrown(ImmutableArray<CanaryAnswer> answers) =>
        from answer in answers
        where answer.Thrown is not null
        group answer by answer.Thrown!.Value.Model into of
        let first = of.First()
        select new Finding(Text($"{of.Key.Name} {of.Key.Version} threw on {of.Count()} of {answers.Length} samples, {first.Sample.Name} first: {Told(first.Thrown!.Value.Exception, first.Sample)}"));

    /// <summary>What an exception says may be of the question.</summary>
    private static string Told(Exception exception, CanarySample sample) => sample.Dataset is null ? $"{exception.GetType().Name}." : $"{exception.GetType().Name}: {exception.Message}";

    private static Finding NotAcceptable(DatasetVerdict verdict, ICostModel model)
    {
        var limits = verdict.Dataset.Limits;
        var over = string.Join(", ", new (string Name, double Is, double Limit)[]
        {
            ("mean error", verdict.MeanError, limits.MeanError), ("median error", verdict.MedianError, limits.MedianError), ("deviation", verdict.Deviation, limits.Deviation),
            ("outliers", verdict.OutlierShare, limits.OutlierShare), ("drift", verdict.DriftScore, limits.DriftScore),
        }.Where(one => one.Is > one.Limit).Select(one => Text($"{one.Name} {one.Is} above {one.Limit}")));
        return new Finding($"Dataset {verdict.Dataset.Id} does not accept {model.Name} {model.Version}: {over}. {verdict.Misses.FirstOrDefault()}", Math.Max(verdict.DriftScore, 0.5));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
