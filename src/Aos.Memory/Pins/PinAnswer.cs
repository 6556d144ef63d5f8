using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What came of a write with an idempotency key, kept to be told again.</summary>
internal static class PinAnswer
{
    internal static JsonElement Of(PinRow row) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("tenant", row.Tenant);
        writer.WriteString("key", row.Key);
        writer.WriteNumber("id", row.Id);
        writer.WriteNumber("version", row.Version);
        writer.WriteString("source", row.Source);
        if (row.TtlSeconds is { } ttl) writer.WriteNumber("ttl_seconds", ttl);
        if (row.ExpiresAt is { } end) writer.WriteNumber("expires_at", end);
        writer.WriteNumber("created_at", row.CreatedAt);
        writer.WriteNumber("updated_at", row.UpdatedAt);
        writer.WriteString("value", row.Value); // As text: it may be nested as deep as a document may be.
        writer.WriteEndObject();
    });

    internal static Pin Read(JsonElement answer) => new PinRow
    {
        Tenant = answer.GetText("tenant")!, Key = answer.GetText("key")!, Id = answer.GetProperty("id").GetInt64(), Version = answer.GetProperty("version").GetInt64(),
        Source = answer.GetText("source")!, TtlSeconds = answer.Get("ttl_seconds")?.GetInt64(), ExpiresAt = answer.Get("expires_at")?.GetInt64(),
        CreatedAt = answer.GetProperty("created_at").GetInt64(), UpdatedAt = answer.GetProperty("updated_at").GetInt64(), Value = answer.GetText("value")!,
    }.ToPin();
}
