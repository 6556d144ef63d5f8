using System.Collections.Immutable;

namespace Aos.CostSim.Tests;

/// <summary>Drift is found where it is, and nowhere else.</summary>
[Trait("store", "none")]
public sealed class DriftOfSkills
{
    private const int Skills = 20;

    [Fact]
    [Trait("id", "D2.4-11")]
    public void Thirty_percent_in_one_skill_among_twenty_are_found_and_named()
    {
        var found = 0;
        for (var seed = 0; seed < 100; seed++)
        {
            var drifts = DriftDetection.Of(Window(new Random(seed), 200, planted: "skill_07", factor: 1.3), 0.01);
            var alarms = drifts.Where(drift => drift.Level != DriftLevel.None).ToList();
            if (alarms is not [{ Skill: "skill_07", Level: DriftLevel.Warn } alarm]) continue;
            Assert.Equal(5, alarm.Evidence.Length);
            Assert.InRange(alarm.Newest.Drift, 0.2, 0.4);
            found++;
        }

        Assert.InRange(found, 95, 100);
    }

    [Fact]
    [Trait("id", "D2.4-12")]
    public void Clean_windows_raise_fewer_than_one_alarm_in_a_hundred()
    {
        var (alarms, significant) = (0, 0);
        for (var seed = 0; seed < 1_000; seed++)
        {
            // Few and wildly scattered calls: the medians alone would raise alarms.
            var drifts = DriftDetection.Of(Window(new Random(seed), 25, spread: 0.8), 0.01);
            if (drifts.Any(drift => drift.Level != DriftLevel.None)) alarms++;
            if (drifts.Any(drift => Math.Abs(drift.Newest.Drift) > 0.25)) significant++;
        }

        Assert.InRange(alarms, 0, 9);
        Assert.InRange(significant, 500, 1_000);
    }

    [Fact]
    [Trait("id", "D2.4-13")]
    public void Levels_follow_their_limits_and_critical_takes_three_windows()
    {
        Assert.Equal(DriftLevel.None, Level([1.2]));
        Assert.Equal(DriftLevel.Warn, Level([1.3]));
        Assert.Equal(DriftLevel.Warn, Level([0.7]));
        Assert.Equal(DriftLevel.Error, Level([1.6]));
        Assert.Equal(DriftLevel.Error, Level([2.5, 2.5, 1]));
        Assert.Equal(DriftLevel.Critical, Level([2.5, 2.5, 2.5]));
        Assert.Equal(DriftLevel.None, Level([1, 2.5, 2.5]));
    }

    [Fact]
    [Trait("id", "D2.4-14")]
    public void Few_calls_say_nothing_and_what_was_thought_free_drifts()
    {
        var few = Of(Enumerable.Repeat(new DriftSample(5, 50, null), DriftDetection.SamplesMin - 1));
        var free = Of(Enumerable.Repeat(new DriftSample(0, 5, null), DriftDetection.SamplesMin));
        var one = Of(Enumerable.Repeat(new DriftSample(5, 5, null), 60).Append(new DriftSample(5, 5_000_000, null)));

        Assert.Equal((DriftLevel.None, false), (few.Level, few.Newest.IsSignificant));
        Assert.Equal(DriftLevel.Error, free.Level);
        Assert.Equal((DriftLevel.None, 0.0), (one.Level, one.Newest.Drift));
        Assert.Empty(DriftDetection.Of(ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<DriftSample>>>.Empty, 0.01));
    }

    private static DriftLevel Level(double[] factors) => DriftDetection.Of(
        ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<DriftSample>>>.Empty.Add(
            "a", [.. factors.Select(factor => Enumerable.Range(0, 41).Select(i => new DriftSample(100, 100 * factor * (1 + ((i - 20) / 1_000d)), null)).ToImmutableArray())]),
        0.01)[0].Level;

    private static SkillDrift Of(IEnumerable<DriftSample> samples) =>
        DriftDetection.Of(ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<DriftSample>>>.Empty.Add("a", [[.. samples]]), 0.01)[0];

    private static ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<DriftSample>>> Window(Random chance, int calls, double spread = 0.15, string planted = "", double factor = 1) =>
        Enumerable.Range(0, Skills).Select(n => $"skill_{n:00}").ToImmutableSortedDictionary(
            name => name, name => ImmutableArray.Create(Enumerable.Range(0, calls).Select(_ => Sample(chance, spread, name == planted ? factor : 1)).ToImmutableArray()), StringComparer.Ordinal);

    private static DriftSample Sample(Random chance, double spread, double factor)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        return new DriftSample(10, 10 * factor * Math.Exp(spread * normal), new RunId(Guid.NewGuid()));
    }
}
