using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// The step <c>skill: agent_invoke</c>: an agent loop in a child run of its own. It is read as the child run that it is, so that share of the
/// budget, permissions, external calls, kill switches, cancellation and replay are those of every child run.
/// </summary>
internal static class InvokedAgent
{
    /// <summary>The only step of the child's plan.</summary>
    private const string Step = "agent";

    /// <summary>Members whose texts are templates of the outer plan: they are filled there and come in as inputs.</summary>
    private static readonly string[] Filled = ["goal", "system"];

    private static readonly string[] Parameters =
        ["goal", "skills", "system", "model", "max_tokens", "max_turns", "max_cost_cents", "approve", "approval", "output_schema"];

    /// <summary>The child's plan, and the template of its inputs.</summary>
    internal static (JsonElement Plan, JsonElement Inputs) Child(JsonElement parameters) =>
        (Json.Write(writer => WritePlan(writer, parameters)), Json.Write(writer => WriteInputs(writer, parameters)));

    /// <summary>Tells what is wrong, where the author wrote it.</summary>
    internal static void Tell(PlanReading reading, PlanReport report, string path)
    {
        foreach (var problem in reading.Problems) report.Problem(At(problem.Path), problem.Code, problem.Message, problem.Suggestion);
        foreach (var warning in reading.Warnings) report.Warn(At(warning.Path), warning.Code, warning.Message, warning.Suggestion);
        foreach (var ask in reading.Asks) report.Asks.Add(ask with { Path = At(ask.Path) });

        string At(string inner)
        {
            const string clause = $"steps[0].{Step}";
            return inner.StartsWith(clause, StringComparison.Ordinal) ? $"{path}.params{inner[clause.Length..]}" : $"{path}.params";
        }
    }

    /// <summary>What it does not take, told as for every skill.</summary>
    internal static void Unknown(JsonElement parameters, string path, bool strict, PlanReport report) =>
        report.Unknown(parameters, $"{path}.params", strict, Parameters);

    private static bool IsFilled(string name, JsonElement value) =>
        Filled.Contains(name) && value.ValueKind == JsonValueKind.String && Template.HasExpressions(value);

    private static void WritePlan(Utf8JsonWriter writer, JsonElement parameters)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("steps");
        writer.WriteStartObject();
        writer.WriteString("id", Step);
        writer.WriteStartObject(Step);
        foreach (var member in parameters.EnumerateObject())
        {
            if (!Parameters.Contains(member.Name)) continue;
            if (IsFilled(member.Name, member.Value)) writer.WriteString(member.Name, $"${{{{ inputs.{member.Name} }}}}");
            else member.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteString("output", $"${{{{ steps.{Step}.result }}}}");
        writer.WriteEndObject();
    }

    private static void WriteInputs(Utf8JsonWriter writer, JsonElement parameters)
    {
        writer.WriteStartObject();
        foreach (var name in Filled)
        {
            if (parameters.Get(name) is { } value && IsFilled(name, value)) writer.WriteString(name, value.GetString());
        }

        writer.WriteEndObject();
    }
}
