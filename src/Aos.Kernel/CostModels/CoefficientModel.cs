using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>
/// The model beside the production model, <c>v2</c>: a base and a part by length for each skill, in exact decimals that are rounded once, at the end. How sure it is of a
/// step is multiplied over the plan.
/// </summary>
public sealed class CoefficientModel : ICostModel
{
    /// <summary>Of the coefficients and rules.</summary>
    public const string ShippedVersion = "2.0.0";

    /// <summary>Risks up to here are neither named nor counted.</summary>
    private const decimal RiskCounted = 0.02m;

    private const int AnswerCharactersMax = 4000;
    private const decimal TimeoutMsDefault = 30_000;

    private readonly FrozenDictionary<string, CoefficientRow> rows;

    /// <param name="overrides">Whole rows that replace those of the table, or join them.</param>
    public CoefficientModel(IReadOnlyDictionary<string, CoefficientRow>? overrides = null)
    {
        var all = Rows.ToDictionary(StringComparer.Ordinal);
        foreach (var (skill, row) in overrides ?? ImmutableDictionary<string, CoefficientRow>.Empty) all[skill] = row;
        rows = all.ToFrozenDictionary(StringComparer.Ordinal);
        Version = overrides is { Count: > 0 } some ? $"{ShippedVersion}+{CostForms.HashOf(some.Select(row => (row.Key, row.Value.Text)))}" : ShippedVersion;
    }

    public static FrozenDictionary<string, CoefficientRow> Rows { get; } = new Dictionary<string, CoefficientRow>(StringComparer.Ordinal)
    {
        ["http_call"] = new(0, 350, 0.85m, "timeout", 0.08m) { LatencyVariance = 150 },
        ["llm_invoke"] = new(3.5m, 1800, 0.92m, "rate_limit", 0.03m) { CentsPerThousandIn = 0.8m, CentsPerThousandOut = 1.2m, LatencyPerThousand = 200 },
        ["json_transform"] = new(0, 5, 0.98m, "transform_error", 0.005m),
        ["fs_read"] = new(0, 30, 0.95m, "read", 0.03m),
        ["fs_write"] = new(0, 50, 0.94m, "write", 0.02m),
        ["shell_lite"] = new(0, 150, 0.88m, "timeout", 0.07m),
        ["kv_get"] = new(0, 3, 0.97m, "get", 0.01m),
        ["kv_set"] = new(0, 5, 0.97m, "set", 0.01m),
        ["webhook_send"] = new(0, 200, 0.90m, "timeout", 0.08m),
        ["email_send"] = new(0.8m, 350, 0.93m, "delivery", 0.03m),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Of a skill that has no coefficients.</summary>
    public static CoefficientRow Unknown { get; } = new(5, 500, 0.60m, "unknown", 0.15m);

    public string Name => "v2";

    public string Version { get; }

    public CostEstimate Estimate(CostQuestion question)
    {
        if (question.Steps.IsEmpty)
            return new CostEstimate(false, "schema_error", 0, 0, question.BudgetCents, 0, 0, Version, [], [], [], ["Empty plan: there is no step to run."]);
        var steps = ImmutableArray.CreateBuilder<CostStepEstimate>(question.Steps.Length);
        var risks = ImmutableArray.CreateBuilder<CostRisk>();
        var (cost, latency, confidence, success) = (0m, 0m, 1m, 1m);
        foreach (var call in question.Steps)
        {
            var step = Of(call, rows.GetValueOrDefault(call.Skill, Unknown));
            steps.Add(new CostStepEstimate(steps.Count, call.Skill, step.Cents, step.LatencyMs, (double)step.Confidence, (double)step.Risk, step.RiskType));
            (cost, latency, confidence) = (cost + step.Cents, latency + step.LatencyMs, confidence * step.Confidence);
            if (step.Risk <= RiskCounted) continue;
            risks.Add(CostAnswer.Named(steps.Count - 1, call.Skill, step.RiskType, step.Risk));
            success *= 1 - step.Risk;
        }

        var answer = new CostAnswer(Whole(cost), Whole(latency), 1 - success, CostAnswer.GapsOf(question));
        var against = answer.Against(question);
        return new CostEstimate(
            against is null, against is null ? "success" : "error", answer.Cents, (long)answer.Milliseconds, question.BudgetCents - answer.Cents, (double)Math.Round(confidence, 4),
            (double)Math.Round(answer.Risk, 4), Version, steps.MoveToImmutable(), risks.DrainToImmutable(), answer.Gaps, against is { } no ? [no.Warning] : []);
    }

    private static CoefficientRow Of(CostStep call, CoefficientRow row) => call.Skill switch
    {
        "llm_invoke" => OfModel(call, row),
        "http_call" => OfHttp(call, row),
        "shell_lite" when CostParams.Length(call.Params, "command") > 100 => row with { Risk = row.Risk * 1.2m, Confidence = row.Confidence * 0.95m },
        _ => row with { LatencyMs = row.LatencyMs + row.LatencyVariance },
    };

    private static CoefficientRow OfModel(CostStep call, CoefficientRow row)
    {
        var read = CostParams.Length(call.Params, "prompt") ?? 0;
        var written = Math.Min(2L * read, AnswerCharactersMax);
        var confidence = row.Confidence * (read > 2000 ? 0.95m : 1) * (read > 4000 ? 0.90m : 1);
        return row with
        {
            Cents = row.Cents + (read / 1000m * row.CentsPerThousandIn) + (written / 1000m * row.CentsPerThousandOut),
            LatencyMs = row.LatencyMs + row.LatencyVariance + (read / 1000m * row.LatencyPerThousand),
            Confidence = confidence,
        };
    }

    private static CoefficientRow OfHttp(CostStep call, CoefficientRow row)
    {
        var latency = row.LatencyMs + row.LatencyVariance;
        latency = Math.Min(latency, CostParams.Milliseconds(call.Params, "timeout") ?? TimeoutMsDefault);
        var isLocal = CostParams.Begins(call.Params, "url", "http://localhost"u8) || CostParams.Begins(call.Params, "url", "http://127.0.0.1"u8);
        return isLocal ? row with { LatencyMs = latency } : row with { LatencyMs = latency, Risk = row.Risk * 1.5m, Confidence = row.Confidence * 0.95m };
    }

    private static long Whole(decimal sum) => (long)Math.Round(sum, MidpointRounding.ToEven);
}
