using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A skill as clients read it: the registry's contract under every name a client knows its parts by.</summary>
internal static class SkillWire
{
    /// <param name="versions">All that are here, newest first.</param>
    internal static void Write(Utf8JsonWriter writer, SkillDescription skill, IEnumerable<string> versions)
    {
        var contract = skill.Contract;
        writer.WriteStartObject();
        foreach (var name in new[] { "skill_id", "id", "name" }) writer.WriteString(name, contract.Name);
        writer.WriteString("version", contract.Version);
        WriteTexts(writer, "versions", versions);
        writer.WriteString("description", contract.Description);
        writer.WriteString("effect_class", Effect(contract.Effect));
        foreach (var name in new[] { "inputs_schema", "params_schema" }) Write(writer, name, skill.InputSchema);
        foreach (var name in new[] { "outputs_schema", "return_schema" }) Write(writer, name, skill.OutputSchema);
        WriteCost(writer, contract);
        writer.WriteNumber("latency_ms", contract.TypicalLatencyMs);
        writer.WriteNumber("avg_latency_ms", contract.TypicalLatencyMs);
        WriteFailureModes(writer, contract);
        WriteConstraints(writer, contract);
        writer.WriteStartObject("composition_hints");
        WriteTexts(writer, "often_followed_by", contract.OftenFollowedBy);
        WriteTexts(writer, "often_preceded_by", contract.OftenPrecededBy);
        WriteTexts(writer, "anti_patterns", contract.AntiPatterns);
        writer.WriteEndObject();
        writer.WriteStartObject("stable_fields");
        foreach (var field in contract.StableFields) writer.WriteString(field, "deterministic");
        writer.WriteEndObject();
        WriteTexts(writer, "tags", contract.Tags);
        writer.WriteEndObject();
    }

    /// <summary>The short form of catalogues: name, version, description, tags, input schema.</summary>
    internal static void WriteManifest(Utf8JsonWriter writer, SkillDescription skill)
    {
        writer.WriteStartObject();
        writer.WriteString("name", skill.Contract.Name);
        writer.WriteString("version", skill.Contract.Version);
        writer.WriteString("description", skill.Contract.Description);
        WriteTexts(writer, "tags", skill.Contract.Tags);
        Write(writer, "input_schema", skill.InputSchema);
        writer.WriteEndObject();
    }

    internal static IEnumerable<SkillDescription> Ordered(ISkills skills) =>
        skills.All.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value);

    /// <summary>Names of the skills an agent may use; null: of all.</summary>
    internal static IEnumerable<string> Names(ISkills skills, Agent? agent) =>
        Ordered(skills).Select(skill => skill.Contract.Name).Where(name => agent?.May(name) ?? true);

    /// <summary>Whole cents of a typical call.</summary>
    internal static long TypicalCents(SkillContract contract) => new Cents(Math.Max(contract.TypicalCents, contract.Cost.BaseCents)).ToWholeCents();

    internal static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static void WriteCost(Utf8JsonWriter writer, SkillContract contract)
    {
        var typical = Math.Max(contract.TypicalCents, contract.Cost.BaseCents);
        writer.WriteNumber("cost_estimate_cents", TypicalCents(contract));
        writer.WriteStartObject("cost_model");
        writer.WriteNumber("base_cents", typical);
        writer.WriteNumber("fixed_cents", contract.Cost.BaseCents);
        writer.WriteNumber("per_kb_cents", contract.Cost.CentsPerKb);
        writer.WriteNumber("variable_cents_per_unit", contract.Cost.CentsPerKb);
        writer.WriteString("unit", "kB");
        if (contract.Cost.ModelDefault is { } model) writer.WriteString("model_default", model);
        if (contract.Cost.Prices.Count > 0)
        {
            writer.WriteStartObject("cents_per_million_tokens");
            foreach (var (name, price) in contract.Cost.Prices)
            {
                writer.WriteStartObject(name);
                writer.WriteNumber("input", price.InputCentsPerMillion);
                writer.WriteNumber("output", price.OutputCentsPerMillion);
                if (price.CacheWriteCentsPerMillion is { } write) writer.WriteNumber("cache_write", write);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteFailureModes(Utf8JsonWriter writer, SkillContract contract)
    {
        writer.WriteStartArray("failure_modes");
        foreach (var mode in contract.FailureModes)
        {
            var entry = FailureCatalog.Find(mode.Code);
            writer.WriteStartObject();
            writer.WriteString("code", mode.Code);
            writer.WriteString("category", (entry?.Category ?? FailureCategory.Skill).ToString().ToUpperInvariant());
            writer.WriteNumber("probability", mode.Probability);
            writer.WriteString("description", mode.Description);
            writer.WriteBoolean("retryable", entry?.Retryable ?? false);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteConstraints(Utf8JsonWriter writer, SkillContract contract)
    {
        writer.WriteStartObject("constraints");
        foreach (var (name, value) in contract.Constraints) Write(writer, name, value);
        if (!contract.Constraints.ContainsKey("max_input_size_bytes")) writer.WriteNumber("max_input_size_bytes", contract.InputBytesMax);
        writer.WriteEndObject();
        writer.WriteStartObject("limits");
        writer.WriteNumber("input_bytes_max", contract.InputBytesMax);
        writer.WriteNumber("output_bytes_max", contract.OutputBytesMax);
        writer.WriteNumber("timeout_ms_default", (long)contract.TimeoutDefault.TotalMilliseconds);
        writer.WriteEndObject();
    }

    private static string Effect(EffectClass effect) => effect switch
    {
        EffectClass.Pure => "pure",
        EffectClass.Idempotent => "idempotent",
        EffectClass.Reconcilable => "reconcilable",
        _ => "at_most_once",
    };

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
