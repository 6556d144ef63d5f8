using Aos.Contracts;
using Aos.Failures;

namespace Aos.CostSim.Tests;

/// <summary>One catalog for every name a failure ever had.</summary>
public sealed class Catalog
{
    /// <summary>The codes of the workflow taxonomy, each with the entry that answers for it now.</summary>
    private static readonly Dictionary<string, string> Codes = new(StringComparer.Ordinal)
    {
        ["TIMEOUT"] = "TIMEOUT", ["DNS_FAILURE"] = "DNS_FAILURE", ["CONNECTION_RESET"] = "CONNECTION_RESET", ["SERVICE_UNAVAILABLE"] = "SERVICE_UNAVAILABLE",
        ["GATEWAY_TIMEOUT"] = "GATEWAY_TIMEOUT", ["SKILL_NOT_FOUND"] = "SKILL_NOT_FOUND", ["INVALID_SKILL"] = "OUTPUT_INVALID", ["STEP_FAILED"] = "STEP_FAILED",
        ["EXECUTION_ERROR"] = "EXECUTION_ERROR", ["UNKNOWN_ERROR"] = "UNKNOWN_ERROR", ["WORKFLOW_ABORTED"] = "CANCELLED", ["BUDGET_EXCEEDED"] = "BUDGET_EXCEEDED",
        ["STEP_CEILING_EXCEEDED"] = "STEP_CEILING_EXCEEDED", ["WORKFLOW_CEILING_EXCEEDED"] = "BUDGET_EXCEEDED", ["AGENT_BUDGET_EXCEEDED"] = "AGENT_BUDGET_EXCEEDED",
        ["RATE_LIMITED"] = "RATE_LIMITED", ["QUOTA_EXHAUSTED"] = "QUOTA_EXHAUSTED", ["PERMISSION_DENIED"] = "PERMISSION_DENIED", ["UNAUTHORIZED"] = "UNAUTHORIZED",
        ["FORBIDDEN_SKILL"] = "PERMISSION_DENIED", ["TENANT_SUSPENDED"] = "PERMISSION_DENIED", ["INVALID_INPUT"] = "INVALID_INPUT",
        ["SCHEMA_VALIDATION_FAILED"] = "INVALID_INPUT", ["MISSING_REQUIRED_FIELD"] = "MISSING_REQUIRED_FIELD", ["INVALID_REFERENCE"] = "INVALID_REFERENCE",
        ["INVALID_SPEC"] = "INVALID_PLAN", ["DB_CONNECTION_FAILED"] = "STORE_UNAVAILABLE", ["REDIS_CONNECTION_FAILED"] = "STORE_UNAVAILABLE",
        ["CHECKPOINT_SAVE_FAILED"] = "STORE_UNAVAILABLE", ["CHECKPOINT_LOAD_FAILED"] = "STORE_UNAVAILABLE", ["GOLDEN_WRITE_FAILED"] = "STORE_UNAVAILABLE",
        ["PLANNER_TIMEOUT"] = "PLANNER_TIMEOUT", ["PLANNER_ERROR"] = "PLANNER_ERROR", ["INVALID_PLAN"] = "INVALID_PLAN", ["PLAN_TOO_EXPENSIVE"] = "BUDGET_EXCEEDED",
        ["HTTP_4XX"] = "HTTP_4XX", ["HTTP_5XX"] = "HTTP_5XX", ["LLM_ERROR"] = "LLM_ERROR", ["LLM_CONTEXT_EXCEEDED"] = "LLM_CONTEXT_EXCEEDED",
        ["TRANSFORM_ERROR"] = "TRANSFORM_ERROR", ["DATA_NOT_FOUND"] = "DATA_NOT_FOUND", ["DATA_CORRUPT"] = "STORE_CORRUPT", ["SERIALIZATION_ERROR"] = "INVALID_INPUT",
        ["DESERIALIZATION_ERROR"] = "INVALID_INPUT", ["INJECTION_DETECTED"] = "INJECTION_DETECTED", ["SANDBOX_REJECTION"] = "SANDBOX_REJECTION",
        ["SIGNATURE_INVALID"] = "SIGNATURE_INVALID", ["TAMPER_DETECTED"] = "TAMPER_DETECTED", ["CHECKPOINT_VERSION_CONFLICT"] = "IDEMPOTENCY_CONFLICT",
        ["CHECKPOINT_STALE"] = "INVALID_STATE", ["RESUME_FAILED"] = "INVALID_STATE", ["POLICY_VIOLATION"] = "PERMISSION_DENIED",
        ["EMERGENCY_STOP"] = "EMERGENCY_STOP", ["IDEMPOTENCY_REQUIRED"] = "INVALID_INPUT",
    };

