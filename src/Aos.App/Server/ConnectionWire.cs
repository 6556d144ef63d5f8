using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Connections as JSON. Their settings hold references to secrets and no value of one.</summary>
internal static class ConnectionWire
{
    internal static void Write(Utf8JsonWriter writer, Connection connection)
    {
        writer.WriteStartObject();
        writer.WriteString("name", connection.Name);
        writer.WriteString("tenant_id", connection.Tenant.Value);
        writer.WriteNumber("version", connection.Version);
        writer.WriteString("kind", connection.Kind);
        writer.WritePropertyName("settings");
        connection.Settings.WriteTo(writer);
        AllowanceWire.Write(writer, connection.Allowed);
        writer.WriteString("created_at", connection.CreatedAt.UtcDateTime);
        writer.WriteString("created_by", connection.CreatedBy);
        writer.WriteString("updated_at", connection.UpdatedAt.UtcDateTime);
        writer.WriteString("updated_by", connection.UpdatedBy);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, Connection connection, ConnectionTest test)
    {
        writer.WriteStartObject();
        writer.WriteString("name", connection.Name);
        writer.WriteNumber("version", test.Version);
        writer.WriteString("kind", connection.Kind);
        writer.WriteBoolean("ok", test.Failure is null);
        writer.WriteNumber("latency_ms", (long)test.Latency.TotalMilliseconds);
        SkillWire.WriteTexts(writer, "checked", test.Checked);
        if (test.Failure is { } failure)
        {
            writer.WritePropertyName("error");
            RunWire.WriteFailure(writer, failure);
        }

        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, IReadOnlyList<ConnectionProblem> problems)
    {
        writer.WriteStartArray("connection_problems");
        foreach (var problem in problems)
        {
            writer.WriteStartObject();
            writer.WriteString("path", problem.Path);
            writer.WriteString("code", problem.Code);
            writer.WriteString("reason", problem.Reason);
            writer.WriteString("message", problem.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
