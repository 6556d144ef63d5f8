using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// The skills of a folder: each folder in it holds one assembly with its libraries. Whatever is wrong there keeps the process from
/// starting: a skill that silently was not there would be missed only when a run needs it.
/// </summary>
internal sealed class SkillFolder
{
    /// <summary>A process loads a folder once: assemblies stay for as long as it lives.</summary>
    private static readonly ConcurrentDictionary<(string Folder, string Pins), Lazy<SkillFolder>> Opened = [];

    private readonly List<FoundSkill> skills = [];
    private readonly List<string> problems = [];
    private readonly string folder;

    private SkillFolder(string folder) => this.folder = folder;

    internal static SkillFolder None { get; } = new("");

    internal IReadOnlyList<FoundSkill> Skills => skills;

    /// <summary>Each with its place; empty: all is well.</summary>
    internal IReadOnlyList<string> Problems => problems;

    /// <param name="folder">Null: there is none.</param>
    /// <param name="pins">What may be in it; null: anything.</param>
    internal static SkillFolder Open(string? folder, string? pins) =>
        folder is null && pins is null ? None : Opened.GetOrAdd((folder ?? "", pins ?? ""), key => new(() => Read(key.Folder, pins))).Value;

    /// <summary>A line for each skill as it is now, for the pins.</summary>
    internal IEnumerable<string> PinLines() =>
        skills.OrderBy(skill => skill.Name, StringComparer.Ordinal).ThenBy(skill => SemanticVersion.Read(skill.Version)).Select(skill => $"{skill.Name}@{skill.Version} sha256:{skill.Hash}");

    private static SkillFolder Read(string folder, string? pins)
    {
        var read = new SkillFolder(folder);
        if (folder.Length > 0) read.Load();
        read.CheckNames();
        if (pins is not null) read.problems.AddRange(SkillPins.Problems(pins, read.skills));
        return read;
    }

    private void Load()
    {
        if (!Directory.Exists(folder))
        {
            problems.Add($"AOS_SKILLS_FOLDER: there is no folder {folder}.");
            return;
        }

        foreach (var place in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)) Load(place);
        var loose = Directory.EnumerateFiles(folder, "*.dll").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal).ToList();
        if (loose.Count > 0) problems.Add($"AOS_SKILLS_FOLDER: {string.Join(", ", loose)} lies in {folder} itself; each assembly with its libraries needs a folder of its own there.");
    }

    private void Load(string place)
    {
        try
        {
            if (Main(place) is not { } file) return;
            // What is loaded is what was weighed, whatever becomes of the file. Nothing of it runs before all of it has been judged.
            var bytes = File.ReadAllBytes(file);
            using var image = new MemoryStream(bytes);
            var types = new SkillContext(file).LoadFromStream(image).GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && FoundSkill.Skills(type).Any()).ToList();
            if (types.Count == 0) Wrong(place, $"{Path.GetFileName(file)} has no skill: no class in it implements ISkill<TIn, TOut>.");
            foreach (var type in types.OrderBy(type => type.FullName, StringComparer.Ordinal)) Take(place, FoundSkill.Of(type, file, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }
        catch (ReflectionTypeLoadException e)
        {
            Wrong(place, $"was built for another AOS, or a library is missing: {string.Join(' ', e.LoaderExceptions.OfType<Exception>().Select(why => why.Message).Distinct(StringComparer.Ordinal).Take(3))}");
        }
        catch (BadImageFormatException e)
        {
            Wrong(place, $"cannot be loaded: {e.Message} It is no assembly of .NET, or not all of one: copy what dotnet build wrote into it once more.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TypeLoadException or MemberAccessException or InvalidOperationException or ArgumentException or ArithmeticException or CustomAttributeFormatException)
        {
            Wrong(place, $"cannot be loaded: {e.Message}");
        }
    }

    /// <summary>The assembly that has the skills: the only one, else the one whose libraries are listed beside it.</summary>
    private string? Main(string place)
    {
        var assemblies = Directory.GetFiles(place, "*.dll").Order(StringComparer.Ordinal).ToList();
        var listed = assemblies.Where(file => File.Exists(Path.ChangeExtension(file, ".deps.json"))).ToList();
        if (assemblies.Count == 1) return assemblies[0];
        if (listed.Count == 1) return listed[0];
        Wrong(place, assemblies.Count == 0
            ? "holds no assembly. Copy what dotnet build wrote into it."
            : $"holds {assemblies.Count} assemblies, and not exactly one of them has a .deps.json beside it. Copy all that dotnet build wrote.");
        return null;
    }

    private void Take(string place, (FoundSkill? Skill, string? Problem) found)
    {
        if (found.Skill is { } skill) skills.Add(skill);
        else Wrong(place, found.Problem!);
    }

    private void CheckNames()
    {
        foreach (var own in skills.Where(skill => SkillsRoom.Own.Contains(skill.Name)))
            Wrong(Path.GetDirectoryName(own.Assembly)!, $"{own.Name} is the name of a skill of AOS itself. Give this one another.");
        foreach (var same in skills.GroupBy(skill => (skill.Name, SemanticVersion.Read(skill.Version)! with { Build = "" })).Where(same => same.Count() > 1))
            problems.Add($"AOS_SKILLS_FOLDER: {same.Key.Name} {same.First().Version} is there more than once: {string.Join(", ", same.Select(skill => skill.Assembly))}. Leave one.");
    }

    private void Wrong(string place, string what) => problems.Add($"AOS_SKILLS_FOLDER: {Path.GetFileName(place)}: {what}");
}
