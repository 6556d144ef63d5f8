using Aos.Contracts;
using Aos.Failures;

namespace Aos.CostSim.Tests;

/// <summary>What the catalog knows, and by what a failure is recognised.</summary>
[Trait("store", "none")]
public sealed class CatalogMatching
{
    private readonly FailuresDoor failures = new();

    [Fact]
    [Trait("id", "F5.50-01")]
    [Trait("id", "F5.50-18")]
    public void The_catalog_lists_all_codes()
    {
        Assert.True(FailureCatalog.All.Count >= 54, "Codes are missing.");
        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "TIMEOUT", "BUDGET_EXCEEDED", "PERMISSION_DENIED" }, FailureCatalog.All.Select(entry => entry.Code).ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.50-02")]
    [Trait("id", "F5.50-19")]
    public void Every_category_has_entries()
    {
        Assert.All(Enum.GetValues<FailureCategory>(), category => Assert.Contains(FailureCatalog.All, entry => entry.Category == category));
        Assert.InRange(FailureCatalog.All.Count(entry => entry.Category == FailureCategory.Transient), 4, 1_000);
        Assert.InRange(FailureCatalog.All.Count(entry => entry.Category == FailureCategory.Resource), 5, 1_000);
    }

    [Fact]
    [Trait("id", "F5.50-03")]
    public void Every_way_to_recover_is_taken() =>
        Assert.All(Enum.GetValues<RecoveryMode>(), mode => Assert.Contains(FailureCatalog.All, entry => FailureTraits.RecoveryOf(entry) == mode));

    [Theory]
    [Trait("id", "F5.50-04")]
    [Trait("id", "F5.51-06")]
    [Trait("id", "F5.50-05")]
    [Trait("id", "F5.50-06")]
    [Trait("id", "F5.50-08")]
    [InlineData("TIMEOUT", FailureCategory.Transient, true, 504)]
    [InlineData("timeout", FailureCategory.Transient, true, 504)]
    [InlineData("Budget_Exceeded", FailureCategory.Resource, false, 402)]
    [InlineData("PERMISSION_DENIED", FailureCategory.Permission, false, 403)]
    public void Codes_are_matched_in_any_case(string code, FailureCategory category, bool retryable, int status)
    {
        var match = failures.Classify(code);

        Assert.Equal((MatchKind.Code, 1.0), (match.Kind, match.Confidence));
        Assert.Equal((category, retryable, status), (match.Entry!.Category, match.Entry.Retryable, match.Entry.HttpStatus));
    }

    [Theory]
    [Trait("id", "F5.50-07")]
    [Trait("id", "F5.51-07")]
    [Trait("id", "F5.50-14")]
    [InlineData("WHO_KNOWS", null)]
    [InlineData(null, "xyzzy plugh 4291")]
    [InlineData(null, null)]
    public void What_nobody_knows_is_no_match(string? code, string? text)
    {
        var match = failures.Classify(code, null, text);

        Assert.Equal((null, MatchKind.None, 0.0), (match.Entry, match.Kind, match.Confidence));
        Assert.NotEmpty(match.Reason);
    }

    [Theory]
    [Trait("id", "F5.50-09")]
    [Trait("id", "F5.51-08")]
    [Trait("id", "F5.50-10")]
    [Trait("id", "F5.50-11")]
    [Trait("id", "F5.50-12")]
    [Trait("id", "F5.50-13")]
    [InlineData("Connection timed out after 30s", "TIMEOUT")]
    [InlineData("Could not resolve hostname", "DNS_FAILURE")]
    [InlineData("API rate limit exceeded", "RATE_LIMITED")]
    [InlineData("The peer answered 429", "RATE_LIMITED")]
    [InlineData("HTTP 403 at /x", "PERMISSION_DENIED")]
    [InlineData("Anthropic API error", "LLM_ERROR")]
    [InlineData("planner timeout", "PLANNER_TIMEOUT")]
    public void Words_are_matched_with_less_confidence(string text, string code)
    {
        var match = failures.Classify(null, null, text);

        Assert.Equal((code, MatchKind.Message, 0.7), (match.Entry?.Code, match.Kind, match.Confidence));
    }

    [Fact]
    [Trait("id", "F5.50-15")]
    [Trait("id", "F5.50-16")]
    [Trait("id", "F5.50-17")]
    [Trait("id", "F5.50-20")]
    public void Entries_say_what_to_do()
    {
        var (timeout, budget) = (FailureCatalog.Find("TIMEOUT")!, FailureCatalog.Find("BUDGET_EXCEEDED")!);

        Assert.Equal((RecoveryMode.RetryExponential, true), (FailureTraits.RecoveryOf(timeout), timeout.RetriesMax >= 1));
        Assert.NotEmpty(timeout.Advice);
        Assert.False(budget.Retryable);
        Assert.Contains("budget", budget.Advice, StringComparison.Ordinal);
        Assert.All(FailureCatalog.All.Where(entry => entry.Category == FailureCategory.Security), entry => Assert.Null(FailureTraits.RetryOf(entry.Code)));
        Assert.InRange(FailureCatalog.All.Count(entry => FailureTraits.RetryOf(entry.Code) is not null), 10, 1_000);
    }

