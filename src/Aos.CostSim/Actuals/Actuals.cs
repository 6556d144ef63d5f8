using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What the calls of a run did cost, beside what simulate says of such calls.</summary>
internal sealed class Actuals(ICosts costs, ISkills skills)
{
    /// <summary>One record for each call that costs something or was estimated to.</summary>
    internal List<CostRecord> Of(RunCalls run, string source = "run") =>
    [
        .. run.Calls.Select(call => (Call: call, Simulated: costs.Typical(call.Skill, call.Params))).Where(one => one.Simulated > Cents.Zero || one.Call.Cost > Cents.Zero).Select(one => new CostRecord(
            run.Tenant, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{run.Run}:{one.Call.Seq}"), run.Run, one.Call.Place, one.Call.Step, one.Call.Skill, one.Call.Model,
            one.Simulated, one.Call.Cost, Latency(one.Call.Skill), (int)Math.Min(one.Call.Duration.TotalMilliseconds, int.MaxValue), one.Call.Ok, TypicalFigures.Version, source, one.Call.At)),
    ];

    /// <summary>The whole run as one record; null: it cost nothing, and was not expected to.</summary>
    internal static ProvenanceRecord? Whole(RunCalls run, IReadOnlyList<CostRecord> records)
    {
        if (records.Count == 0) return null;
        var (simulated, actual) = (records.Sum(record => record.Simulated.Value), records.Sum(record => record.Actual.Value));
        var pair = CostPair.Paid(simulated, actual);
        var (question, answer) = (Question(run), Answer(run, records));
        return new ProvenanceRecord(
            run.Tenant, run.Run, "actual", "run", TypicalFigures.Version, ContentHash.Hex(question), ContentHash.Hex(answer), simulated, null, actual, pair.DriftScore, Verdict(pair.DriftScore),
            run.Status.Wire(), (int)Math.Min(records.Sum(record => (long)record.DurationMs), int.MaxValue), run.EndedAt ?? records[^1].At, Simulated.Both(question, answer));
    }

    private int? Latency(string skill) => skills.Contracts.TryGetValue(skill, out var contract) ? contract.TypicalLatencyMs : TypicalFigures.Rows.TryGetValue(skill, out var row) ? row.LatencyMs : null;

    private static string Verdict(double drift) => drift switch
    {
        <= 0.05 => "match",
        <= 0.15 => "minor_drift",
        <= 0.2 => "major_drift",
        _ => "mismatch",
    };

    private static JsonElement Question(RunCalls run) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("plan_hash", run.PlanHash);
        if (run.Budget is { } budget) writer.WriteNumber("budget_cents", budget.Value);
        writer.WriteEndObject();
    });

    private static JsonElement Answer(RunCalls run, IReadOnlyList<CostRecord> records) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("status", run.Status.Wire());
        writer.WriteNumber("spent_cents", run.Spent.Value);
        writer.WriteStartArray("calls");
        foreach (var record in records)
        {
            writer.WriteStartObject();
            writer.WriteString("place", record.Place);
            writer.WriteString("skill_id", record.Skill);
            writer.WriteNumber("simulated_cents", record.Simulated.Value);
            writer.WriteNumber("actual_cents", record.Actual.Value);
            writer.WriteBoolean("ok", record.Ok);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
