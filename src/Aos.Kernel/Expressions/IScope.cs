using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What expressions of a step can see.</summary>
public interface IScope
{
    /// <summary>The journaled time of the decision: <c>now()</c>.</summary>
    DateTimeOffset Now { get; }

    /// <summary>The value of a name: <c>inputs</c>, <c>run</c>, <c>index</c>, the item; null: unknown.</summary>
    JsonElement? Resolve(string root);

    /// <summary>Member <c>result</c>, <c>results</c>, <c>outcome</c>, <c>status</c> or <c>cost_cents</c> of a step; null: absent.</summary>
    JsonElement? Step(string id, string member);

    /// <summary>An entry of the tenant's memory as it was read when the step began; null: there was none.</summary>
    JsonElement? Memory(string key);

    /// <summary>The elements of a step's member that is a list, where they are at hand one by one; null: as <see cref="Step"/> has it.</summary>
    IReadOnlyList<JsonElement>? List(string id, string member) => null;

    /// <summary><c>uuid()</c>, from the run's seed.</summary>
    Guid NextUuid();
}

/// <summary>A value, or why there is none (<c>INVALID_REFERENCE</c>, <c>EXPRESSION_ERROR</c>).</summary>
public readonly record struct Evaluated(JsonElement? Value, Failure? Failure);
