using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>An entry of a file.</summary>
/// <param name="Tenant">Null: the caller's own.</param>
/// <param name="Pin">As the import takes it.</param>
/// <param name="Place">Where it stands in the file.</param>
internal sealed record SeedEntry(string? Tenant, JsonElement Pin, string Place);

/// <summary>Reads files of entries: lines, and the two forms that are written by hand.</summary>
internal static class MemorySeed
{
    /// <summary>A line of an export. The tenant that it names is where it came from, not where it goes.</summary>
    internal static SeedEntry Line(string line, int number, string? tenant)
    {
        JsonElement pin;
        try
        {
            pin = Json.Parse(line);
        }
        catch (JsonException e)
        {
            throw new PlanFileException($"line {number} is no valid JSON: {e.Message}");
        }

        return new SeedEntry(tenant, Pin(pin, null, $"line {number}"), $"line {number}");
    }

    /// <param name="tenant">Where all go; null: where each says.</param>
    internal static IEnumerable<SeedEntry> Read(JsonElement file, string? tenant)
    {
        if (file.ValueKind == JsonValueKind.Array) return Pins(file, tenant, "");
        if (file.Get("pins") is { ValueKind: JsonValueKind.Array } pins) return Pins(pins, tenant, "pins");
        if (file.Get("entries") is { ValueKind: JsonValueKind.Array } entries) return entries.EnumerateArray().SelectMany((entry, at) => Group(entry, tenant, $"entries[{at}]"));
        throw new PlanFileException("A seed has pins (a list of entries with key and value) or entries (groups with pins by key).");
    }

    private static IEnumerable<SeedEntry> Pins(JsonElement list, string? tenant, string name) =>
        list.EnumerateArray().Select((pin, at) => new SeedEntry(tenant ?? pin.GetText("tenant_id"), Pin(pin, null, $"{name}[{at}]"), $"{name}[{at}]"));

    private static IEnumerable<SeedEntry> Group(JsonElement group, string? tenant, string place)
    {
        if (group.Get("pins") is not { ValueKind: JsonValueKind.Object } pins) throw new PlanFileException($"{place}.pins is an object: values by key.");
        foreach (var pin in pins.EnumerateObject())
        {
            var entry = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("key", pin.Name);
                writer.WritePropertyName("value");
                pin.Value.WriteTo(writer);
                writer.WriteEndObject();
            });
            yield return new SeedEntry(tenant ?? group.GetText("tenant_id"), Pin(entry, group, $"{place}.pins"), $"{place}.pins {pin.Name}");
        }
    }

    /// <summary>What the import takes of an entry; source and time to live also from the group it stands in.</summary>
    private static JsonElement Pin(JsonElement pin, JsonElement? group, string place)
    {
        if (pin.ValueKind != JsonValueKind.Object || pin.GetText("key") is null || pin.Get("value") is null) throw new PlanFileException($"{place} is an object with key and value.");
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var name in new[] { "key", "value", "source", "ttl_seconds" })
            {
                if ((pin.Get(name) ?? group?.Get(name)) is not { ValueKind: not JsonValueKind.Null } member) continue;
                writer.WritePropertyName(name);
                member.WriteTo(writer);
            }

            writer.WriteEndObject();
        });
    }
}
