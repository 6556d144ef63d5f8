using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Who may use a secret or a connection, as JSON.</summary>
internal static class AllowanceWire
{
    internal static void Write(Utf8JsonWriter writer, Allowance allowed)
    {
        writer.WriteStartObject("allow");
        WriteNames(writer, "agents", allowed.Agents);
        WriteNames(writer, "skills", allowed.Skills);
        writer.WriteEndObject();
    }

    /// <summary>Reads <c>allow</c>; what is absent or null keeps nobody out.</summary>
    internal static Allowance Read(JsonElement allow, ISkills skills)
    {
        if (allow.ValueKind == JsonValueKind.Null) return Allowance.Everyone;
        if (allow.ValueKind != JsonValueKind.Object || allow.EnumerateObject().Any(member => member.Name is not ("agents" or "skills")))
            throw RefusedException.Wrong("allow is an object with agents, skills, or both.");
        var names = Names(allow, "skills");
        if (names?.FirstOrDefault(name => !skills.Contracts.ContainsKey(name)) is { } unknown)
            throw RefusedException.Wrong($"allow.skills: there is no skill {Asked.Short(unknown)}; aos skills lists them.");
        return new Allowance(Names(allow, "agents"), names);
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
