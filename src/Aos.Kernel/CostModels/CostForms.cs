using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Questions and answers of cost models as JSON, and the hashes by which equal ones are known.</summary>
public static class CostForms
{
    /// <summary>64 hex digits: of the plan and its budget.</summary>
    public static string InputHash(CostQuestion question) => Hash(Json.Write(writer => Write(writer, question)));

    /// <summary>64 hex digits: of verdict, status, cost, duration and steps; neither the time that the answer took nor the version of its model is in it.</summary>
    public static string OutputHash(CostEstimate estimate) => Hash(Json.Write(writer =>
    {
        writer.WriteStartObject();
        WriteVerdict(writer, estimate);
        writer.WriteEndObject();
    }));

    /// <summary>The question: <c>plan</c> and <c>budget_cents</c>.</summary>
    public static void Write(Utf8JsonWriter writer, CostQuestion question)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("plan");
        foreach (var step in question.Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("skill", step.Skill);
            writer.WritePropertyName("params");
            step.Params.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("budget_cents", question.BudgetCents);
        writer.WriteEndObject();
    }

    /// <summary>Members of an answer that are equal for equal questions: verdict, status, cost, duration, steps.</summary>
    public static void WriteVerdict(Utf8JsonWriter writer, CostEstimate estimate)
    {
        writer.WriteBoolean("feasible", estimate.Feasible);
        writer.WriteString("status", estimate.Status);
        writer.WriteNumber("estimated_cost_cents", estimate.CostCents);
        writer.WriteNumber("estimated_duration_ms", estimate.DurationMs);
        writer.WriteStartArray("step_estimates");
        foreach (var step in estimate.Steps)
        {
            writer.WriteStartObject();
            writer.WriteNumber("step_index", step.StepIndex);
            writer.WriteString("skill_id", step.Skill);
            writer.WriteNumber("cost_cents", Rounded(step.CostCents));
            writer.WriteNumber("latency_ms", Rounded(step.LatencyMs));
            writer.WriteNumber("confidence", Math.Round(step.Confidence, 4));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Eight hex digits that change with any of the rows.</summary>
    internal static string HashOf(IEnumerable<(string Skill, string Text)> rows) =>
        ContentHash.Hex(Encoding.UTF8.GetBytes(string.Join('\n', rows.OrderBy(row => row.Skill, StringComparer.Ordinal).Select(row => $"{row.Skill}: {row.Text}"))))[..8];

    private static decimal Rounded(decimal value) => Math.Round(value, 2, MidpointRounding.ToEven);

    /// <summary>A number that canonical JSON cannot write leaves the text as it was sent.</summary>
    private static string Hash(JsonElement value)
    {
        try
        {
            return ContentHash.Hex(value);
        }
        catch (CanonicalJsonException)
        {
            return ContentHash.Hex(value.Raw());
        }
    }
}
