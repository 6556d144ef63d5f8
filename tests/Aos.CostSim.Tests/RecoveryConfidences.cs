using Aos.Contracts;
using Aos.Failures;

namespace Aos.CostSim.Tests;

/// <summary>How sure a suggestion is: figures that were reckoned by hand.</summary>
[Trait("store", "none")]
public sealed class RecoveryConfidences
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly FailuresDoor Catalog = new();

    public static TheoryData<decimal, string, decimal> Vectors => new()
    {
        { 0.6m, "", 0.6m }, // Nothing happened: the catalog's word.
        { 0.6m, "+0", 0.68m }, // (2.4 + 1) / 5
        { 0.6m, "-0", 0.48m }, // 2.4 / 5
        { 0.6m, "+7 -0", 0.5273m }, // (2.4 + 0.5) / 5.5 = 0.52727
        { 0.6m, "-7 +0", 0.6182m }, // (2.4 + 1) / 5.5 = 0.61818
        { 0.6m, "+0 +0 +0 +0", 0.8m }, // (2.4 + 4) / 8
        { 0.5m, "-0 -7 -14 -21", 0.3404m }, // 2 / 5.875 = 0.340426
        { 0.75m, "+3.5", 0.7876m }, // Weight 2^-0.5 = 0.707107: 3.707107 / 4.707107 = 0.787555
        { 0.2m, "+70", 0.2002m }, // Ten half-lives: 1/1024. (0.8 + 0.000977) / 4.000977 = 0.200195
        { 0.65m, "+-1", 0.72m }, // A clock that ran ahead counts as now: (2.6 + 1) / 5
    };

    [Theory]
    [Trait("id", "F5.53-01")]
    [Trait("id", "F5.53-02")]
    [MemberData(nameof(Vectors))]
    public void A_confidence_is_the_catalogs_word_corrected_by_what_happened(decimal prior, string outcomes, decimal expected) => Assert.Equal(
        expected,
        RecoveryConfidence.Of(prior, outcomes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => (one[0] == '+', TimeSpan.FromDays(double.Parse(one[1..], System.Globalization.CultureInfo.InvariantCulture))))));

    [Fact]
    [Trait("id", "F5.53-03")]
    public void What_is_old_counts_less_and_a_few_outcomes_move_little()
    {
        decimal Of(params (bool, TimeSpan)[] outcomes) => RecoveryConfidence.Of(0.6m, outcomes);
        var recent = Of((false, TimeSpan.FromDays(1)));
        var old = Of((false, TimeSpan.FromDays(30)));

        Assert.True(recent < old && old < 0.6m, $"{recent} {old}");
        Assert.Equal(0.5, RecoveryConfidence.Weight(RecoveryConfidence.HalfLife), 12);
        Assert.InRange(0.6m - recent, 0.01m, 0.13m);
    }

    /// <summary>What is suggested without any history for a code that comes without a run.</summary>
    [Theory]
    [Trait("id", "F5.53-04")]
    [Trait("id", "F5.53-05")]
    [InlineData("TIMEOUT", "longer_timeout", "0.65", "retry_later retry_more skip_step abort")]
    [InlineData("RATE_LIMITED", "retry_later", "0.75", "retry_more skip_step abort")]
    [InlineData("HTTP_5XX", "retry_later", "0.6", "retry_more retry skip_step abort")]
    [InlineData("RUN_BUDGET_EXCEEDED", "raise_budget", "0.7", "escalate skip_step abort")]
    [InlineData("LLM_CONTEXT_EXCEEDED", "another_model", "0.55", "change_parameter retry skip_step abort")]
    [InlineData("INVALID_INPUT", "change_parameter", "0.5", "skip_step retry abort")]
    [InlineData("PERMISSION_DENIED", "escalate", "0.6", "retry skip_step abort")]
    [InlineData("OUTCOME_UNKNOWN", "escalate", "0.6", "retry skip_step abort")]
    [InlineData("CANCELLED", "abort", "0.9", "retry")]
    public void Each_code_has_its_own_first_advice(string code, string kind, string confidence, string others)
    {
        var options = RecoveryRanking.Of(Subject(code), [], Now);

        Assert.Equal((kind, decimal.Parse(confidence, System.Globalization.CultureInfo.InvariantCulture)), (options[0].Action.Kind.Wire(), options[0].Confidence));
        Assert.Equal(others.Split(' '), options.Skip(1).Select(option => option.Action.Kind.Wire()));
    }

    [Fact]
    [Trait("id", "F5.53-04")]
    public void Every_code_of_the_catalog_has_something_to_suggest_besides_nothing() => Assert.All(FailureCatalog.All, entry =>
    {
        var options = RecoveryRanking.Of(Subject(entry.Code), [], Now);
        Assert.True(options.Count > 1 && options.Any(option => option.Action.Kind != RecoveryKind.Abort), entry.Code);
        Assert.All(options, option => Assert.InRange(option.Confidence, 0.05m, 0.95m));
        Assert.All(options, option => Assert.NotEmpty(RecoveryActions.Text(option.Action)));
    });

    [Fact]
    [Trait("id", "F5.53-06")]
    public void What_did_not_help_gives_way_to_what_may()
    {
        PastOutcome Marked(bool recovered) => new(null, true, new RecoveryEvidence(Guid.NewGuid(), null, null, recovered, Now));
        PastOutcome Tried(bool recovered) => new(null, false, new RecoveryEvidence(Guid.NewGuid(), null, null, recovered, Now));
        PastOutcome Done(RecoveryKind kind, bool recovered) => new(kind, false, new RecoveryEvidence(null, null, Guid.NewGuid(), recovered, Now));

        decimal Sure(RecoveryKind kind, params PastOutcome[] past) => RecoveryRanking.Of(Subject("TIMEOUT"), past, Now).Single(option => option.Action.Kind == kind).Confidence;

        Assert.Equal(RecoveryKind.RetryLater, RecoveryRanking.Of(Subject("TIMEOUT"), [Done(RecoveryKind.LongerTimeout, false)], Now)[0].Action.Kind);
        Assert.Equal((0.72m, 0.55m), (Sure(RecoveryKind.LongerTimeout, Marked(true)), Sure(RecoveryKind.RetryLater, Marked(true)))); // (2.6 + 1) / 5: of what is advised first.
        Assert.Equal((0.65m, 0.64m), (Sure(RecoveryKind.LongerTimeout, Tried(true)), Sure(RecoveryKind.RetryLater, Tried(true)))); // (2.2 + 1) / 5: of every way to try again.
        Assert.Equal((0.65m, 0.36m), (Sure(RecoveryKind.LongerTimeout, Done(RecoveryKind.RetryMore, false)), Sure(RecoveryKind.RetryMore, Done(RecoveryKind.RetryMore, false)))); // 1.8 / 5
    }

    [Fact]
    [Trait("id", "F5.53-07")]
    public void What_is_less_sure_to_be_that_failure_is_suggested_less_surely()
    {
        decimal Best(RecoverySubject subject) => RecoveryRanking.Of(subject, [], Now)[0].Confidence;
        var said = Catalog.Classify(null, null, "the request timed out");
        var unknown = Catalog.Classify("CUSTOM_THING", null, null);

        Assert.Equal(0.455m, Best(new RecoverySubject(said, "TIMEOUT", "", null, null, -1))); // 0.7 · 0.65
        Assert.Equal(0.3m, Best(new RecoverySubject(unknown, "NETWORK_THING", "", null, null, -1))); // Its words speak for trying again: 0.5 · 0.6
        Assert.Equal(0.25m, Best(new RecoverySubject(unknown, "CUSTOM_THING", "", null, null, -1))); // 0.5 · 0.5
    }

    [Theory]
    [Trait("id", "F5.54-07")]
    [InlineData("""{"kind":"retry"}""")]
    [InlineData("""{"kind":"retry_later","delay_ms":5000}""")]
    [InlineData("""{"kind":"retry_more","step":"a","max_attempts":8}""")]
    [InlineData("""{"kind":"longer_timeout","step":"a","timeout_ms":60000}""")]
    [InlineData("""{"kind":"another_model","step":"a","model":"m"}""")]
    [InlineData("""{"kind":"raise_budget","budget_cents":12.5}""")]
    [InlineData("""{"kind":"use_fallback","step":"a","fallback":"b"}""")]
    [InlineData("""{"kind":"skip_step","step":"a"}""")]
    [InlineData("""{"kind":"change_parameter","step":"a","parameter":"x.y","value":[1,{"z":null}]}""")]
    [InlineData("""{"kind":"escalate"}""")]
    [InlineData("""{"kind":"abort"}""")]
    public void An_action_is_read_as_it_was_written(string text)
    {
        var (action, wrong) = RecoveryActions.Read(Json.Parse(text));

        Assert.Null(wrong);
        Assert.Equal(text, Json.Write(writer => RecoveryActions.Write(writer, action!)).GetRawText());
    }

    [Theory]
    [Trait("id", "F5.54-07")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kind":"odd"}""")]
    [InlineData("""{"kind":"retry","wish":1}""")]
    [InlineData("""{"kind":"retry_later","delay_ms":-1}""")]
    [InlineData("""{"kind":"retry_later","delay_ms":604800001}""")]
    [InlineData("""{"kind":"retry_more","max_attempts":101}""")]
    [InlineData("""{"kind":"raise_budget","budget_cents":"12"}""")]
    [InlineData("""{"kind":"skip_step","step":""}""")]
    public void An_action_that_makes_no_sense_is_told(string text) => Assert.NotNull(RecoveryActions.Read(Json.Parse(text)).Wrong);

    private static RecoverySubject Subject(string code) => new(Catalog.Classify(code), code, "", null, null, -1);
}
