using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>The failure catalog as the document <c>failure_catalog</c>.</summary>
public static class CatalogDocument
{
    /// <summary>Version of the catalog's content.</summary>
    public const string Version = "2.0.0";

    public static JsonElement Of() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("version", Version);
        writer.WriteStartObject("categories");
        foreach (var category in Enum.GetValues<FailureCategory>()) WriteCategory(writer, category);
        writer.WriteEndObject();
        writer.WriteStartObject("errors");
        foreach (var entry in FailureCatalog.All) WriteError(writer, entry);
        writer.WriteEndObject();
        writer.WriteStartObject("recovery_modes");
        WriteMode(writer, "RETRY_EXPONENTIAL", "Tried again after a delay that doubles, with a jitter of a tenth.", 3, 1_000, 3_600_000);
        WriteMode(writer, "ABORT", "Not tried again: the plan's on_error decides.", 0, 0, 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static void WriteCategory(Utf8JsonWriter writer, FailureCategory category)
    {
        var entries = FailureCatalog.All.Where(entry => entry.Category == category).ToList();
        var retryable = entries.Count > 0 && entries.Count(entry => entry.Retryable) * 2 > entries.Count;
        writer.WriteStartObject(Name(category));
        writer.WriteString("name", Name(category));
        writer.WriteString("description", Meaning(category));
        writer.WriteBoolean("is_retryable", retryable);
        writer.WriteString("default_recovery", retryable ? "RETRY_EXPONENTIAL" : "ABORT");
        writer.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter writer, FailureEntry entry)
    {
        writer.WriteStartObject(entry.Code);
        writer.WriteString("code", entry.Code);
        writer.WriteString("category", Name(entry.Category));
        writer.WriteString("message", entry.Meaning);
        writer.WriteString("severity", Severity(entry));
        writer.WriteBoolean("is_retryable", entry.Retryable);
        writer.WriteString("recovery_mode", entry.Retryable ? "RETRY_EXPONENTIAL" : "ABORT");
        writer.WriteStartArray("recovery_suggestions");
        writer.WriteStringValue(entry.Advice);
        writer.WriteEndArray();
        writer.WriteNumber("http_status", entry.HttpStatus);
        writer.WriteStartArray("aliases");
        foreach (var alias in entry.Aliases) writer.WriteStringValue(alias);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteMode(Utf8JsonWriter writer, string name, string description, int retries, int delay, int most)
    {
        writer.WriteStartObject(name);
        writer.WriteString("name", name);
        writer.WriteString("description", description);
        writer.WriteString("strategy", name);
        writer.WriteStartObject("config");
        writer.WriteNumber("max_retries", retries);
        writer.WriteNumber("base_delay_ms", delay);
        writer.WriteNumber("max_delay_ms", most);
        writer.WriteNumber("jitter_factor", retries > 0 ? 0.1m : 0m);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string Name(FailureCategory category) => category.ToString().ToUpperInvariant();

    /// <summary>What passes by itself is low; what threatens data or trust is critical.</summary>
    private static string Severity(FailureEntry entry) => entry.Category switch
    {
        FailureCategory.Security or FailureCategory.Data when entry.HttpStatus >= 500 || entry.Category == FailureCategory.Security => "CRITICAL",
        FailureCategory.Infrastructure or FailureCategory.Checkpoint => "HIGH",
        FailureCategory.Transient => "LOW",
        _ => entry.Retryable ? "LOW" : "MEDIUM",
    };

    private static string Meaning(FailureCategory category) => category switch
    {
        FailureCategory.Transient => "Passes by itself.",
        FailureCategory.Permanent => "The same call fails again.",
        FailureCategory.Resource => "A limit or a budget is reached.",
        FailureCategory.Permission => "The caller may not do that.",
        FailureCategory.Validation => "What was given is not accepted.",
        FailureCategory.Infrastructure => "AOS or its store cannot work now.",
        FailureCategory.Planner => "No plan came out, or none that may run.",
        FailureCategory.Skill => "The skill could not do its work.",
        FailureCategory.Data => "Data is missing or damaged.",
        FailureCategory.Security => "Somebody tried what is forbidden, or content was changed.",
        _ => "A saved state could not be used.",
    };
}
