using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>
/// The production model, <c>v1</c>: whole cents and milliseconds from a table, on the careful side. A list of calls is their sum; nothing of it is learned.
/// </summary>
public sealed class TableModel : ICostModel
{
    /// <summary>Of the figures and rules.</summary>
    public const string ShippedVersion = "1.0.0";

    /// <summary>Risks up to here are not named; all of them count.</summary>
    private const decimal RiskNamed = 0.05m;

    private readonly FrozenDictionary<string, TableRow> rows;

    /// <param name="overrides">Rows that replace those of the table, or join them.</param>
    public TableModel(IReadOnlyDictionary<string, TableRow>? overrides = null)
    {
        var all = Rows.ToDictionary(StringComparer.Ordinal);
        foreach (var (skill, row) in overrides ?? ImmutableDictionary<string, TableRow>.Empty) all[skill] = row;
        rows = all.ToFrozenDictionary(StringComparer.Ordinal);
        Version = overrides is { Count: > 0 } some ? $"{ShippedVersion}+{CostForms.HashOf(some.Select(row => (row.Key, row.Value.Text)))}" : ShippedVersion;
    }

    public static FrozenDictionary<string, TableRow> Rows { get; } = new Dictionary<string, TableRow>(StringComparer.Ordinal)
    {
        ["http_call"] = new(0, 500, 0.1m, "timeout"),
        ["llm_invoke"] = new(5, 2000, 0.05m, "rate_limit"),
        ["json_transform"] = new(0, 10, 0.01m, "transform_error"),
        ["fs_read"] = new(0, 50, 0.05m, "not_found"),
        ["fs_write"] = new(0, 100, 0.05m, "permission"),
        ["shell_lite"] = new(0, 200, 0.1m, "timeout"),
        ["kv_get"] = new(0, 5, 0.02m, "not_found"),
        ["kv_set"] = new(0, 10, 0.02m, "quota"),
        ["webhook_send"] = new(0, 300, 0.1m, "timeout"),
        ["email_send"] = new(1, 500, 0.05m, "delivery"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Of a skill that the table does not know.</summary>
    public static TableRow Unknown { get; } = new(10, 1000, 0.2m, "unknown");

    public string Name => "v1";

    public string Version { get; }

    public CostEstimate Estimate(CostQuestion question)
    {
        if (question.Steps.IsEmpty)
            return new CostEstimate(false, "invalid_plan", 0, 0, question.BudgetCents, 1, 0, Version, [], [], [], ["Empty plan: there is no step to run."]);
        var steps = ImmutableArray.CreateBuilder<CostStepEstimate>(question.Steps.Length);
        var risks = ImmutableArray.CreateBuilder<CostRisk>();
        var (cents, milliseconds, success) = (0L, 0m, 1m);
        foreach (var call in question.Steps)
        {
            var row = rows.GetValueOrDefault(call.Skill, Unknown);
            var (cost, latency) = (Cents(call, row), Latency(call, row));
            steps.Add(new CostStepEstimate(steps.Count, call.Skill, cost, latency, 1, (double)row.Risk, row.RiskType));
            if (row.Risk > RiskNamed) risks.Add(CostAnswer.Named(steps.Count - 1, call.Skill, row.RiskType, row.Risk));
            (cents, milliseconds, success) = (cents + cost, milliseconds + latency, success * (1 - row.Risk));
        }

        var answer = new CostAnswer(cents, milliseconds, 1 - success, CostAnswer.GapsOf(question));
        var against = answer.Against(question);
        return new CostEstimate(
            against is null, against?.Status ?? "feasible", cents, (long)milliseconds, question.BudgetCents - cents, 1, (double)answer.Risk, Version, steps.MoveToImmutable(),
            risks.DrainToImmutable(), answer.Gaps, against is { } no ? [no.Warning] : []);
    }

    private static long Cents(CostStep call, TableRow row) =>
        call.Skill == "llm_invoke" && CostParams.Length(call.Params, "prompt") is { } characters ? Math.Max(row.Cents, characters / 1000) : row.Cents;

    private static decimal Latency(CostStep call, TableRow row) =>
        call.Skill == "http_call" && CostParams.Milliseconds(call.Params, "timeout") is { } timeout ? Math.Min(row.LatencyMs, timeout) : row.LatencyMs;
}
