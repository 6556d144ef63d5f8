using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Limits of a plan.</summary>
/// <param name="StepsMax">Most steps.</param>
/// <param name="BytesMax">Largest plan, bytes of its normalised JSON.</param>
public sealed record PlanLimits(int StepsMax = 10_000, int BytesMax = 16 * 1024 * 1024);

/// <summary>Reads plans in every accepted shape and reports all their mistakes at once.</summary>
public static class PlanReader
{
    /// <summary>Reads a plan. <paramref name="skills"/> are the skills there are, by name.</summary>
    public static PlanReading Read(JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, PlanLimits? limits = null) =>
        Read(source, skills, allowUnknownSkills: false, limits);

    /// <summary>
    /// Reads the source of a plan that was accepted before. It stands in the normal shape, but may have come in another one, whose
    /// unknown members were ignored: they are ignored again.
    /// </summary>
    /// <param name="links">What its references to workflows stand for.</param>
    public static PlanReading ReadAccepted(
        JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, WorkflowLinks? links = null, bool allowUnknownSkills = false) =>
        Read(source, skills, allowUnknownSkills, new PlanLimits(), isAccepted: true, PlanReferences.Of(links));

    /// <summary>
    /// With <paramref name="allowUnknownSkills"/> a plan whose only problems are skills that are not there is given beside
    /// them: it can be priced, not run.
    /// </summary>
    /// <param name="links">What references to workflows stand for; null: they were not looked up, which is said in a warning, and no run starts.</param>
    public static PlanReading Read(
        JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, bool allowUnknownSkills, PlanLimits? limits = null, WorkflowLinks? links = null) =>
        Read(source, skills, allowUnknownSkills, limits ?? new PlanLimits(), isAccepted: false, PlanReferences.Of(links));

    /// <summary>Reads a plan within another one.</summary>
    internal static PlanReading ReadInner(
        JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, bool allowUnknownSkills, bool isAccepted, PlanReferences references) =>
        Read(source, skills, allowUnknownSkills, new PlanLimits(), isAccepted, references);

    private static PlanReading Read(
        JsonElement source, IReadOnlyDictionary<string, SkillTerms> skills, bool allowUnknownSkills, PlanLimits limits, bool isAccepted, PlanReferences references)
    {
        var report = new PlanReport();
        try
        {
            var (normal, strict) = PlanShapes.Normalise(source);
            var plan = new PlanText(normal, skills, limits, strict && !isAccepted, allowUnknownSkills, report, references).Read();
            var isUsable = report.Problems.TrueForAll(problem => allowUnknownSkills && PlanReport.IsOfSkill(problem));
            return new PlanReading(isUsable ? plan : null, [.. report.Problems], [.. report.Warnings]) { Asks = [.. report.Asks] };
        }
        catch (Exception e) when (e is CanonicalJsonException or JsonException)
        {
            report.Problem("", "INVALID_PLAN", e.Message);
            return new PlanReading(null, [.. report.Problems], [.. report.Warnings]);
        }
    }
}

/// <summary>Collects mistakes.</summary>
internal sealed class PlanReport
{
    internal List<PlanProblem> Problems { get; } = [];

    internal List<PlanProblem> Warnings { get; } = [];

    /// <summary>Whether the mistake is a skill that is not here, or off: the plan can be priced all the same.</summary>
    internal static bool IsOfSkill(PlanProblem problem) => problem.Code is "SKILL_NOT_FOUND" or "PERMISSION_DENIED";

    /// <summary>Versions of skills that the plan and those within it ask for.</summary>
    internal List<SkillAsk> Asks { get; } = [];

    internal void Problem(string path, string code, string message, string? suggestion = null) =>
        Problems.Add(new PlanProblem(path, code, message, suggestion));

    internal void Warn(string path, string code, string message, string? suggestion = null) =>
        Warnings.Add(new PlanProblem(path, code, message, suggestion));

    /// <summary>The name in <c>NAME</c> or <c>NAME@RANGE</c>; which versions are asked for is written down.</summary>
    internal string Named(string text, string at)
    {
        if (text.IndexOf('@', StringComparison.Ordinal) is not (>= 0 and var cut)) return text;
        if (VersionRange.Read(text[(cut + 1)..]) is { } range) Asks.Add(new SkillAsk(at, text[..cut], range));
        else Problem(at, "INVALID_PLAN", $"'{text[(cut + 1)..]}' names no versions.", $"{text[..cut]}@1.2.0, {text[..cut]}@1.2 or {text[..cut]}@^1.2");
        return text[..cut];
    }

    internal void Skill(IReadOnlyDictionary<string, SkillTerms> skills, string skill, string at)
    {
        if (skills.ContainsKey(skill)) return;
        if (SkillNames.Off(skill) is { } off)
        {
            Problem(at, off.Code, off.Message);
            return;
        }

        var near = skills.ContainsKey(SkillNames.Bare(skill)) ? SkillNames.Bare(skill) : Nearest.To(skill, skills.Keys.Order(StringComparer.Ordinal).ToArray());
        Problem(at, "SKILL_NOT_FOUND", $"There is no skill {skill}.", near is null ? "aos skills lists the skills." : $"Did you mean {near}?");
    }

    /// <summary>Names the members that have no meaning, with the nearest one that has.</summary>
    internal void Unknown(PlanMembers value, string path, bool strict, params ReadOnlySpan<string> known)
    {
        foreach (var (name, _) in value.All)
        {
            if (known.Contains(name)) continue;
            var at = path.Length == 0 ? name : $"{path}.{name}";
            var near = Nearest.To(name, known);
            var suggestion = near is null ? null : $"Did you mean {near}?";
            if (strict) Problem(at, "UNKNOWN_MEMBER", $"{name} has no meaning here.", suggestion);
            else Warn(at, "UNKNOWN_MEMBER", $"{name} has no meaning here and was ignored.", suggestion);
        }
    }
}

/// <summary>The nearest known word, for "did you mean".</summary>
public static class Nearest
{
    /// <summary>The word nearest to a mistyped one, or null when none is near.</summary>
    public static string? To(string word, ReadOnlySpan<string> known)
    {
        string? best = null;
        var distance = Math.Max(2, word.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var d = Distance(word, candidate);
            if (d >= distance) continue;
            distance = d;
            best = candidate;
        }

        return best;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64) return int.MaxValue;
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
