using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// What may be in the skills folder: <c>NAME@VERSIONS</c>, and <c>sha256:HEX</c> of the assembly if need be. Once there are pins they
/// name every skill of the folder, and every pin is there.
/// </summary>
internal sealed record SkillPins(string Text, string Skill, VersionRange Range, string? Hash)
{
    /// <summary>What in the folder is not as it is pinned, with what to do.</summary>
    /// <param name="setting">The pins with commas between them, or the file that has one on each line.</param>
    internal static IEnumerable<string> Problems(string setting, IReadOnlyList<FoundSkill> skills)
    {
        var (lines, unread) = Lines(setting);
        if (unread is not null) return [unread];
        var pins = new List<SkillPins>();
        var problems = new List<string>();
        foreach (var line in lines)
        {
            if (Read(line) is { } pin) pins.Add(pin);
            else problems.Add($"AOS_SKILL_PINS: '{line}' is no pin. Write NAME@1.2.0 or NAME@^1.2, and sha256:HEX behind it if need be.");
        }

        problems.AddRange(skills.Select(skill => Against(skill, pins)).OfType<string>());
        problems.AddRange(pins.Where(pin => !skills.Any(skill => skill.Name == pin.Skill && pin.Range.Holds(SemanticVersion.Read(skill.Version)!)))
            .Select(pin => $"AOS_SKILL_PINS: {pin.Text} is pinned and not in the skills folder. Put it there, or take the pin away."));
        return problems;
    }

    private static string? Against(FoundSkill skill, List<SkillPins> pins)
    {
        var own = pins.Where(pin => pin.Skill == skill.Name).ToList();
        if (own.Exists(pin => pin.Fits(skill))) return null;
        if (own.Find(pin => pin.Range.Holds(SemanticVersion.Read(skill.Version)!)) is { } changed)
            return $"AOS_SKILL_PINS: {skill.Name} {skill.Version} is not the assembly that was pinned: {skill.Assembly} has sha256:{skill.Hash}, the pin says sha256:{changed.Hash}. Put the pinned one back, or look at the new one and pin it (aos skills pins).";
        var pinned = own.Count == 0 ? "is in the skills folder and not pinned" : $"does not fit its pin {string.Join(", ", own.Select(pin => pin.Range))}";
        return $"AOS_SKILL_PINS: {skill.Name} {skill.Version} {pinned}. Take {Path.GetDirectoryName(skill.Assembly)} away, or pin it (aos skills pins).";
    }

    private bool Fits(FoundSkill skill) =>
        skill.Name == Skill && Range.Holds(SemanticVersion.Read(skill.Version)!) && (Hash is null || string.Equals(Hash, skill.Hash, StringComparison.OrdinalIgnoreCase));

    private static (IEnumerable<string> Lines, string? Problem) Lines(string setting)
    {
        if (setting.Contains('@', StringComparison.Ordinal) && !File.Exists(setting)) return (setting.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), null);
        try
        {
            return (File.ReadAllLines(setting).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], $"AOS_SKILL_PINS: {e.Message}");
        }
    }

    private static SkillPins? Read(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 0 or > 2 || parts[0].IndexOf('@', StringComparison.Ordinal) is not (> 0 and var cut) || VersionRange.Read(parts[0][(cut + 1)..]) is not { } range) return null;
        var hash = parts.Length == 1 ? null : parts[1];
        if (hash is not null && !(hash.StartsWith("sha256:", StringComparison.Ordinal) && hash.Length == 71 && hash[7..].All(char.IsAsciiHexDigit))) return null;
        return new SkillPins(line, parts[0][..cut], range, hash?[7..]);
    }
}
