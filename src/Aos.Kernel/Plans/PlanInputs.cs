using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// What a plan asks of its caller: a schema per input name. An input is required unless its schema has a
/// <c>default</c>; one the plan does not declare is refused.
/// </summary>
public sealed class PlanInputs
{
    private readonly ImmutableArray<(string Name, JsonSchema Schema, JsonElement? Default)> declared;

    private PlanInputs(ImmutableArray<(string, JsonSchema, JsonElement?)> declared) => this.declared = declared;

    /// <summary>The inputs with their defaults, or the problems, each with a path such as <c>inputs.month</c>.</summary>
    public (JsonElement Inputs, IReadOnlyList<SchemaProblem> Problems) Take(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Null) given = Json.EmptyObject;
        if (given.ValueKind != JsonValueKind.Object) return (given, [new SchemaProblem("inputs", "type", "must be an object: a value per input")]);
        var problems = new List<SchemaProblem>();
        var absent = false;
        foreach (var (name, schema, otherwise) in declared)
        {
            if (given.TryGetProperty(name, out var value)) problems.AddRange(schema.Check(value, Path(name)));
            else if (otherwise is not null) absent = true;
            else problems.Add(new SchemaProblem(Path(name), "required", "is missing"));
        }

        foreach (var member in given.EnumerateObject())
        {
            if (declared.Any(one => one.Name == member.Name)) continue;
            var near = Nearest.To(member.Name, [.. declared.Select(one => one.Name)]);
            problems.Add(new SchemaProblem(Path(member.Name), "additionalProperties", $"is no input of this plan{(near is null ? "" : $"; did you mean {near}?")}"));
        }

        return (absent && problems.Count == 0 ? Complete(given) : given, problems);
    }

    /// <summary>Reads the <c>inputs</c> of a plan; null: it declares none, or they are wrong and reported.</summary>
    internal static PlanInputs? Read(JsonElement? inputs, PlanReport report)
    {
        if (inputs is not { ValueKind: not JsonValueKind.Null } map) return null;
        if (map.ValueKind != JsonValueKind.Object)
        {
            report.Problem("inputs", "INVALID_PLAN", "inputs must be an object: a JSON Schema per input name.", "{\"month\": {\"type\": \"string\"}}");
            return null;
        }

        var declared = ImmutableArray.CreateBuilder<(string, JsonSchema, JsonElement?)>();
        foreach (var member in map.EnumerateObject())
        {
            var reading = JsonSchema.Parse(member.Value, Path(member.Name));
            foreach (var problem in reading.Problems) report.Problem(problem.Path, "INVALID_PLAN", problem.ToString());
            if (reading.Schema is null) continue;
            var otherwise = member.Value.Get("default");
            if (otherwise is { } value)
            {
                foreach (var problem in reading.Schema.Check(value, $"{Path(member.Name)}.default")) report.Problem(problem.Path, "INVALID_PLAN", problem.ToString());
            }

            declared.Add((member.Name, reading.Schema, otherwise));
        }

        return new PlanInputs(declared.ToImmutable());
    }

    private static string Path(string name) => SchemaPath.Of("inputs", [(name, 0)]);

    private JsonElement Complete(JsonElement given) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in given.EnumerateObject()) member.WriteTo(writer);
        foreach (var (name, _, otherwise) in declared)
        {
            if (otherwise is not { } value || given.TryGetProperty(name, out _)) continue;
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    });
}