    private readonly FailuresDoor failures = new();

    [Fact]
    public void Every_older_code_means_exactly_one_entry()
    {
        Assert.Equal(54, Codes.Count);
        Assert.All(Codes, pair => Assert.Equal(pair.Value, failures.Find(pair.Key)?.Code));
        var names = FailureCatalog.All.SelectMany(entry => entry.Aliases.Append(entry.Code)).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [InlineData("ERR_HTTP_TIMEOUT", "TIMEOUT", true)]
    [InlineData("err_llm_auth_failed", "LLM_AUTH_FAILED", false)]
    [InlineData("ERR_BUDGET_EXCEEDED", "BUDGET_EXCEEDED", false)]
    [InlineData("ERR_HTTP_429", "RATE_LIMITED", true)]
    [InlineData("ERR_JSON_PATH_NOT_FOUND", "DATA_NOT_FOUND", false)]
    public void Codes_of_the_other_families_resolve_with_their_retryability(string alias, string code, bool retryable)
    {
        var match = failures.Classify(alias);

        Assert.Equal((code, retryable, MatchKind.Alias, 1.0), (match.Entry!.Code, match.Entry.Retryable, match.Kind, match.Confidence));
    }

    [Theory]
    [InlineData("The gateway timeout was reached", "GATEWAY_TIMEOUT")]
    [InlineData("connection refused by 10.0.0.1", "CONNECTION_REFUSED")]
    [InlineData("agent budget exceeded", "AGENT_BUDGET_EXCEEDED")]
    [InlineData("Could not resolve host", "DNS_FAILURE")]
    [InlineData("the request timed out", "TIMEOUT")]
    [InlineData("order 4291 is fine", null)]
    public void Text_is_matched_by_whole_words_and_the_longest_match(string text, string? code) => Assert.Equal(code, failures.Classify(null, null, text).Entry?.Code);

    [Fact]
    public void A_code_counts_before_a_status_and_a_status_before_text()
    {
        Assert.Equal("TIMEOUT", failures.Classify("TIMEOUT", 403, "budget").Entry!.Code);
        Assert.Equal((MatchKind.Status, "PERMISSION_DENIED"), (failures.Classify("WHO_KNOWS", 403, "budget").Kind, failures.Classify("WHO_KNOWS", 403, "budget").Entry!.Code));
        Assert.Equal(MatchKind.None, failures.Classify("WHO_KNOWS").Kind);
    }

    [Fact]
    public void Advice_counts_tries_and_never_undercuts_what_the_peer_asked()
    {
        var failure = FailureCatalog.Fail("RATE_LIMITED", "Slow down.", TimeSpan.FromSeconds(60));

        Assert.Equal((true, TimeSpan.FromSeconds(60), 3), (failures.Advise(failure, 1).Retry, failures.Advise(failure, 1).After, failures.Advise(failure, 1).TriesLeft));
        Assert.Equal(TimeSpan.FromSeconds(10), failures.Advise(failure with { RetryAfter = null }, 2).After);
        Assert.False(failures.Advise(failure, 4).Retry);
        Assert.False(failures.Advise(FailureCatalog.Fail("INVALID_INPUT", "No."), 1).Retry);
    }
}
