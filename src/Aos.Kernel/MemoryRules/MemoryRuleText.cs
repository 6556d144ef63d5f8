using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Rules as they are written: <c>{"on_conflict": "first", "rules": [{"name", "pattern", "merge_strategy", ...}]}</c>; see docs/memory-rules.md.</summary>
public static class MemoryRuleText
{
    private const int NameMax = 64;
    private const int ItemsMax = 100_000;
    private static readonly string[] Members = ["name", "pattern", "merge_strategy", "sanitizers", "schema", "transform", "max_items", "enabled"];

    /// <summary>The rules, or everything that is wrong with them, each with its place.</summary>
    public static (MemoryRules? Rules, ImmutableArray<string> Problems) Read(JsonElement text)
    {
        var problems = new List<string>();
        if (text.ValueKind != JsonValueKind.Object || text.Get("rules") is not { ValueKind: JsonValueKind.Array } list) return (null, ["rules: a list of rules is missing."]);
        foreach (var member in text.EnumerateObject().Where(member => member.Name is not ("rules" or "on_conflict"))) problems.Add($"{member.Name}: is not known; there are on_conflict and rules.");
        var conflict = Word<RuleConflict>(text, "on_conflict", "on_conflict", RuleConflict.First, problems) ?? RuleConflict.First;
        if (list.GetArrayLength() > MemoryRules.RulesMax) problems.Add($"rules: {list.GetArrayLength()} rules, {MemoryRules.RulesMax} are the most.");
        var rules = list.EnumerateArray().Take(MemoryRules.RulesMax).Select((rule, i) => Rule(rule, string.Create(CultureInfo.InvariantCulture, $"rules[{i}]"), problems)).OfType<MemoryRule>().ToImmutableArray();
        foreach (var name in rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).Where(same => same.Skip(1).Any())) problems.Add($"rules: {name.Key} is there {name.Count()} times; a name stands once.");
        return problems.Count == 0 ? (new MemoryRules(rules, conflict), []) : (null, [.. problems]);
    }

    public static void Write(Utf8JsonWriter writer, MemoryRules rules)
    {
        writer.WriteStartObject();
        writer.WriteString("on_conflict", Wire(rules.Conflict));
        writer.WriteStartArray("rules");
        foreach (var rule in rules.Rules) Write(writer, rule);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>A word of an enumeration on the wire.</summary>
    public static string Wire<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static void Write(Utf8JsonWriter writer, MemoryRule rule)
    {
        writer.WriteStartObject();
        writer.WriteString("name", rule.Name);
        writer.WriteString("pattern", rule.Pattern);
        if (rule.Merge is { } merge) writer.WriteString("merge_strategy", Wire(merge));
        writer.WriteStartArray("sanitizers");
        foreach (var sanitizer in rule.Sanitizers) writer.WriteStringValue(Wire(sanitizer));
        writer.WriteEndArray();
        Write("schema", rule.SchemaText);
        Write("transform", rule.Transform);
        if (rule.ItemsMax is { } most) writer.WriteNumber("max_items", most);
        writer.WriteBoolean("enabled", rule.Enabled);
        writer.WriteEndObject();

        void Write(string name, JsonElement? value)
        {
            if (value is not { } some) return;
            writer.WritePropertyName(name);
            some.WriteTo(writer);
        }
    }

    private static MemoryRule? Rule(JsonElement rule, string at, List<string> problems)
    {
        var before = problems.Count;
        if (rule.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{at}: a rule is an object.");
            return null;
        }

        foreach (var member in rule.EnumerateObject().Where(member => !Members.Contains(member.Name))) problems.Add($"{at}.{member.Name}: is not known; there are {string.Join(", ", Members)}.");
        var made = new MemoryRule(Text(rule, "name", at, NameMax, problems), Text(rule, "pattern", at, MemoryKey.CharsMax, problems), Word<MergeStrategy>(rule, "merge_strategy", $"{at}.merge_strategy", null, problems))
        {
            Sanitizers = Sanitizers(rule, at, problems),
            Schema = Schema(rule, at, problems),
            SchemaText = rule.Get("schema"),
            Transform = Transform(rule, at, problems),
            ItemsMax = Items(rule, at, problems),
            Enabled = rule.Get("enabled") is not { ValueKind: JsonValueKind.False },
        };
        if (rule.Get("enabled") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) }) problems.Add($"{at}.enabled: is true or false.");
        return problems.Count == before ? made : null;
    }

    private static string Text(JsonElement rule, string name, string at, int max, List<string> problems)
    {
        var text = rule.GetText(name) ?? "";
        if (text.Length is 0 || text.Length > max) problems.Add($"{at}.{name}: a text of 1 to {max} characters.");
        return text;
    }

    private static T? Word<T>(JsonElement from, string name, string at, T? none, List<string> problems)
        where T : struct, Enum
    {
        if (from.Get(name) is not { } value) return none;
        foreach (var known in Enum.GetValues<T>())
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(Wire(known))) return known;
        }

        problems.Add($"{at}: is one of {string.Join(", ", Enum.GetValues<T>().Select(Wire))}.");
        return none;
    }

    private static ImmutableArray<Sanitizer> Sanitizers(JsonElement rule, string at, List<string> problems)
    {
        if (rule.Get("sanitizers") is not { } value) return [];
        if (value.ValueKind == JsonValueKind.Array)
            return [.. value.EnumerateArray().Select((item, i) => Word<Sanitizer>(Json.Write(writer => WriteOne(writer, item)), "one", string.Create(CultureInfo.InvariantCulture, $"{at}.sanitizers[{i}]"), null, problems)).OfType<Sanitizer>()];
        problems.Add($"{at}.sanitizers: a list.");
        return [];
    }

    private static void WriteOne(Utf8JsonWriter writer, JsonElement item)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("one");
        item.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static JsonSchema? Schema(JsonElement rule, string at, List<string> problems)
    {
        if (rule.Get("schema") is not { } schema) return null;
        var reading = JsonSchema.Parse(schema, $"{at}.schema");
        problems.AddRange(reading.Problems.Select(problem => problem.ToString()));
        return reading.Schema;
    }

    private static JsonElement? Transform(JsonElement rule, string at, List<string> problems)
    {
        if (rule.Get("transform") is not { } transform) return null;
        if (transform.ValueKind != JsonValueKind.Object) problems.Add($"{at}.transform: an object of templates.");
        foreach (var (path, expression) in Template.Expressions(transform, $"{at}.transform"))
        {
            if (Expression.Problem(expression) is { } problem) problems.Add($"{path}: {problem}");
            else if (Unknown(expression) is { } name) problems.Add($"{path}: {name} is not known here; there are value, existing and key.");
        }

        return transform;
    }

    private static string? Unknown(string expression)
    {
        var references = Expression.References(expression);
        return references.Names.Concat(references.Steps.Select(_ => "steps")).Concat(references.Memory.Select(_ => "memory")).FirstOrDefault(name => name is not ("value" or "existing" or "key"));
    }

    private static int? Items(JsonElement rule, string at, List<string> problems)
    {
        if (rule.Get("max_items") is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var most) && most is >= 1 and <= ItemsMax) return most;
        problems.Add($"{at}.max_items: a whole number from 1 to {ItemsMax}.");
        return null;
    }
}
