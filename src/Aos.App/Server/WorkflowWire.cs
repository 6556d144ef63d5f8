using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Workflows as clients read them.</summary>
internal static class WorkflowWire
{
    internal static void Write(Utf8JsonWriter writer, WorkflowPin pin)
    {
        writer.WriteStartObject();
        writer.WriteString("name", pin.Name);
        writer.WriteString("version", pin.Version);
        writer.WriteString("plan_hash", pin.Hash);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, Workflow workflow)
    {
        writer.WriteStartObject();
        writer.WriteString("name", workflow.Name);
        if (workflow.Description is { } description) writer.WriteString("description", description);
        writer.WriteStartArray("tags");
        foreach (var tag in workflow.Tags) writer.WriteStringValue(tag);
        writer.WriteEndArray();
        writer.WriteString("version", workflow.Newest);
        writer.WriteString("plan_hash", workflow.Hash);
        writer.WriteNumber("versions", workflow.Versions);
        writer.WriteBoolean("deprecated", workflow.IsDeprecated);
        writer.WriteString("created_at", workflow.CreatedAt.UtcDateTime);
        writer.WriteString("updated_at", workflow.UpdatedAt.UtcDateTime);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, WorkflowVersion version, bool? isNew = null)
    {
        writer.WriteStartObject();
        writer.WriteString("name", version.Pin.Name);
        writer.WriteString("version", version.Pin.Version);
        writer.WriteString("workflow_id", version.Pin.Id);
        writer.WriteString("plan_hash", version.Pin.Hash);
        writer.WriteNumber("bytes", version.Bytes);
        writer.WriteString("created_at", version.CreatedAt.UtcDateTime);
        writer.WriteString("created_by", version.CreatedBy);
        writer.WriteBoolean("deprecated", version.Deprecated is not null);
        if (version.Deprecated is { } deprecation)
        {
            writer.WriteString("deprecated_at", deprecation.At.UtcDateTime);
            writer.WriteString("deprecated_by", deprecation.By);
            if (deprecation.Message is { } message) writer.WriteString("message", message);
        }

        if (isNew is { } made) writer.WriteBoolean("created", made);
        if (version.Plan is { } plan)
        {
            writer.WriteStartArray("references");
            foreach (var reference in WorkflowLinks.ReferencesIn(plan)) writer.WriteStringValue(reference);
            writer.WriteEndArray();
            writer.WritePropertyName("plan");
            plan.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    /// <summary>What is known of a version for the record: not its plan, whose hash says enough.</summary>
    internal static JsonElement Known(WorkflowVersion version) => Json.Write(writer => Write(writer, version with { Plan = null }));

    internal static PlanProblem Remark(WorkflowPin pin, WorkflowDeprecation deprecation) => new(
        "workflow_id", "WORKFLOW_DEPRECATED", $"{pin.Id} is deprecated{(deprecation.Message is { } message ? $": {message}" : "")}.");
}
