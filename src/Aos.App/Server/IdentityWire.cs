using System.Text.Json;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>Callers, keys and decisions as JSON.</summary>
internal static class IdentityWire
{
    /// <summary>What somebody was given: roles, scopes (null: not narrowed), tier, agent, and whether they are of the house.</summary>
    internal static void WriteGrants(Utf8JsonWriter writer, IEnumerable<string> roles, ScopeSet? scopes, string tier, string? agent, bool isHouse)
    {
        SkillWire.WriteTexts(writer, "roles", roles);
        if (scopes is null) writer.WriteNull("scopes");
        else SkillWire.WriteTexts(writer, "scopes", scopes.Scopes.Select(scope => scope.ToString()));
        writer.WriteString("tier", tier);
        writer.WriteString("agent_id", agent);
        writer.WriteBoolean("is_house", isHouse);
    }

    /// <param name="reset">Unix seconds at which the limit is whole again.</param>
    internal static void WriteQuota(Utf8JsonWriter writer, RequestQuota quota, long reset)
    {
        writer.WriteStartObject();
        writer.WriteNumber("limit", quota.Limit);
        writer.WriteNumber("remaining", quota.Remaining);
        writer.WriteNumber("reset", reset);
        writer.WriteEndObject();
    }

    internal static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } at) writer.WriteString(name, at.UtcDateTime);
        else writer.WriteNull(name);
    }

    internal static void WriteReload(Utf8JsonWriter writer, RbacReload reload)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("success", true);
        writer.WriteString("message", reload.PreviousHash == reload.NewHash ? "The policy is the same as before." : "The policy is in force.");
        writer.WriteString("previous_hash", reload.PreviousHash);
        writer.WriteString("new_hash", reload.NewHash);
        writer.WriteString("timestamp", reload.At.UtcDateTime);
        writer.WriteEndObject();
    }
}
