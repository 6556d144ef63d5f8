using System.Text.Json;

namespace Aos.CostSim.Tests;

/// <summary>The two cost models and their comparison, figure by figure.</summary>
[Trait("store", "none")]
public sealed class GoldenVectors
{
    private const string Http = """{"skill":"http_call","params":{"url":"https://api.example.com/data"}}""";

    [Theory]
    [Trait("id", "D2.3-01")]
    [InlineData("1h", 100, "0/500/0.1/T", "0/500/0.8075/0.12/T", 0, 0, "match")]
    [InlineData("llm:Hello world", 100, "5/2000/0.05/T", "4/1802/0.92/0.03/T", 0.2, 0.12, "minor_drift")]
    [InlineData("llm*1000", 100, "5/2000/0.05/T", "7/2000/0.92/0.03/T", 0.4, 0.24, "mismatch")]
    [InlineData("llm*2000", 100, "5/2000/0.05/T", "10/2200/0.92/0.03/T", 1.0, 0.6, "mismatch")]
    [InlineData("llm*8000", 50, "8/2000/0.05/T", "15/3400/0.7866/0.03/T", 0.875, 0.525, "mismatch")]
    [InlineData("llm*100000", 1000, "100/2000/0.05/T", "88/21800/0.7866/0.03/T", 0.12, 0.072, "minor_drift")]
    [InlineData("1h,json,llm:Analyze this", 100, "5/2510/0.1536/T", "4/2307/0.728/0.1464/T", 0.2, 0.12, "minor_drift")]
    [InlineData("llm*5000,llm*5000", 5, "10/4000/0.0975/F", "25/5600/0.6187/0.0591/F", 1.5, 0.6, "mismatch")]
    [InlineData("llm:Generate daily report,email", 100, "6/2500/0.0975/T", "4/2154/0.8556/0.0591/T", 0.3333, 0.2, "major_drift")]
    [InlineData("email", 50, "1/500/0.05/T", "1/350/0.93/0.03/T", 0, 0, "match")]
    [InlineData("nobody", 100, "10/1000/0.2/T", "5/500/0.6/0.15/T", 0.5, 0.3, "mismatch")]
    [InlineData("llm:Hello", 4, "5/2000/0.05/F", "4/1801/0.92/0.03/T", 0.2, 0.52, "mismatch")]
    [InlineData("6h", 100, "0/3000/0.4686/T", "0/3000/0.2772/0.5356/F", 0, 0.4, "mismatch")]
    [InlineData("7h", 100, "0/3500/0.5217/F", "0/3500/0.2239/0.5913/F", 0, 0, "match")]
    public void Both_models_and_their_comparison_give_the_known_figures(string plan, long budget, string first, string second, double share, double drift, string verdict)
    {
        var question = Plan(plan, budget);
        var (v1, v2) = (new TableModel().Estimate(question), new CoefficientModel().Estimate(question));
        var comparison = CostComparison.Of(v1, v2, new DriftLimits());

        Assert.Equal(first, FormattableString.Invariant($"{v1.CostCents}/{v1.DurationMs}/{Math.Round(v1.CumulativeRisk, 4)}/{(v1.Feasible ? 'T' : 'F')}"));
        Assert.Equal(second, FormattableString.Invariant($"{v2.CostCents}/{v2.DurationMs}/{v2.Confidence}/{v2.CumulativeRisk}/{(v2.Feasible ? 'T' : 'F')}"));
        Assert.Equal((share, drift, verdict), (Math.Round(comparison.CostDeltaPct, 4), Math.Round(comparison.DriftScore, 4), comparison.Verdict));
        Assert.Equal(
            (v2.CostCents - v1.CostCents, v2.DurationMs - v1.DurationMs, v1.Feasible == v2.Feasible, budget - v1.CostCents, budget - v2.CostCents),
            (comparison.CostDeltaCents, comparison.DurationDeltaMs, comparison.FeasibilityMatch, v1.BudgetRemainingCents, v2.BudgetRemainingCents));
    }

    /// <summary>Every length up to where the long prompts begin to agree, and some beyond.</summary>
    [Fact]
    [Trait("id", "D2.3-02")]
    public void A_single_prompt_gets_the_known_verdict_at_every_length()
    {
        var (v1, v2, limits) = (new TableModel(), new CoefficientModel(), new DriftLimits());
        foreach (var length in Enumerable.Range(0, 20_500).Concat(Enumerable.Range(1, 40).Select(i => 20_000 + (i * 2_501))))
        {
            var question = new CostQuestion([new CostStep("llm_invoke", Prompt(length))], 1_000_000, []);
            var (first, second) = (v1.Estimate(question), v2.Estimate(question));
            var verdict = CostComparison.Of(first, second, limits).Verdict;
            var fits = length switch
            {
                <= 312 => (verdict, second.CostCents) == ("minor_drift", 4),
                <= 624 => (verdict, second.CostCents) == ("match", 5),
                <= 937 => (verdict, second.CostCents) == ("minor_drift", 6),
                <= 14_999 => verdict == "mismatch",
                <= 19_999 => verdict is "major_drift" or "mismatch",
                _ => verdict is "match" or "minor_drift",
            };
            Assert.True(fits, $"{length} characters: {verdict}, {first.CostCents} and {second.CostCents} cents.");
        }
    }

    private static JsonElement Prompt(int length) => Json.Parse($"{{\"prompt\":\"{new string('x', length)}\"}}");

    /// <summary>Short for a list of calls: <c>3h</c>, <c>llm:TEXT</c>, <c>llm*LENGTH</c>, <c>json</c>, <c>email</c>, <c>nobody</c>.</summary>
    internal static CostQuestion Plan(string plan, long budget, params string[] allowed) =>
        new([.. plan.Split(',').SelectMany(Steps)], budget, [.. allowed]);

    private static IEnumerable<CostStep> Steps(string word) => word switch
    {
        "json" => [Step("""{"skill":"json_transform","params":{}}""")],
        "email" => [Step("""{"skill":"email_send","params":{}}""")],
        "nobody" => [Step("""{"skill":"nobody_knows","params":{}}""")],
        _ when word.EndsWith('h') && int.TryParse(word[..^1], out var count) => Enumerable.Repeat(Step(Http), count),
        _ when word.StartsWith("llm*", StringComparison.Ordinal) => [new CostStep("llm_invoke", Prompt(int.Parse(word.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture)))],
        _ when word.StartsWith("llm:", StringComparison.Ordinal) => [Step($$$"""{"skill":"llm_invoke","params":{"prompt":"{{{word[4..]}}}"}}""")],
        _ => throw new ArgumentException(word),
    };

    internal static CostStep Step(string json) => new(Json.Parse(json).GetText("skill")!, Json.Parse(json).GetProperty("params"));
}
