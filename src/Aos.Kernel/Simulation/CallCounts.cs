using System.Text.Json;

namespace Aos.Kernel;

/// <summary>How often a step calls its skill, retries not counted.</summary>
internal readonly record struct CallCount(int Min, int Max)
{
    internal static CallCount Of(PlanStep step, JsonElement inputs)
    {
        if (step.Repeat is { } repeat) return new CallCount(1, repeat.Max);
        if (step.ForEach is not { } list) return new CallCount(1, 1);
        return Items(list, inputs) is { } items ? new CallCount(items, items) : new CallCount(1, RunMachine.ItemsMax);
    }

    /// <summary>Items of a list that depends on nothing but the inputs; null: known only in the run.</summary>
    private static int? Items(JsonElement list, JsonElement inputs)
    {
        foreach (var (_, text) in Template.Expressions(list, ""))
        {
            if (Expression.Problem(text) is not null) return null;
            var (steps, names, memory, _) = Expression.References(text);
            if (steps.Count > 0 || memory.Count > 0 || names.Exists(name => name != "inputs") || text.Contains("now(", StringComparison.Ordinal)) return null;
        }

        return Template.Evaluate(list, new InputScope(inputs)).Value is { ValueKind: JsonValueKind.Array } items ? items.GetArrayLength() : null;
    }

    /// <summary>Sees the inputs only.</summary>
    private sealed class InputScope(JsonElement inputs) : IScope
    {
        public DateTimeOffset Now => default;

        public JsonElement? Resolve(string root) => root == "inputs" ? inputs : null;

        public JsonElement? Step(string id, string member) => null;

        public JsonElement? Memory(string key) => null;

        public Guid NextUuid() => Guid.Empty;
    }
}
