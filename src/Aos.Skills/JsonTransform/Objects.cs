using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Operations on objects.</summary>
internal static class Objects
{
    /// <summary>The named members in the order they are asked for; absent ones are left out.</summary>
    internal static JsonElement Pick(JsonElement data, IReadOnlyList<string> keys)
    {
        Demand(data, "pick");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var key in keys.Distinct(StringComparer.Ordinal))
            {
                if (data.Get(key) is not { } value) continue;
                writer.WritePropertyName(key);
                value.WriteTo(writer);
            }

            writer.WriteEndObject();
        });
    }

    internal static JsonElement Omit(JsonElement data, IReadOnlyList<string> keys)
    {
        Demand(data, "omit");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in data.EnumerateObject().Where(member => !keys.Contains(member.Name, StringComparer.Ordinal))) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    /// <summary>Both objects in one, not deep; where both have a member the second one's stays.</summary>
    internal static JsonElement Merge(JsonElement data, JsonElement with)
    {
        Demand(data, "merge");
        Demand(with, "merge_with of merge");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in data.EnumerateObject().Where(member => with.Get(member.Name) is null)) member.WriteTo(writer);
            foreach (var member in with.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    private static void Demand(JsonElement value, string what)
    {
        if (value.ValueKind != JsonValueKind.Object) throw TransformException.Shape($"{what} takes an object.");
    }
}
