using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>How much a version must grow for a change.</summary>
public enum VersionBump { None, Patch, Minor, Major }

/// <summary>What a change means for plans that use the skill.</summary>
public enum ChangeWeight
{
    /// <summary>Something that worked may fail now.</summary>
    Breaking,

    /// <summary>Everything that worked still does.</summary>
    NonBreaking,

    /// <summary>Cannot be told, or worth a look.</summary>
    Warning,
}

/// <summary>One difference between two contracts.</summary>
/// <param name="Type">For instance <c>field_removed</c>.</param>
/// <param name="Path">Where, for instance <c>input.url</c>.</param>
public sealed record ContractChange(ChangeWeight Weight, string Type, string Path, string Description);

/// <summary>What changed between two versions of a skill.</summary>
/// <param name="Old">Null: it is new.</param>
/// <param name="New">Null: it is gone.</param>
public sealed record ContractDiff(string Skill, string? Old, string? New, ImmutableArray<ContractChange> Changes)
{
    public IEnumerable<ContractChange> Breaking => Changes.Where(change => change.Weight == ChangeWeight.Breaking);

    public IEnumerable<ContractChange> NonBreaking => Changes.Where(change => change.Weight == ChangeWeight.NonBreaking);

    public IEnumerable<ContractChange> Warnings => Changes.Where(change => change.Weight == ChangeWeight.Warning);

    /// <summary>True: whoever used the old one can use the new one.</summary>
    public bool IsCompatible => !Breaking.Any();

    /// <summary>How much the version must grow at least.</summary>
    public VersionBump Recommended { get; init; }

    /// <summary>True: it grew that much.</summary>
    public bool IsBumped { get; init; } = true;
}
