using System.Collections.Frozen;
using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Finds answers that are other ones than those approved, and says which skill's figure is the cause.</summary>
internal static class ChangedAnswers
{
    /// <summary>Groups that are told one by one; beyond it their number.</summary>
    private const int ToldMax = 10;

    /// <summary>Skills whose names are no tenant's secret.</summary>
    private static readonly FrozenSet<string> Known =
        ReferenceDatasets.All.SelectMany(dataset => dataset.Samples).SelectMany(sample => sample.Question.Steps).Select(step => step.Skill).Concat(TableModel.Rows.Keys).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>A model whose version was approved, or recorded, with another answer. No limit is below this: equal questions have equal answers.</summary>
    internal static IEnumerable<Finding> Unannounced(ImmutableArray<CanaryAnswer> answers, GoldenPick first, GoldenPick second) =>
        Told(Of(answers, first.Model, second.Model).Where(change => change.Approved.Version == change.Model.Version), change => change.Approved.Origin == ApprovedAnswer.Golden
            ? $"{change.Model.Name} {change.Model.Version} does not answer as its golden says, though its version is the same"
            : $"{change.Model.Name} {change.Model.Version} does not answer as it did before, though its version is the same");

    /// <summary>What a version that nobody has approved answers otherwise than the approved one.</summary>
    internal static IEnumerable<Finding> Unapproved(ImmutableArray<CanaryAnswer> answers, GoldenPick first, GoldenPick second) =>
        Told(
            Of(answers, first.Model, second.Model).Where(change => change.Approved.Origin == ApprovedAnswer.Golden && change.Approved.Version != change.Model.Version),
            change => $"{change.Model.Name} {change.Model.Version} differs from the golden of {change.Approved.Version}; approve it with aos costsim canary golden --save when it is meant");

    /// <summary>Samples of the datasets that a golden of the model's version does not know.</summary>
    internal static IEnumerable<Finding> Missing(ImmutableArray<CanaryAnswer> answers, GoldenPick pick)
    {
        if (pick.Golden is not { } golden) yield break;
        var missing = answers.Where(answer => answer.Sample.Dataset is not null && golden.Find(answer.Sample.Question) is null).Select(answer => answer.Sample.Name).ToList();
        if (missing.Count > 0) yield return new Finding($"The golden of {golden.Model} {golden.Version} does not know {missing.Count} samples, {missing[0]} first: the datasets are not those it was made of.");
    }

    private static IEnumerable<(ICostModel Model, ApprovedAnswer Approved, AnswerChange Change, CanarySample Sample)> Of(ImmutableArray<CanaryAnswer> answers, ICostModel first, ICostModel second) =>
        from answer in answers
        from one in new[] { (Model: first, Approved: answer.Sample.First, Now: answer.First), (Model: second, Approved: answer.Sample.Second, Now: answer.Second) }
        where one.Now is not null && one.Approved is { Origin: not ApprovedAnswer.Expected }
        let change = one.Approved.Answer.ChangeTo(one.Now)
        where change is not null
        select (one.Model, one.Approved, change, answer.Sample);

    private static IEnumerable<Finding> Told(
        IEnumerable<(ICostModel Model, ApprovedAnswer Approved, AnswerChange Change, CanarySample Sample)> changes,
        Func<(ICostModel Model, ApprovedAnswer Approved, AnswerChange Change, CanarySample Sample), string> what)
    {
        var groups = changes.GroupBy(change => (change.Model.Name, change.Approved.Origin, Skill: Skill(change.Change, change.Sample), change.Change.Figure)).OrderByDescending(group => group.Count()).ToList();
        foreach (var group in groups.Take(ToldMax))
        {
            var (one, where) = (group.First(), group.Select(change => change.Sample.Name).ToList());
            yield return new Finding($"{what(one)}: {group.Key.Skill} {one.Change.Figure} is {Shown(one.Change.Is, one)} instead of {Shown(one.Change.Was, one)} in {where[0]}{(where.Count > 1 ? $" and {where.Count - 1} more" : "")}.");
        }

        if (groups.Count > ToldMax) yield return new Finding($"{what(groups[ToldMax].First())}: {groups.Count - ToldMax} more figures of skills.");
    }

    private static string Skill(AnswerChange change, CanarySample sample) =>
        change.Skill is not { } skill ? "the whole" : sample.Dataset is not null || Known.Contains(skill) ? skill : "a skill";

    /// <summary>Figures are told; what else a tenant's question leads to is not.</summary>
    private static string Shown(string value, (ICostModel Model, ApprovedAnswer Approved, AnswerChange Change, CanarySample Sample) of) =>
        of.Sample.Dataset is null && of.Change.Figure is "skill_id" ? "another" : value;
}
