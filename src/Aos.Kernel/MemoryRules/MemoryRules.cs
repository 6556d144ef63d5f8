using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What rules made of a write.</summary>
/// <param name="Value">To be stored; null: it is refused.</param>
/// <param name="Applied">Names of the rules that fit the key, in their order.</param>
public sealed record RuledWrite(JsonElement? Value, ImmutableArray<string> Applied, MergeStrategy Merge, Failure? Failure);

/// <summary>
/// Rules of a tenant's memory. Of a write the value is tidied up (texts trimmed, nulls dropped), then each rule that fits its key, in order,
/// tidies, checks and transforms it; in the end it is merged once with what is stored. What a rule does not accept is refused as a whole.
/// Equal rules, value, stored value and time give an equal result.
/// </summary>
public sealed class MemoryRules(ImmutableArray<MemoryRule> rules, RuleConflict conflict)
{
    /// <summary>Rules of one tenant.</summary>
    public const int RulesMax = 100;

    private static readonly ImmutableArray<Sanitizer> Always = [Sanitizer.TrimStrings, Sanitizer.DropNulls];

    /// <summary>Values are stored as they are written.</summary>
    public static MemoryRules None { get; } = new([], RuleConflict.First);

    public ImmutableArray<MemoryRule> Rules { get; } = rules;

    public RuleConflict Conflict { get; } = conflict;

    /// <param name="existing">What is stored; null: nothing.</param>
    /// <param name="now">For <c>now()</c> in transforms.</param>
    /// <param name="merges">False: the value is what is stored with a change in it already, so that nothing is merged.</param>
    public RuledWrite Apply(string key, JsonElement value, JsonElement? existing, DateTimeOffset now, bool merges = true)
    {
        var fitting = Rules.Where(rule => rule.Enabled && KeyPattern.Fits(rule.Pattern, key)).ToImmutableArray();
        var applied = fitting.Select(rule => rule.Name).ToImmutableArray();
        if (fitting.IsEmpty) return new RuledWrite(value, [], MergeStrategy.Replace, null);
        if (Merger(fitting) is not { } merger) return new RuledWrite(null, applied, MergeStrategy.Replace, Disagree(key, fitting));
        value = Sanitizing.Apply(value, Always);
        foreach (var rule in fitting)
        {
            var (next, failure) = Shape(rule, key, value, existing, now);
            if (failure is not null) return new RuledWrite(null, applied, merger.Merge ?? MergeStrategy.Replace, failure);
            value = next!.Value;
        }

        return Merge(merger, applied, value, merges ? existing : null);
    }

    private static RuledWrite Merge(MemoryRule merger, ImmutableArray<string> applied, JsonElement value, JsonElement? existing)
    {
        var strategy = merger.Merge ?? MergeStrategy.Replace;
        try
        {
            var merged = existing is { } old ? Merging.Merge(strategy, old, value) : value;
            return new RuledWrite(merger.ItemsMax is { } most ? Trimming.Newest(merged, most) : merged, applied, strategy, null);
        }
        catch (Exception e) when (e is OverflowException or FormatException)
        {
            return new RuledWrite(null, applied, strategy, Refused(merger, "a sum is beyond what a number can hold"));
        }
    }

    private static (JsonElement? Value, Failure? Failure) Shape(MemoryRule rule, string key, JsonElement value, JsonElement? existing, DateTimeOffset now)
    {
        value = Sanitizing.Apply(value, rule.Sanitizers);
        if (rule.Schema?.Check(value) is { Count: > 0 } problems) return (null, Refused(rule, string.Join(' ', problems.Take(3))));
        if (rule.Transform is not { } template) return (value, null);
        var made = Template.Evaluate(template, new RuleScope(key, value, existing, now));
        return made.Value is { ValueKind: JsonValueKind.Object } result
            ? (result, null)
            : (null, Refused(rule, made.Failure?.Message ?? "its transform gives no object"));
    }

    private static Failure Disagree(string key, ImmutableArray<MemoryRule> fitting) => FailureCatalog.Fail(
        "INVALID_INPUT", $"Rules {string.Join(", ", fitting.Where(rule => rule.Merge is not null).Select(rule => rule.Name))} all say how to merge under {key}, and not the same. Let one of them say it, or set the conflict policy to first or last.");

    private static Failure Refused(MemoryRule rule, string why) => FailureCatalog.Fail("INVALID_INPUT", $"Rule {rule.Name} does not accept the value: {why}");

    /// <summary>Whose strategy counts; null: they disagree.</summary>
    private MemoryRule? Merger(ImmutableArray<MemoryRule> fitting)
    {
        var merging = fitting.Where(rule => rule.Merge is not null).ToList();
        if (merging.Count == 0) return fitting[0];
        if (Conflict == RuleConflict.Refuse && merging.DistinctBy(rule => rule.Merge).Skip(1).Any()) return null;
        return Conflict == RuleConflict.Last ? merging[^1] : merging[0];
    }
}

/// <summary>What a transform sees.</summary>
internal sealed class RuleScope(string key, JsonElement value, JsonElement? existing, DateTimeOffset now) : IScope
{
    private int uuids;

    public DateTimeOffset Now => now;

    public JsonElement? Resolve(string root) => root switch
    {
        "value" => value,
        "existing" => existing ?? Json.Null,
        "key" => Json.Of(key),
        _ => null,
    };

    public JsonElement? Step(string id, string member) => null;

    public JsonElement? Memory(string key) => null;

    /// <summary>Of the key, the value, the time and how many were asked for before: the same write gives the same.</summary>
    public Guid NextUuid()
    {
        Span<byte> hash = stackalloc byte[32];
        ContentHash.Of(Json.Write(writer =>
        {
            writer.WriteStartArray();
            writer.WriteStringValue(key);
            value.WriteTo(writer);
            writer.WriteNumberValue(now.UtcTicks);
            writer.WriteNumberValue(uuids++);
            writer.WriteEndArray();
        }), hash);
        return new Guid(hash[..16]);
    }
}

/// <summary>Keeps lists short.</summary>
internal static class Trimming
{
    /// <summary>Of each list that is a member only the last items stay.</summary>
    internal static JsonElement Newest(JsonElement value, int most) => value.ValueKind != JsonValueKind.Object ? value : Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            if (member.Value.ValueKind != JsonValueKind.Array) member.Value.WriteTo(writer);
            else WriteNewest(writer, member.Value, most);
        }

        writer.WriteEndObject();
    });

    private static void WriteNewest(Utf8JsonWriter writer, JsonElement list, int most)
    {
        writer.WriteStartArray();
        foreach (var item in list.EnumerateArray().Skip(list.GetArrayLength() - most)) item.WriteTo(writer);
        writer.WriteEndArray();
    }
}
