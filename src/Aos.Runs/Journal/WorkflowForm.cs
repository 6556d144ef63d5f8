using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored form of the workflows that a run pins: its own, and those its plan refers to with their plans.</summary>
internal static class WorkflowForm
{
    internal static void Write(Utf8JsonWriter w, ReadOnlySpan<byte> name, WorkflowPin pin)
    {
        w.WriteStartObject(name);
        Members(w, pin);
        w.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter w, ImmutableSortedDictionary<string, LinkedWorkflow> workflows)
    {
        w.WriteStartObject("workflows"u8);
        foreach (var (reference, linked) in workflows)
        {
            w.WriteStartObject(reference);
            Members(w, linked.Pin);
            w.WritePropertyName("plan"u8);
            linked.Plan.WriteTo(w);
            w.WriteEndObject();
        }

        w.WriteEndObject();
    }

    internal static WorkflowPin? Pin(JsonElement? value) => value is { } data
        ? new WorkflowPin(data.GetProperty("name").GetString()!, data.GetProperty("version").GetString()!, data.GetProperty("hash").GetString()!)
        : null;

    /// <summary>Of the start of a run.</summary>
    internal static WorkflowLinks Links(JsonElement data) => new()
    {
        Self = Pin(data.Get("workflow")),
        Found = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, (data.Get("workflows") ?? Json.EmptyObject).EnumerateObject()
            .Select(member => KeyValuePair.Create(member.Name, new LinkedWorkflow(Pin(member.Value)!, member.Value.GetProperty("plan"))))),
    };

    private static void Members(Utf8JsonWriter w, WorkflowPin pin)
    {
        w.WriteString("name"u8, pin.Name);
        w.WriteString("version"u8, pin.Version);
        w.WriteString("hash"u8, pin.Hash);
    }
}
