using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A call of an execution, as far as drift looks at it.</summary>
/// <param name="Index">From 0.</param>
public sealed record ExecutedStep(int Index, string Skill, JsonElement Params)
{
    /// <summary>Null: there is none.</summary>
    public JsonElement? Result { get; init; }

    public string Status { get; init; } = "completed";

    /// <summary>Not compared.</summary>
    public double DurationMs { get; init; }

    /// <summary>Not compared. RFC 3339, or null.</summary>
    public string? Timestamp { get; init; }
}

/// <summary>What an execution did, to be compared with another of the same work: one without memory, one with it.</summary>
/// <param name="FinalState">An object.</param>
public sealed record ExecutionTrace(string WorkflowId, ImmutableArray<ExecutedStep> Steps, JsonElement FinalState)
{
    /// <summary>Not part of what is compared.</summary>
    public string? AgentId { get; init; }

    public bool MemoryEnabled { get; init; }

    /// <summary>What the execution was given to remember; not compared.</summary>
    public JsonElement? MemoryContext { get; init; }

    public JsonElement Metadata { get; init; } = Json.EmptyObject;

    /// <summary>16 hex digits of SHA-256 over the canonical JSON of what is compared.</summary>
    /// <param name="ignored">Names of members that are left out at any depth.</param>
    public string Hash(IReadOnlySet<string> ignored) => ContentHash.Short(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("workflow_id", WorkflowId);
        writer.WriteStartArray("steps");
        foreach (var step in Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("skill", step.Skill);
            writer.WritePropertyName("params");
            Write(writer, step.Params, ignored);
            writer.WritePropertyName("result");
            Write(writer, step.Result ?? Json.Null, ignored);
            writer.WriteString("status", step.Status);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WritePropertyName("final_state");
        Write(writer, FinalState, ignored);
        writer.WriteEndObject();
    }));

    private static void Write(Utf8JsonWriter writer, JsonElement value, IReadOnlySet<string> ignored)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().Where(member => !ignored.Contains(member.Name)))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, ignored);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item, ignored);
                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
