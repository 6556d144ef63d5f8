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
        writer.WriteStartObject("allow");
        WriteNames(writer, "agents", secret.Allowed.Agents);
        WriteNames(writer, "skills", secret.Allowed.Skills);
        writer.WriteEndObject();
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

    /// <summary>Reads <c>allow</c>; what is absent or null keeps nobody out.</summary>
    internal static SecretAllowance Allowance(JsonElement allow, ISkills skills)
    {
        if (allow.ValueKind == JsonValueKind.Null) return SecretAllowance.Everyone;
        if (allow.ValueKind != JsonValueKind.Object || allow.EnumerateObject().Any(member => member.Name is not ("agents" or "skills")))
            throw RefusedException.Wrong("allow is an object with agents, skills, or both.");
        var names = Names(allow, "skills");
        if (names?.FirstOrDefault(name => !skills.Contracts.ContainsKey(name)) is { } unknown)
            throw RefusedException.Wrong($"allow.skills: there is no skill {Asked.Short(unknown)}; aos skills lists them.");
        return new SecretAllowance(Names(allow, "agents"), names);
    }

    private static string[]? Names(JsonElement allow, string member) => allow.Get(member) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : throw Wrong(member)).Distinct(StringComparer.Ordinal)],
        _ => throw Wrong(member),
    };

    private static RefusedException Wrong(string member) => RefusedException.Wrong($"allow.{member} is a list of names.");

    /// <summary>Null: everybody.</summary>
    private static void WriteNames(Utf8JsonWriter writer, string member, IReadOnlyList<string>? names)
    {
        if (names is null) writer.WriteNull(member);
        else SkillWire.WriteTexts(writer, member, names);
    }
}
