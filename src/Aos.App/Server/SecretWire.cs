using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Secrets as JSON, without their values.</summary>
internal static class SecretWire
{
    internal static void Write(Utf8JsonWriter writer, Secret secret)
    {
        writer.WriteStartObject();
        writer.WriteString("name", secret.Name);
        writer.WriteString("tenant_id", secret.Tenant.Value);
        writer.WriteNumber("version", secret.Version);
        writer.WriteString("fingerprint", secret.Fingerprint);
        AllowanceWire.Write(writer, secret.Allowed);
        writer.WriteString("created_at", secret.CreatedAt.UtcDateTime);
        writer.WriteString("created_by", secret.CreatedBy);
        writer.WriteString("updated_at", secret.UpdatedAt.UtcDateTime);
        writer.WriteString("updated_by", secret.UpdatedBy);
        IdentityWire.WriteTime(writer, "rotated_at", secret.RotatedAt);
        IdentityWire.WriteTime(writer, "former_until", secret.FormerUntil);
        IdentityWire.WriteTime(writer, "expires_at", secret.ExpiresAt);
        IdentityWire.WriteTime(writer, "last_used_at", secret.LastUsedAt);
        writer.WriteEndObject();
    }
}
