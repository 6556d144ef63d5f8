using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Compares contracts of skills as snapshots of the registry have them (docs/skill-kit.md).</summary>
public static class ContractDiffs
{
    /// <summary>From the one that promises most of a repeated call to the one that promises least.</summary>
    private static readonly string[] Effects = ["pure", "idempotent", "reconcilable", "at_most_once"];

    /// <summary>
    /// The newest version of each skill of one snapshot against that of the other, by name, and behind it each other version against itself;
    /// equal ones are left out.
    /// </summary>
    public static ImmutableArray<ContractDiff> OfSnapshots(JsonElement old, JsonElement now)
    {
        var (before, after) = (Shelves(old), Shelves(now));
        var diffs = before.Keys.Union(after.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .SelectMany(name => Of(name, before.GetValueOrDefault(name, []), after.GetValueOrDefault(name, [])));
        return [.. diffs.Where(diff => !diff.Changes.IsEmpty || diff.Old != diff.New)];
    }

    /// <summary>All versions of one skill, newest first.</summary>
    private static IEnumerable<ContractDiff> Of(string name, List<Placed> old, List<Placed> now)
    {
        if (old.Count == 0) return [new ContractDiff(name, null, now[0].Text, [new ContractChange(ChangeWeight.NonBreaking, "skill_added", "", "The skill is new.")])];
        if (now.Count == 0)
            return [new ContractDiff(name, old[0].Text, null, [new ContractChange(ChangeWeight.Breaking, "skill_removed", "", "The skill is gone.")]) { Recommended = VersionBump.Major, IsBumped = false }];
        var newest = Of(old[0].Skill, now[0].Skill);
        var kept = old.Where(one => one.Text != old[0].Text || one.Text != now[0].Text).SelectMany(was => now.Where(here => here.Text == was.Text), (was, here) => Of(was.Skill, here.Skill));
        return kept.Prepend(newest with { Changes = [.. newest.Changes, .. Gone(old, now)] });
    }

    /// <summary>Versions without a successor: plans ask for them, or for what begins so.</summary>
    private static IEnumerable<ContractChange> Gone(List<Placed> old, List<Placed> now) => old
        .Where(was => VersionRange.Read($"^{was.Text}") is { } successors && !now.Exists(here => successors.Holds(here.Version)))
        .Select(was => new ContractChange(ChangeWeight.Breaking, "version_removed", "version", $"{was.Text} is gone, and nothing here serves plans that ask for it."));

    /// <summary>Two versions of one skill.</summary>
    public static ContractDiff Of(JsonElement old, JsonElement now)
    {
        var changes = new List<ContractChange>();
        new SchemaDiff(old.Get("input_schema") ?? Json.True, now.Get("input_schema") ?? Json.True, isInput: true, changes).Compare();
        new SchemaDiff(old.Get("output_schema") ?? Json.True, now.Get("output_schema") ?? Json.True, isInput: false, changes).Compare();
        new ContractRead(old.Get("contract") ?? Json.EmptyObject, now.Get("contract") ?? Json.EmptyObject, changes).Compare(Effects);
        return Weighed(now.GetText("name") ?? "", old.GetText("version") ?? "", now.GetText("version") ?? "", changes);
    }

    private static ContractDiff Weighed(string skill, string old, string now, List<ContractChange> changes)
    {
        var (before, after) = (SemanticVersion.Read(old), SemanticVersion.Read(now));
        // Below 1.0.0 a minor version may break what was.
        var needed = changes.Exists(change => change.Weight == ChangeWeight.Breaking) ? before is { Major: 0 } ? VersionBump.Minor : VersionBump.Major
            : changes.Exists(change => change.Weight == ChangeWeight.NonBreaking) ? VersionBump.Minor
            : changes.Count > 0 ? VersionBump.Patch
            : VersionBump.None;
        var isBumped = true;
        if (before is not null && after is not null)
        {
            var bump = Bump(before, after);
            // A pre-release is not promised to anybody yet.
            isBumped = after.CompareTo(before) >= 0 && (bump >= needed || (!before.IsStable && after.CompareTo(before) > 0));
            if (after.CompareTo(before) < 0) changes.Add(new ContractChange(ChangeWeight.Breaking, "version_lowered", "version", $"{now} is older than {old}."));
            else if (!isBumped) changes.Add(new ContractChange(ChangeWeight.Warning, "version_not_bumped", "version", $"{old} to {now} is too little for these changes: they need a new {needed.ToString().ToLowerInvariant()} version."));
            if (after.Major > before.Major) changes.Add(new ContractChange(ChangeWeight.Warning, "major_version", "version", "Plans that ask for the old major version keep it as long as it is there; those that name no version get the new one."));
        }

        return new ContractDiff(skill, old, now, [.. changes]) { Recommended = needed, IsBumped = isBumped };
    }

    private static VersionBump Bump(SemanticVersion old, SemanticVersion now) =>
        now.Major != old.Major ? VersionBump.Major : now.Minor != old.Minor ? VersionBump.Minor : now.CompareTo(old) != 0 ? VersionBump.Patch : VersionBump.None;

    private static SortedDictionary<string, List<Placed>> Shelves(JsonElement snapshot)
    {
        var shelves = new SortedDictionary<string, List<Placed>>(StringComparer.Ordinal);
        if (snapshot.Get("skills") is not { ValueKind: JsonValueKind.Array } list) return shelves;
        foreach (var skill in list.EnumerateArray())
        {
            if (skill.GetText("name") is not { } name || skill.GetText("version") is not { } text || SemanticVersion.Read(text) is not { } version) continue;
            if (!shelves.TryGetValue(name, out var shelf)) shelves[name] = shelf = [];
            shelf.Add(new Placed(version, text, skill));
        }

        foreach (var shelf in shelves.Values) shelf.Sort((left, right) => right.Version.CompareTo(left.Version) is var order && order != 0 ? order : string.CompareOrdinal(left.Text, right.Text));
        return shelves;
    }

    private sealed record Placed(SemanticVersion Version, string Text, JsonElement Skill);
}

/// <summary>What changed in the contract beside the schemas.</summary>
internal sealed class ContractRead(JsonElement old, JsonElement now, List<ContractChange> changes)
{
    internal void Compare(string[] effects)
    {
        Effect(effects);
        Names("stable_fields", "stable_field", ChangeWeight.Breaking, "is not stable any more");
        Names("failure_modes", "failure_mode", ChangeWeight.Breaking, "does not happen any more, so plans that wait for it wait in vain");
        Names("secret_params", "secret_param", ChangeWeight.Breaking, "takes no secrets any more");
        Names("connection_kinds", "connection_kind", ChangeWeight.Breaking, "is no kind of connection it takes any more");
        Names("tags", "tag", ChangeWeight.Warning, "is no tag any more: where the sandbox asks for it, the skill is refused");
        Names("free_params", "free_param", ChangeWeight.Warning, "is looked at by the sandbox now");
        Constraints();
        Same("cost", "cost_model_changed", ChangeWeight.NonBreaking, "The cost model has changed.");
        Same("target_param", "target_param_changed", ChangeWeight.Warning, "Another parameter says where a call goes.");
        Same("timeout_ms", "timeout_changed", ChangeWeight.Warning, "The time for a call has changed.");
        Same("description", "description_changed", ChangeWeight.Warning, "The description has changed: models choose by it.");
    }

