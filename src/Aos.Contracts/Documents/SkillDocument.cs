using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A skill as the document <c>skill_metadata</c>.</summary>
public static class SkillDocument
{
    public static JsonElement Of(SkillDescription skill) => Json.Write(writer =>
    {
        var contract = skill.Contract;
        var again = contract.FailureModes.Select(mode => FailureCatalog.Find(mode.Code)).OfType<FailureEntry>().Where(entry => entry.Retryable).ToList();
        writer.WriteStartObject();
        writer.WriteString("skill_id", contract.Name);
        writer.WriteString("name", contract.Name);
        writer.WriteString("version", contract.Version);
        writer.WriteString("description", contract.Description);
        writer.WritePropertyName("input_schema");
        skill.InputSchema.WriteTo(writer);
        writer.WritePropertyName("output_schema");
        skill.OutputSchema.WriteTo(writer);
        writer.WriteNumber("timeout_ms", (long)contract.TimeoutDefault.TotalMilliseconds);
        writer.WriteStartObject("retry_policy");
        writer.WriteNumber("max_attempts", again.Count == 0 ? 1 : again.Max(entry => entry.RetriesMax) + 1);
        writer.WriteNumber("backoff_ms", again.Count == 0 ? 0 : again.Min(entry => entry.BackoffMs));
        Write(writer, "retry_on", again.Select(entry => entry.Code));
        writer.WriteEndObject();
        writer.WriteNumber("cost_estimate_cents", new Cents(contract.TypicalCents).ToWholeCents());
        Write(writer, "tags", contract.Tags);
        writer.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts.Distinct(StringComparer.Ordinal)) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