    [Fact]
    [Trait("id", "F5.50-21")]
    [Trait("id", "F5.50-22")]
    public void One_question_takes_a_code_or_a_message_and_answers_with_the_one_entry()
    {
        Assert.Same(FailureCatalog.Find("TIMEOUT"), failures.Classify("ERR_HTTP_TIMEOUT").Entry);
        Assert.Same(FailureCatalog.Find("TIMEOUT"), failures.Classify("the call timed out").Entry);
        Assert.Same(FailureCatalog.Find("TIMEOUT"), new FailuresDoor().Find("timeout"));
    }

    [Fact]
    [Trait("id", "F5.50-24")]
    public void Every_entry_has_what_the_labels_of_metrics_need() => Assert.All(FailureCatalog.All, entry =>
    {
        Assert.Matches("^[A-Z][A-Z0-9_]{2,31}$", entry.Code);
        Assert.Contains(entry.Category, Enum.GetValues<FailureCategory>());
        Assert.Equal(entry.Retryable, FailureTraits.RecoveryOf(entry) == RecoveryMode.RetryExponential);
        Assert.Contains(FailureTraits.SeverityOf(entry), Enum.GetValues<FailureSeverity>());
    });

    [Theory]
    [Trait("id", "F5.50-27")]
    [Trait("id", "F5.51-09")]
    [InlineData("TIMEOUT", 403, "ValueError", "quota", "TIMEOUT", MatchKind.Code, 1.0)]
    [InlineData("ERR_TIMEOUT", 403, "ValueError", "quota", "TIMEOUT", MatchKind.Alias, 1.0)]
    [InlineData("X1", 403, "ValueError", "quota", "PERMISSION_DENIED", MatchKind.Status, 0.9)]
    [InlineData("X1", 418, null, null, "HTTP_4XX", MatchKind.Status, 0.9)]
    [InlineData("X1", 200, "System.TimeoutException", "quota", "TIMEOUT", MatchKind.Exception, 0.8)]
    [InlineData("X1", null, "psycopg2.OperationalError", null, "STORE_UNAVAILABLE", MatchKind.Exception, 0.8)]
    [InlineData("X1", null, "ValueError", "who knows", "INVALID_INPUT", MatchKind.Exception, 0.8)]
    [InlineData("X1", null, "ValueError", "missing required name", "MISSING_REQUIRED_FIELD", MatchKind.Message, 0.7)]
    [InlineData("X1", null, "OddError", "quota", "QUOTA_EXHAUSTED", MatchKind.Message, 0.7)]
    public void A_code_goes_before_a_status_a_status_before_a_type_a_type_before_words(string code, int? status, string? type, string? text, string found, MatchKind kind, double confidence)
    {
        var match = failures.Classify(code, status, text, type);

        Assert.Equal((found, kind, confidence), (match.Entry?.Code, match.Kind, match.Confidence));
        Assert.Contains(found, match.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "F5.50-28")]
    [InlineData("it said AGENT_BUDGET_EXCEEDED", "AGENT_BUDGET_EXCEEDED")]
    [InlineData("planner: run budget exceeded", "RUN_BUDGET_EXCEEDED")]
    [InlineData("output too large", "OUTPUT_TOO_LARGE")]
    public void A_code_in_a_text_is_found(string text, string code) => Assert.Equal(code, failures.Classify(null, null, text).Entry?.Code);

    [Fact]
    [Trait("id", "F5.50-29")]
    public void Advice_and_engine_take_their_delays_from_one_table() => Assert.All(FailureCatalog.All.Where(entry => entry.Retryable), entry =>
    {
        var clause = FailureTraits.RetryOf(entry.Code)!;
        for (var tries = 1; tries <= clause.MaxAttempts; tries++)
        {
            var advice = failures.Advise(FailureCatalog.Fail(entry.Code, "x"), tries);
            Assert.Equal((tries < clause.MaxAttempts, clause.MaxAttempts - tries), (advice.Retry, advice.TriesLeft));
            if (!advice.Retry) continue;
            Assert.InRange(Backoff.Delay(clause, tries, 7), advice.After!.Value * 0.89, advice.After.Value * 1.11);
        }
    });
}