    private void Effect(string[] effects)
    {
        Weaker("effect", "effect", old.GetText("effect"), now.GetText("effect"), effects);
        if (old.GetText("effect_param") != now.GetText("effect_param")) Add(ChangeWeight.Breaking, "effect_weakened", "effect_param", "Another parameter says what a repeat may do.");
        var (was, here) = (Members(old.Get("effect_by_param")), Members(now.Get("effect_by_param")));
        foreach (var value in was.Keys.Union(here.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
            Weaker("effect", $"effect_by_param.{value}", EffectOf(was, value, old), EffectOf(here, value, now), effects);
        if (old.Get("key_makes_idempotent") is { ValueKind: JsonValueKind.True } && now.Get("key_makes_idempotent") is not { ValueKind: JsonValueKind.True })
            Add(ChangeWeight.Breaking, "effect_weakened", "key_makes_idempotent", "A key does not make a repeat harmless any more.");
    }

    private static string? EffectOf(SortedDictionary<string, JsonElement> byParam, string value, JsonElement contract) =>
        byParam.TryGetValue(value, out var own) ? own.GetString() : contract.GetText("effect");

    private void Weaker(string type, string path, string? was, string? here, string[] effects)
    {
        if (was == here) return;
        var isWeaker = Array.IndexOf(effects, here) > Array.IndexOf(effects, was);
        var what = $"It was {was} and is {here}.";
        if (!isWeaker) Add(ChangeWeight.NonBreaking, $"{type}_strengthened", path, what);
        else Add(ChangeWeight.Breaking, was == "pure" ? "determinism_weakened" : $"{type}_weakened", path, what);
    }

    private void Names(string member, string type, ChangeWeight removed, string what)
    {
        var (was, here) = (Texts(old, member), Texts(now, member));
        foreach (var name in was.Except(here, StringComparer.Ordinal)) Add(removed, $"{type}_removed", $"{member}.{name}", $"{name} {what}.");
        foreach (var name in here.Except(was, StringComparer.Ordinal)) Add(ChangeWeight.NonBreaking, $"{type}_added", $"{member}.{name}", $"{name} is new.");
    }

    private void Constraints()
    {
        var (was, here) = (Members(old.Get("constraints")), Members(now.Get("constraints")));
        foreach (var (name, value) in was)
        {
            if (!here.TryGetValue(name, out var other)) Add(ChangeWeight.NonBreaking, "constraint_removed", $"constraints.{name}", $"{name} is no limit any more.");
            else if (!JsonElement.DeepEquals(value, other)) Constraint(name, value, other);
        }

        foreach (var name in here.Keys.Except(was.Keys, StringComparer.Ordinal)) Add(ChangeWeight.Breaking, "constraint_tightened", $"constraints.{name}", $"{name} is a limit now.");
    }

    /// <summary>A limit is an upper one, unless its name says otherwise.</summary>
    private void Constraint(string name, JsonElement was, JsonElement here)
    {
        if (was.ValueKind != JsonValueKind.Number || here.ValueKind != JsonValueKind.Number)
        {
            Add(ChangeWeight.Warning, "constraint_changed", $"constraints.{name}", $"{name} was {was.GetRawText()} and is {here.GetRawText()}.");
            return;
        }

        var isLower = here.GetDecimal() < was.GetDecimal();
        var isTighter = isLower != (name.StartsWith("min_", StringComparison.Ordinal) || name.EndsWith("_min", StringComparison.Ordinal));
        Add(isTighter ? ChangeWeight.Breaking : ChangeWeight.NonBreaking, isTighter ? "constraint_tightened" : "constraint_loosened", $"constraints.{name}", $"{name} was {was.GetRawText()} and is {here.GetRawText()}.");
    }

    private void Same(string member, string type, ChangeWeight weight, string what)
    {
        var (was, here) = (old.Get(member), now.Get(member));
        if (was is null && here is null) return;
        if (was is null || here is null || !JsonElement.DeepEquals(was.Value, here.Value)) Add(weight, type, member, what);
    }

    private void Add(ChangeWeight weight, string type, string path, string description) => changes.Add(new ContractChange(weight, type, path, description));

    private static SortedDictionary<string, JsonElement> Members(JsonElement? value)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        if (value is { ValueKind: JsonValueKind.Object } all)
        {
            foreach (var member in all.EnumerateObject()) members[member.Name] = member.Value;
        }

        return members;
    }

    private static IEnumerable<string> Texts(JsonElement contract, string member) =>
        contract.Get(member) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(item => item.GetString() ?? "") : [];
}
