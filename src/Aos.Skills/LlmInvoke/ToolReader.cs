using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a call, and says everything that is wrong with them.</summary>
internal static class ToolReader
{
    internal const int ToolsMax = 128;

    private static readonly JsonSchema ToolsShape = JsonSchema.Known(Json.Parse("""
        {
          "type": "array",
          "minItems": 1,
          "maxItems": 128,
          "items": {
            "type": "object",
            "required": ["name", "input_schema"],
            "additionalProperties": false,
            "properties": {
              "name": { "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$" },
              "description": { "type": ["string", "null"] },
              "input_schema": { "type": "object", "required": ["type"], "properties": { "type": { "const": "object" } } }
            }
          }
        }
        """));

    private static readonly JsonSchema ChoiceShape = JsonSchema.Known(Json.Parse("""
        {
          "type": ["string", "object"],
          "if": { "type": "string" },
          "then": { "enum": ["auto", "none", "required"] },
          "else": { "required": ["name"], "additionalProperties": false, "properties": { "name": { "type": "string" } } }
        }
        """));

    internal static (ImmutableArray<Tool> Tools, ToolChoice Choice) Read(LlmInvokeIn input, List<SchemaProblem> problems)
    {
        var tools = Tools(input.Tools, problems);
        if (input.ToolChoice is not { } choice) return (tools, ToolChoice.Auto);
        var wrong = ChoiceShape.Check(choice, "tool_choice");
        problems.AddRange(wrong);
        if (wrong.Count > 0) return (tools, ToolChoice.Auto);
        var read = choice.ValueKind == JsonValueKind.String
            ? choice.GetString() switch { "none" => new ToolChoice(ToolUse.None), "required" => new ToolChoice(ToolUse.Required), _ => ToolChoice.Auto }
            : new ToolChoice(ToolUse.Named, choice.GetText("name"));
        if (input.Tools is null && read.Use is ToolUse.Required or ToolUse.Named)
            problems.Add(new SchemaProblem("tool_choice", "dependentRequired", "asks for a call, though there are no tools"));
        else if (read.Use == ToolUse.Named && !tools.Any(tool => tool.Name == read.Name))
            problems.Add(new SchemaProblem("tool_choice.name", "enum", "is the name of no tool"));
        return (tools, read);
    }

    private static ImmutableArray<Tool> Tools(JsonElement? given, List<SchemaProblem> problems)
    {
        if (given is not { } list) return [];
        var wrong = ToolsShape.Check(list, "tools");
        problems.AddRange(wrong);
        if (wrong.Count > 0) return [];
        var tools = ImmutableArray.CreateBuilder<Tool>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, entry) in list.EnumerateArray().Index())
        {
            var name = entry.GetText("name")!;
            if (!names.Add(name)) problems.Add(new SchemaProblem($"tools[{i}].name", "uniqueItems", "is the name of another tool too"));
            var reading = JsonSchema.Parse(entry.GetProperty("input_schema"), $"tools[{i}].input_schema");
            problems.AddRange(reading.Problems);
            if (reading.Schema is { } schema) tools.Add(new Tool(name, entry.GetText("description"), schema));
        }

        return tools.ToImmutable();
    }
}
