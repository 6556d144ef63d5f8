using System.Collections.Frozen;
using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>All versions of one skill. One that stands alone is not built to find out which version it is.</summary>
internal sealed class Shelf
{
    private readonly Lazy<ImmutableArray<Placed>> placed;
    private readonly Lazy<FrozenDictionary<string, IRegistered>> exact;
    private readonly IRegistered? only;

    private Shelf(string name, ImmutableArray<IRegistered> skills)
    {
        Name = name;
        only = skills.Length == 1 ? skills[0] : null;
        placed = new(() => [.. skills.Select(skill => new Placed(Read(skill), skill)).OrderByDescending(one => one.Version)]);
        exact = new(() => placed.Value.ToFrozenDictionary(one => one.Skill.Version, one => one.Skill, StringComparer.Ordinal));
        if (only is null) Check();
    }

    internal string Name { get; }

    /// <summary>What the name alone means: the newest that is no pre-release; of nothing but those the newest.</summary>
    internal IRegistered Newest => only ?? (placed.Value.FirstOrDefault(one => one.Version.IsStable) ?? placed.Value[0]).Skill;

    /// <summary>Newest first.</summary>
    internal IEnumerable<IRegistered> All => only is null ? placed.Value.Select(one => one.Skill) : [only];

    internal string Versions => string.Join(", ", All.Select(skill => skill.Version));

    /// <summary>Throws <see cref="InvalidOperationException"/> when a version is there twice.</summary>
    internal static Shelf Of(string name, IEnumerable<IRegistered> skills) => new(name, [.. skills]);

    /// <summary>The version that a run has. A skill of the program goes with the program: a run goes on with the one that is there.</summary>
    internal IRegistered? Find(string? version)
    {
        if (version is null || only is { IsVersioned: false }) return Newest;
        return exact.Value.TryGetValue(version, out var skill) ? skill : null;
    }

    /// <summary>The newest that fits all of these; null: none does.</summary>
    internal IRegistered? Choose(IReadOnlyCollection<VersionRange> ranges)
    {
        bool Fits(Placed one) => ranges.All(range => range.Holds(one.Version));
        return (placed.Value.FirstOrDefault(one => one.Version.IsStable && Fits(one)) ?? placed.Value.FirstOrDefault(Fits))?.Skill;
    }

    private void Check()
    {
        var twice = placed.Value.GroupBy(one => one.Version with { Build = "" }).FirstOrDefault(same => same.Count() > 1);
        if (twice is not null) throw new InvalidOperationException($"The skill {Name} {twice.Key} is already registered.");
    }

    private static SemanticVersion Read(IRegistered skill) =>
        SemanticVersion.Read(skill.Version) ?? throw new InvalidOperationException($"The skill {skill.Name} has the version {skill.Version}, which is not semantic.");

    private sealed record Placed(SemanticVersion Version, IRegistered Skill);
}
