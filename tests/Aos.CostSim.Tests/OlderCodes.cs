using System.Globalization;
using System.Text.RegularExpressions;
using Aos.Failures;

namespace Aos.CostSim.Tests;

/// <summary>The 54 codes of the system before mean here what they meant there, but for what docs/failures.md tells.</summary>
[Trait("store", "none")]
public sealed class OlderCodes
{
    /// <summary>Code, category, HTTP status, whether it was tried again.</summary>
    private const string Older = """
        TIMEOUT TRANSIENT 504 y
        DNS_FAILURE TRANSIENT 503 y
        CONNECTION_RESET TRANSIENT 503 y
        SERVICE_UNAVAILABLE TRANSIENT 503 y
        GATEWAY_TIMEOUT TRANSIENT 504 y
        SKILL_NOT_FOUND PERMANENT 404 n
        INVALID_SKILL PERMANENT 500 n
        STEP_FAILED PERMANENT 500 n
        EXECUTION_ERROR PERMANENT 500 n
        UNKNOWN_ERROR PERMANENT 500 n
        WORKFLOW_ABORTED PERMANENT 499 n
        BUDGET_EXCEEDED RESOURCE 402 n
        STEP_CEILING_EXCEEDED RESOURCE 402 n
        WORKFLOW_CEILING_EXCEEDED RESOURCE 402 n
        AGENT_BUDGET_EXCEEDED RESOURCE 402 n
        RATE_LIMITED RESOURCE 429 y
        QUOTA_EXHAUSTED RESOURCE 429 n
        PERMISSION_DENIED PERMISSION 403 n
        UNAUTHORIZED PERMISSION 401 n
        FORBIDDEN_SKILL PERMISSION 403 n
        TENANT_SUSPENDED PERMISSION 403 n
        INVALID_INPUT VALIDATION 400 n
        SCHEMA_VALIDATION_FAILED VALIDATION 400 n
        MISSING_REQUIRED_FIELD VALIDATION 400 n
        INVALID_REFERENCE VALIDATION 400 n
        INVALID_SPEC VALIDATION 400 n
        DB_CONNECTION_FAILED INFRASTRUCTURE 503 y
        REDIS_CONNECTION_FAILED INFRASTRUCTURE 503 y
        CHECKPOINT_SAVE_FAILED CHECKPOINT 500 y
        CHECKPOINT_LOAD_FAILED CHECKPOINT 500 y
        GOLDEN_WRITE_FAILED INFRASTRUCTURE 500 y
        PLANNER_TIMEOUT PLANNER 504 y
        PLANNER_ERROR PLANNER 500 y
        INVALID_PLAN PLANNER 400 n
        PLAN_TOO_EXPENSIVE PLANNER 402 n
        HTTP_4XX SKILL 400 n
        HTTP_5XX SKILL 502 y
        LLM_ERROR SKILL 502 y
        LLM_CONTEXT_EXCEEDED SKILL 400 n
        TRANSFORM_ERROR SKILL 400 n
        DATA_NOT_FOUND DATA 404 n
        DATA_CORRUPT DATA 500 n
        SERIALIZATION_ERROR DATA 500 n
        DESERIALIZATION_ERROR DATA 500 n
        INJECTION_DETECTED SECURITY 400 n
        SANDBOX_REJECTION SECURITY 403 n
        SIGNATURE_INVALID SECURITY 401 n
        TAMPER_DETECTED SECURITY 403 n
        CHECKPOINT_VERSION_CONFLICT CHECKPOINT 409 y
        CHECKPOINT_STALE CHECKPOINT 409 y
        RESUME_FAILED CHECKPOINT 500 y
        POLICY_VIOLATION PERMISSION 403 n
        EMERGENCY_STOP PERMISSION 503 n
        IDEMPOTENCY_REQUIRED VALIDATION 400 n
        """;

    private static readonly string Document = File.ReadAllText(Path.Combine(Root(AppContext.BaseDirectory), "docs", "failures.md"));

    [Fact]
    [Trait("id", "F5.81-02")]
    public void Each_is_a_code_or_another_name_of_one_with_all_it_said_but_for_what_is_told()
    {
        var rows = Older.Split('\n').Select(line => line.Trim().Split(' ')).ToList();
        var failures = new FailuresDoor();

        var otherwise = rows.Where(row => failures.Find(row[0]) is not { } entry
            || (entry.Category.ToString().ToUpperInvariant(), entry.HttpStatus.ToString(CultureInfo.InvariantCulture), entry.Retryable ? "y" : "n") != (row[1], row[2], row[3]));

        Assert.Equal(54, rows.Select(row => row[0]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Told().Keys.Order(StringComparer.Ordinal), otherwise.Select(row => row[0]).Order(StringComparer.Ordinal));
        Assert.All(Told(), pair => Assert.Equal(pair.Value == "the same" ? pair.Key : pair.Value, failures.Find(pair.Key)?.Code));
    }

    /// <summary>What the document tells of each that differs: which code it is here.</summary>
    private static Dictionary<string, string> Told() => Regex.Matches(Document, @"^\| `(?<old>[A-Z_]+)` \| `?(?<now>[A-Z_]+|the same)`? \| [^|]+ \| [^|]+ \|$", RegexOptions.Multiline)
        .ToDictionary(match => match.Groups["old"].Value, match => match.Groups["now"].Value, StringComparer.Ordinal);

    private static string Root(string folder) => File.Exists(Path.Combine(folder, "Aos.slnx")) ? folder : Root(Path.GetDirectoryName(folder)!);
}
