using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Endpoints and deliveries as JSON.</summary>
internal static class WebhookWire
{
    internal static void Write(Utf8JsonWriter writer, WebhookEndpoint endpoint)
    {
        writer.WriteStartObject();
        writer.WriteString("id", endpoint.Id);
        writer.WriteString("name", endpoint.Name);
        writer.WriteString("path", $"/webhooks/in/{endpoint.Id}");
        writer.WriteString("secret", endpoint.Secret);
        writer.WriteString("scheme", endpoint.Scheme.ToString().ToLowerInvariant());
        if (endpoint.Forward is { } forward)
        {
            writer.WriteStartObject("forward");
            writer.WriteString("signal", forward.Signal);
            writer.WriteString("run_id", forward.Run?.ToString());
            writer.WriteString("run_field", forward.RunField);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("forward");
        }

        writer.WriteBoolean("enabled", endpoint.IsEnabled);
        writer.WriteNumber("window_seconds", (long)endpoint.Window.TotalSeconds);
        writer.WriteString("created_at", endpoint.CreatedAt.UtcDateTime);
        writer.WriteString("created_by", endpoint.CreatedBy);
        writer.WriteString("updated_at", endpoint.UpdatedAt.UtcDateTime);
        writer.WriteString("updated_by", endpoint.UpdatedBy);
        writer.WriteEndObject();
    }

    /// <summary>What is known of an endpoint, for the record.</summary>
    internal static JsonElement Known(WebhookEndpoint endpoint) => Json.Write(writer => Write(writer, endpoint));

    /// <param name="isWhole">With headers and body, in which members that are named like secrets are hidden.</param>
    internal static void Write(Utf8JsonWriter writer, StoredDelivery delivery, bool isWhole)
    {
        writer.WriteStartObject();
        writer.WriteString("id", delivery.Id);
        writer.WriteString("endpoint_id", delivery.EndpointId);
        writer.WriteString("delivery_id", delivery.DeliveryId);
        writer.WriteString("received_at", delivery.ReceivedAt.UtcDateTime);
        writer.WriteString("content_type", delivery.ContentType);
        writer.WriteNumber("body_size", delivery.BodySize);
        writer.WriteString("body_hash", delivery.BodyHash);
        writer.WriteString("source_ip", delivery.Address);
        writer.WriteString("alertname", delivery.AlertName);
        writer.WriteString("severity", delivery.Severity);
        writer.WriteString("status", delivery.Status);
        writer.WriteNumber("key_version", delivery.KeyVersion);
        writer.WriteStartObject("forwarding");
        writer.WriteString("state", delivery.Forwarding.ToString().ToLowerInvariant());
        writer.WriteString("run_id", delivery.Run?.ToString());
        writer.WriteString("signal", delivery.Signal);
        writer.WriteString("problem", delivery.Problem);
        IdentityWire.WriteTime(writer, "forwarded_at", delivery.ForwardedAt);
        writer.WriteNumber("replays", delivery.Replays);
        writer.WriteEndObject();
        if (isWhole)
        {
            WriteHeaders(writer, delivery.Headers);
            writer.WritePropertyName("body");
            WebhookBody.Write(writer, delivery.Body.Span, isRedacted: true);
        }

        writer.WriteEndObject();
    }

    /// <summary>A delivery as a line of an export.</summary>
    internal static byte[] Line(StoredDelivery delivery)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line)) Write(writer, delivery, isWhole: true);
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    private static void WriteHeaders(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        writer.WriteStartArray("headers");
        foreach (var (name, value) in headers)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("value", value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
