using System.Collections.Concurrent;
using Aos.Contracts;

namespace Aos.Runs;

/// <summary>The planners there are, by id. The first one is the default unless another asks for it.</summary>
internal sealed class PlannerRegistry
{
    private static readonly string[] Providers = ["anthropic", "openai", "scripted"];

    private readonly ConcurrentDictionary<string, IPlanner> planners = new(StringComparer.OrdinalIgnoreCase);
    private volatile string? first;

    /// <summary>The rules, and a model planner per provider; <paramref name="wanted"/> is the default, or the rules when it names none.</summary>
    internal static PlannerRegistry Of(string? wanted, ISkills skills, TimeProvider clock)
    {
        var registry = new PlannerRegistry();
        registry.Register(new RulePlanner(clock));
        foreach (var provider in Providers) registry.Register(new ModelPlanner(provider, skills, clock), string.Equals(provider, wanted, StringComparison.OrdinalIgnoreCase));
        return registry;
    }

    internal IReadOnlyCollection<string> Ids => [.. planners.Keys.Order(StringComparer.Ordinal)];

    internal void Register(IPlanner planner, bool isDefault = false)
    {
        planners[planner.Id] = planner;
        if (isDefault || first is null) first = planner.Id;
    }

    /// <summary>The planner of this id, without one the default; null: none.</summary>
    internal IPlanner? Get(string? id = null) => (id ?? first) is { } name ? planners.GetValueOrDefault(name) : null;

    internal void Clear()
    {
        planners.Clear();
        first = null;
    }
}
