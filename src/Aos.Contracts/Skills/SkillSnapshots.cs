using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>The contracts of skills as a document that is kept and compared (<see cref="ContractDiffs"/>).</summary>
public static class SkillSnapshots
{
    private const int Format = 1;

    /// <summary>All versions of all skills, by name, newest first.</summary>
    public static JsonElement Of(ISkills skills) =>
        Of(skills.Terms.Keys.Order(StringComparer.Ordinal).SelectMany(skills.Versions));

    /// <summary>Whether a document is one that can be compared.</summary>
    public static bool IsOne(JsonElement document) =>
        document.Get("format") is { ValueKind: JsonValueKind.Number } format && format.TryGetInt32(out var number) && number == Format
        && document.Get("skills") is { ValueKind: JsonValueKind.Array } skills && skills.EnumerateArray().All(IsSkill);

    public static JsonElement Of(IEnumerable<SkillDescription> skills) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("format", Format);
        writer.WriteStartArray("skills");
        foreach (var skill in skills) Write(writer, skill);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static bool IsSkill(JsonElement skill) =>
        skill.GetText("name") is not null && SemanticVersion.Read(skill.GetText("version") ?? "") is not null && skill.Get("contract") is { ValueKind: JsonValueKind.Object }
        && skill.Get("input_schema") is not null && skill.Get("output_schema") is not null;

    private static void Write(Utf8JsonWriter writer, SkillDescription skill)
    {
        writer.WriteStartObject();
        writer.WriteString("name", skill.Contract.Name);
        writer.WriteString("version", skill.Contract.Version);
        writer.WriteString("input_hash", ContentHash.Hex(skill.InputSchema));
        writer.WriteString("output_hash", ContentHash.Hex(skill.OutputSchema));
        writer.WriteStartObject("contract");
        WriteContract(writer, skill.Contract);
        writer.WriteEndObject();
        writer.WritePropertyName("input_schema");
        skill.InputSchema.WriteTo(writer);
        writer.WritePropertyName("output_schema");
        skill.OutputSchema.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static void WriteContract(Utf8JsonWriter writer, SkillContract contract)
    {
        writer.WriteString("description", contract.Description);
        writer.WriteString("effect", Effect(contract.Effect));
        if (contract.EffectParam is { } param) writer.WriteString("effect_param", param);
        writer.WriteStartObject("effect_by_param");
        foreach (var (value, effect) in contract.EffectByParam) writer.WriteString(value, Effect(effect));
        writer.WriteEndObject();
        writer.WriteBoolean("key_makes_idempotent", contract.KeyMakesIdempotent);
        Write(writer, "stable_fields", contract.StableFields);
        Write(writer, "failure_modes", contract.FailureModes.Select(mode => mode.Code));
        WriteConstraints(writer, contract);
        WriteCost(writer, contract.Cost);
        writer.WriteNumber("timeout_ms", (long)contract.TimeoutDefault.TotalMilliseconds);
        Write(writer, "secret_params", contract.SecretParams);
        Write(writer, "free_params", contract.FreeParams);
        if (contract.TargetParam is { } target) writer.WriteString("target_param", target);
        Write(writer, "connection_kinds", contract.ConnectionKinds);
        Write(writer, "tags", contract.Tags);
    }

    private static void WriteConstraints(Utf8JsonWriter writer, SkillContract contract)
    {
        writer.WriteStartObject("constraints");
        foreach (var (name, value) in contract.Constraints)
        {
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        if (!contract.Constraints.ContainsKey("input_bytes_max")) writer.WriteNumber("input_bytes_max", contract.InputBytesMax);
        if (!contract.Constraints.ContainsKey("output_bytes_max")) writer.WriteNumber("output_bytes_max", contract.OutputBytesMax);
        writer.WriteEndObject();
    }

    /// <summary>How a call is priced, without the price table: prices are settings, no part of what the skill promises.</summary>
    private static void WriteCost(Utf8JsonWriter writer, CostModel cost)
    {
        writer.WriteStartObject("cost");
        writer.WriteNumber("base_cents", cost.BaseCents);
        writer.WriteNumber("cents_per_kb", cost.CentsPerKb);
        writer.WriteBoolean("by_tokens", !cost.Prices.IsEmpty);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts.Order(StringComparer.Ordinal)) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static string Effect(EffectClass effect) => effect switch
    {
        EffectClass.Pure => "pure",
        EffectClass.Idempotent => "idempotent",
        EffectClass.Reconcilable => "reconcilable",
        _ => "at_most_once",
    };
}
