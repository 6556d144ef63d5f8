using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Puts skills on their shelves, and says what is not there.</summary>
internal static class Shelves
{
    /// <summary>
    /// Throws <see cref="InvalidOperationException"/> when two skills are one, and <see cref="SkillsUnusableException"/> when a version is
    /// switched off that is not there, or a skill of the folder breaks as it is built: it would be missed only when a run needs it.
    /// </summary>
    /// <param name="disabled">Versions that are left off.</param>
    internal static IEnumerable<Shelf> Of(IEnumerable<IRegistered> skills, IReadOnlyCollection<(string Skill, VersionRange Range)> disabled)
    {
        var byName = skills.GroupBy(skill => skill.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        foreach (var (name, of) in byName)
        {
            if (of.Count == 1) continue;
            if (of.TrueForAll(skill => !skill.IsVersioned)) throw new InvalidOperationException($"The skill {name} is already registered.");
            // Runs go by the program's own skills; one of another's making must not stand in for them.
            if (of.Exists(skill => !skill.IsVersioned))
                throw new InvalidOperationException($"The skill {name} is already registered: it is a skill of AOS itself. Give the other one another name.");
        }

        foreach (var (name, range) in disabled) TakeOff(byName, name, range);
        string[] broken = [.. byName.Values.SelectMany(of => of).Where(skill => skill.Assembly is not null).Select(Problem).OfType<string>()];
        if (broken.Length > 0) throw new SkillsUnusableException(string.Join(' ', broken));
        return byName.Where(pair => pair.Value.Count > 0).Select(pair => Shelf.Of(pair.Key, pair.Value));
    }

    /// <summary>Why a call does not get the version that its run has.</summary>
    internal static Failure Missing(Shelf? shelf, string skill, string? version) => FailureCatalog.Fail(
        "SKILL_NOT_FOUND",
        shelf is null ? $"There is no skill {skill}." : $"The run has {skill} {version}, which is not here any more; here is {shelf.Versions}. Put that version back, or start the run anew.");

    /// <summary>Why a plan does not get the versions it asks for.</summary>
    internal static PlanProblem Missing(Shelf shelf, IReadOnlyList<SkillAsk> asks)
    {
        var ranges = asks.Select(ask => ask.Range.ToString()).Distinct(StringComparer.Ordinal).ToList();
        var wanted = ranges.Count == 1 ? ranges[0] : $"{string.Join(", ", ranges.SkipLast(1))} and {ranges[^1]} at once, and a run has one version of each skill";
        return new PlanProblem(asks[^1].Path, "SKILL_NOT_FOUND", $"No {shelf.Name} is {wanted}. Here is {shelf.Versions}.", $"{shelf.Name}@{shelf.Newest.Version}");
    }

    private static string? Problem(IRegistered skill)
    {
        try
        {
            _ = (skill.Description.InputSchema, skill.Description.OutputSchema);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"AOS_SKILLS_FOLDER: {skill.Assembly}: {skill.Name} {skill.Version} cannot be built: {e.GetType().Name}: {e.Message.TrimEnd('.')}. Correct it, or take its folder away.";
        }
    }

    private static void TakeOff(Dictionary<string, List<IRegistered>> byName, string name, VersionRange range)
    {
        var taken = byName.GetValueOrDefault(name)?.RemoveAll(skill => SemanticVersion.Read(skill.Version) is { } version && range.Holds(version)) ?? 0;
        if (taken == 0) throw new SkillsUnusableException($"AOS_SKILLS_DISABLED: there is no {name}@{range} here to switch off.");
    }
}
