using System.Buffers;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>The stored form of an entry: the bytes that are hashed.</summary>
internal static class AuditForm
{
    internal static byte[] Write(AuditEntry e)
    {
        var buffer = new ArrayBufferWriter<byte>(384);
        using (var w = new Utf8JsonWriter(buffer))
        {
            w.WriteStartObject();
            w.WriteString("at"u8, e.At.UtcDateTime);
            w.WriteString("tenant"u8, e.Tenant.Value);
            w.WriteString("subject"u8, e.Subject);
            w.WriteString("resource"u8, e.Resource);
            w.WriteString("action"u8, e.Action);
            w.WriteBoolean("allowed"u8, e.IsAllowed);
            w.WriteString("reason"u8, e.Reason);
            w.WriteStartArray("roles"u8);
            foreach (var role in e.Roles) w.WriteStringValue(role);
            w.WriteEndArray();
            w.WriteString("method"u8, e.Method);
            w.WriteString("path"u8, e.Path);
            w.WriteNumber("status"u8, e.Status);
            w.WriteString("request"u8, e.RequestId);
            if (e.Address is not null) w.WriteString("address"u8, e.Address);
            if (e.Policy is not null) w.WriteString("policy"u8, e.Policy);
            if (e.Before is not null) w.WriteString("before"u8, e.Before);
            if (e.After is not null) w.WriteString("after"u8, e.After);
            w.WriteNumber("latency_ticks"u8, e.Latency.Ticks);
            w.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static AuditEntry Read(byte[] body)
    {
        var value = JsonElement.Parse(body);
        return new AuditEntry(
            new TenantId(value.GetText("tenant")!), value.GetText("subject")!, value.GetText("resource")!, value.GetText("action")!, value.GetProperty("allowed").GetBoolean(), value.GetText("reason")!)
        {
            At = value.GetProperty("at").GetDateTimeOffset(),
            Roles = [.. value.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!)],
            Method = value.GetText("method")!,
            Path = value.GetText("path")!,
            Status = value.GetProperty("status").GetInt32(),
            RequestId = value.GetText("request")!,
            Address = value.GetText("address"),
            Policy = value.GetText("policy"),
            Before = value.GetText("before"),
            After = value.GetText("after"),
            Latency = TimeSpan.FromTicks(value.GetProperty("latency_ticks").GetInt64()),
        };
    }
}
