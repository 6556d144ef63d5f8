using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What tidies a value up before it is looked at. On the wire in snake case.</summary>
public enum Sanitizer
{
    /// <summary>Takes white space off both ends of texts.</summary>
    TrimStrings,

    /// <summary>Takes members and items that are null away.</summary>
    DropNulls,

    /// <summary>Writes texts such as <c>2026-01-05 09:00:00</c>, <c>2026/01/05 09:00:00</c> and <c>05-01-2026 09:00:00</c> as RFC 3339 in UTC.</summary>
    Timestamps,
}

/// <summary>What two rules of one key do that both say how to merge. On the wire in snake case.</summary>
public enum RuleConflict
{
    /// <summary>The first that fits the key says how to merge.</summary>
    First,

    /// <summary>The last one does.</summary>
    Last,

    /// <summary>If they differ the write is refused.</summary>
    Refuse,
}

/// <summary>What happens to values that are written under some keys.</summary>
/// <param name="Name">1 to 64 characters, once in a set.</param>
/// <param name="Pattern">Of keys: see <see cref="KeyPattern"/>.</param>
/// <param name="Merge">Null: it does not say how.</param>
public sealed record MemoryRule(string Name, string Pattern, MergeStrategy? Merge)
{
    public ImmutableArray<Sanitizer> Sanitizers { get; init; } = [];

    /// <summary>What a value must be after tidying; one that is not is refused.</summary>
    public JsonSchema? Schema { get; init; }

    /// <summary>As it was written; null: any value will do.</summary>
    public JsonElement? SchemaText { get; init; }

    /// <summary>A template over <c>value</c>, <c>existing</c> (null when there is none) and <c>key</c> that gives the value; null: it stays.</summary>
    public JsonElement? Transform { get; init; }

    /// <summary>The most items of a list after an append, the newest stay; null: all do.</summary>
    public int? ItemsMax { get; init; }

    public bool Enabled { get; init; } = true;
}
