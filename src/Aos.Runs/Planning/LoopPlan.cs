using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// The plan of an agent that plans nothing beforehand: one agent step with all the skills it may use. The goal stands in an input, so
/// that nothing in it is taken for a template.
/// </summary>
internal static class LoopPlan
{
    /// <summary>Name of the planner in an agent's settings and in the labels of its runs.</summary>
    internal const string Planner = "agent_loop";

    internal static PlannerMetadata Metadata(Agent agent) => new(Planner, "1.0.0") { Model = agent.Settings.Model, Deterministic = true };

    /// <summary>Skills its model may call: a model that asks another one gains nothing by it.</summary>
    internal static IReadOnlyList<string> Tools(Agent agent, IEnumerable<string> skills) =>
        [.. skills.Where(skill => skill is not (AgentClause.Model or AgentClause.Invoke) && agent.May(skill)).Order(StringComparer.Ordinal)];

    internal static JsonElement Of(Agent agent, string goal, IEnumerable<string> tools) => Json.Write(writer =>
    {
        var settings = agent.Settings;
        writer.WriteStartObject();
        writer.WriteString("name", "goal");
        writer.WriteString("goal", goal);
        writer.WriteStartObject("inputs");
        writer.WriteStartObject("goal");
        writer.WriteString("type", "string");
        writer.WriteString("default", goal);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartArray("steps");
        writer.WriteStartObject();
        writer.WriteString("id", "s1");
        writer.WriteStartObject("agent");
        writer.WriteString("goal", "${{ inputs.goal }}");
        writer.WriteStartArray("skills");
        foreach (var tool in tools) writer.WriteStringValue(tool);
        writer.WriteEndArray();
        if (settings.Model is { } model) writer.WriteString("model", model);
        if (settings.PlannerTokens is { } tokens) writer.WriteNumber("max_tokens", tokens);
        if (settings.StepsMax is { } turns) writer.WriteNumber("max_turns", turns);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
