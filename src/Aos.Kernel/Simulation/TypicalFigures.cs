using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>One way a skill fails, and how often.</summary>
/// <param name="Code">Upper-case failure code.</param>
/// <param name="Probability">Of one call, 0 to 1.</param>
public sealed record SkillRisk(string Code, double Probability);

/// <summary>What one call of a skill typically costs and takes, and how it fails.</summary>
/// <param name="Cents">Typical cost of one call.</param>
/// <param name="LatencyMs">Typical latency of one call, milliseconds.</param>
public sealed record SkillPrice(string Skill, decimal Cents, int LatencyMs, ImmutableArray<SkillRisk> Risks)
{
    /// <summary>
    /// Cents per full thousand characters of the prompt, when that is more than <see cref="Cents"/>; 0: the text does
    /// not count.
    /// </summary>
    public decimal CentsPerThousandCharacters { get; init; }

    /// <summary>True: a timeout among the parameters bounds the typical latency.</summary>
    public bool TimeoutBoundsLatency { get; init; }

    /// <summary>Upper bound of a call; null: no such skill can be called here.</summary>
    public CostModel? Bound { get; init; }

    /// <summary>True: an answer that is kept is given again for nothing.</summary>
    public bool CachesAnswers { get; init; }

    /// <summary>The most probable failure.</summary>
    public SkillRisk Worst { get; } = Risks.IsEmpty ? new SkillRisk("UNKNOWN_ERROR", 0) : Risks.MaxBy(risk => risk.Probability)!;

    /// <summary>The same price with other risks.</summary>
    internal SkillPrice With(ImmutableArray<SkillRisk> risks) => new(Skill, Cents, LatencyMs, risks)
    {
        CentsPerThousandCharacters = CentsPerThousandCharacters, TimeoutBoundsLatency = TimeoutBoundsLatency, Bound = Bound, CachesAnswers = CachesAnswers,
    };
}

/// <summary>
/// The one table of typical figures, for skills nobody has measured yet. A registered skill's contract overrides its
/// row; a skill without a row costs what <see cref="Unknown"/> says, so that a plan never looks cheaper for naming it.
/// </summary>
public static class TypicalFigures
{
    /// <summary>Changes with any figure or rule; part of every <c>trace_id</c>.</summary>
    public const string Version = "table-1";

    public static FrozenDictionary<string, SkillPrice> Rows { get; } = new[]
    {
        Row("email_send", 1, 500, "DELIVERY_FAILED", 0.05),
        Row("fs_read", 0, 50, "FILE_NOT_FOUND", 0.05),
        Row("fs_write", 0, 100, "PERMISSION_DENIED", 0.05),
        Row("http_call", 0, 500, "TIMEOUT", 0.1) with { TimeoutBoundsLatency = true },
        Row("http_get", 0, 500, "TIMEOUT", 0.1) with { TimeoutBoundsLatency = true },
        Row("json_transform", 0, 10, "TRANSFORM_ERROR", 0.01),
        Row("kv_get", 0, 5, "DATA_NOT_FOUND", 0.02),
        Row("kv_set", 0, 10, "QUOTA_EXHAUSTED", 0.02),
        Row("llm_invoke", 5, 2000, "RATE_LIMITED", 0.05) with { CentsPerThousandCharacters = 1 },
        Row("shell", 0, 200, "TIMEOUT", 0.1),
        Row("shell_lite", 0, 200, "TIMEOUT", 0.1),
        Row("webhook_send", 0, 300, "TIMEOUT", 0.1),
    }.ToFrozenDictionary(row => row.Skill, StringComparer.Ordinal);

    /// <summary>What a skill costs that nobody knows.</summary>
    public static SkillPrice Unknown { get; } = Row("unknown", 10, 1000, "UNKNOWN_ERROR", 0.2);

    private static SkillPrice Row(string skill, decimal cents, int latencyMs, string code, double probability) =>
        new(skill, cents, latencyMs, [new SkillRisk(code, probability)]);
}

/// <summary>The lower-case words clients know for failures, and what helps against each.</summary>
public static class RiskTypes
{
    /// <summary>The word of a failure code.</summary>
    public static string Of(string code) => code switch
    {
        "TIMEOUT" or "GATEWAY_TIMEOUT" => "timeout",
        "RATE_LIMITED" => "rate_limit",
        "TRANSFORM_ERROR" => "transform_error",
        "FILE_NOT_FOUND" or "DATA_NOT_FOUND" => "not_found",
        "PERMISSION_DENIED" => "permission",
        "QUOTA_EXHAUSTED" => "quota",
        "DELIVERY_FAILED" => "delivery",
        "UNKNOWN_ERROR" => "unknown",
        _ => code.ToLowerInvariant(),
    };

    /// <summary>What helps; never empty.</summary>
    public static string Mitigation(string type) => type switch
    {
        "timeout" => "Retry with exponential backoff.",
        "rate_limit" => "Throttle on the client's side.",
        "transform_error" => "Validate the input first.",
        "not_found" => "Check first that it exists.",
        "permission" => "Verify the rights before writing.",
        "quota" => "Check the quota first.",
        "delivery" => "Ask for a delivery confirmation.",
        "unknown" => "Add error handling and watch the step.",
        _ => "Give the step an on_error clause.",
    };
}
