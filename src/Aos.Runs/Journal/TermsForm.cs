using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored form of a skill's terms, kept with every run that uses the skill.</summary>
internal static class TermsForm
{
    internal static byte[] Write(SkillTerms terms)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var w = new Utf8JsonWriter(buffer))
        {
            w.WriteStartObject();
            w.WriteString("name"u8, terms.Name);
            w.WriteString("version"u8, terms.Version);
            w.WriteString("effect"u8, terms.Effect.ToString());
            if (terms.EffectParam is { } param) w.WriteString("effect_param"u8, param);
            w.WriteStartObject("effect_by_param"u8);
            foreach (var (value, effect) in terms.EffectByParam) w.WriteString(value, effect.ToString());
            w.WriteEndObject();
            w.WriteBoolean("key_makes_idempotent"u8, terms.KeyMakesIdempotent);
            w.WritePropertyName("cost"u8);
            Cost(w, terms.Cost);
            w.WriteNumber("timeout_ticks"u8, terms.TimeoutDefault.Ticks);
            Names(w, "known"u8, terms.KnownParams);
            Names(w, "required"u8, terms.RequiredParams);
            Names(w, "stable"u8, terms.StableFields);
            if (terms.Tool is { } tool)
            {
                w.WriteStartObject("tool"u8);
                w.WriteString("description"u8, tool.Description);
                w.WritePropertyName("input_schema"u8);
                tool.InputSchema.WriteTo(w);
                w.WriteEndObject();
            }

            w.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static SkillTerms Read(JsonElement value) => new(
        value.GetProperty("name").GetString()!,
        value.GetProperty("version").GetString()!,
        Enum.Parse<EffectClass>(value.GetProperty("effect").GetString()!),
        value.GetText("effect_param"),
        ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal,
            value.GetProperty("effect_by_param").EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Enum.Parse<EffectClass>(member.Value.GetString()!)))),
        value.GetProperty("key_makes_idempotent").GetBoolean(),
        Cost(value.GetProperty("cost")),
        TimeSpan.FromTicks(value.GetProperty("timeout_ticks").GetInt64()),
        Names(value.GetProperty("known")),
        Names(value.GetProperty("required")),
        Names(value.GetProperty("stable")))
    {
        Tool = value.Get("tool") is { } tool ? new ToolTerms(tool.GetProperty("description").GetString()!, tool.GetProperty("input_schema")) : null,
    };

    private static void Cost(Utf8JsonWriter w, CostModel cost)
    {
        w.WriteStartObject();
        w.WriteNumber("base"u8, cost.BaseCents);
        w.WriteNumber("per_kb"u8, cost.CentsPerKb);
        if (cost.ModelDefault is { } model) w.WriteString("model"u8, model);
        w.WriteStartObject("prices"u8);
        foreach (var (name, price) in cost.Prices)
        {
            w.WriteStartArray(name);
            w.WriteNumberValue(price.InputCentsPerMillion);
            w.WriteNumberValue(price.OutputCentsPerMillion);
            if (price.CacheWriteCentsPerMillion is { } write) w.WriteNumberValue(write);
            w.WriteEndArray();
        }

        w.WriteEndObject();
        if (!cost.ProviderModels.IsEmpty)
        {
            w.WriteStartObject("models"u8);
            foreach (var (provider, name) in cost.ProviderModels) w.WriteString(provider, name);
            w.WriteEndObject();
        }

        w.WriteNumber("output_tokens"u8, cost.OutputTokensDefault);
        w.WriteEndObject();
    }

    private static CostModel Cost(JsonElement value) => new(
        value.GetProperty("base").GetDecimal(),
        value.GetProperty("per_kb").GetDecimal(),
        value.GetText("model"),
        ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal,
            value.GetProperty("prices").EnumerateObject().Select(price => KeyValuePair.Create(price.Name, Price(price.Value)))),
        value.GetProperty("output_tokens").GetInt32())
    {
        ProviderModels = value.Get("models") is not { } models ? ImmutableSortedDictionary<string, string>.Empty : ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal, models.EnumerateObject().Select(model => KeyValuePair.Create(model.Name, model.Value.GetString()!))),
    };

    private static TokenPrice Price(JsonElement value) =>
        new(value[0].GetDecimal(), value[1].GetDecimal()) { CacheWriteCentsPerMillion = value.GetArrayLength() > 2 ? value[2].GetDecimal() : null };

    private static void Names(Utf8JsonWriter w, ReadOnlySpan<byte> name, ImmutableArray<string> names)
    {
        w.WriteStartArray(name);
        foreach (var item in names) w.WriteStringValue(item);
        w.WriteEndArray();
    }

    private static ImmutableArray<string> Names(JsonElement value) => [.. value.EnumerateArray().Select(name => name.GetString()!)];
}
