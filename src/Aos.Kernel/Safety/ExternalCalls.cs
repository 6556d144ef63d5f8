using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>One rule of <see cref="ExternalCalls"/>.</summary>
/// <param name="Hosts">In the form of <see cref="DomainRules.Normal"/>. Null: all; empty: none.</param>
/// <param name="Skills">Whose calls may go out. Null: of all; empty: of none.</param>
public sealed record CallRule(ImmutableArray<string>? Hosts, ImmutableArray<string>? Skills)
{
    internal bool Allows(string skill, WebTarget target) =>
        (Skills is not { } skills || skills.Contains(skill)) && new DomainRules(Hosts, []).Wall(target) is null;
}

/// <summary>
/// Where the calls of a run may go: a target is let out when every rule lets it out. A plan has one rule; the request of a run, and
/// each run above a child, add theirs, so that whoever comes later can only narrow it. What stays within the machine is no external call.
/// </summary>
public sealed record ExternalCalls(ImmutableArray<CallRule> Rules)
{
    /// <summary>Skills of one rule.</summary>
    public const int SkillsMax = 200;

    /// <summary>Nothing goes out.</summary>
    public static ExternalCalls Deny { get; } = new([new CallRule([], null)]);

    public bool Allows(string skill, WebTarget target)
    {
        foreach (var rule in Rules)
        {
            if (!rule.Allows(skill, target)) return false;
        }

        return true;
    }

    /// <summary>URLs written out in a plan to which its own word lets no call go, each with its place; a URL of a template is judged at the call.</summary>
    /// <param name="targetParam">Of a skill the parameter that holds the URL its call goes to, or null.</param>
    public static IEnumerable<PlanProblem> Gaps(Plan plan, Func<string, string?> targetParam)
    {
        if (plan.Calls is not { } calls) yield break;
        foreach (var (path, step, url) in PlanTargets.Of(plan, targetParam))
        {
            if (WebTarget.Of(url) is not { } target || IsHere(target) || calls.Rules.All(rule => new DomainRules(rule.Hosts, []).Wall(target) is null)) continue;
            yield return new PlanProblem(path, "EXTERNAL_CALL_BLOCKED", $"external_calls lets no call go to {target}: step {plan.Steps[step].Id} will fail.", "Name the host in external_calls, or leave the call out.");
        }
    }

    private static bool IsHere(WebTarget target) => target.Host == "localhost" || target.Host.EndsWith(".localhost", StringComparison.Ordinal)
        || (System.Net.IPAddress.TryParse(target.Host, out var address) && System.Net.IPAddress.IsLoopback(address));

    /// <summary>What both let out. Null: nothing is kept in.</summary>
    public static ExternalCalls? Narrow(ExternalCalls? outer, ExternalCalls? inner)
    {
        if (outer is null || inner is null) return outer ?? inner;
        // A child whose plan says what its parent's does needs no second rule; this also makes the start of a run that is read again the same.
        return new ExternalCalls([.. outer.Rules, .. inner.Rules.Where(rule => !outer.Rules.Any(other => IsSame(rule, other)))]);
    }

    /// <summary>
    /// Reads <c>deny</c>, <c>allow</c>, a list of hosts, or <c>{hosts, skills}</c>. All null: <c>allow</c>. With a problem, where it stands
    /// and what it is.
    /// </summary>
    public static (ExternalCalls? Calls, string? Path, string? Problem) Read(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String when value.GetString() == "deny": return (Deny, null, null);
            case JsonValueKind.String when value.GetString() == "allow": return (null, null, null);
            case JsonValueKind.Array:
                var (hosts, at, wrong) = Hosts(value, path);
                return hosts is { } listed ? (new ExternalCalls([new CallRule(listed, null)]), null, null) : (null, at, wrong);
            case JsonValueKind.Object: return Rule(value, path);
            default: return (null, path, $"{path} is deny, allow, a list of hosts, or an object with hosts and skills.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static (ExternalCalls? Calls, string? Path, string? Problem) ReadAll(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Array) return (null, path, $"{path} is no list of rules.");
        ExternalCalls? all = null;
        foreach (var rule in value.EnumerateArray())
        {
            var (one, at, problem) = Read(rule, path);
            if (problem is not null) return (null, at, problem);
            all = Narrow(all, one);
        }

        return (all, null, null);
    }

    /// <summary>A list of rules, each with <c>hosts</c> and <c>skills</c> where it has them.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var rule in Rules)
        {
            writer.WriteStartObject();
            List("hosts", rule.Hosts);
            List("skills", rule.Skills);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();

        void List(string name, ImmutableArray<string>? texts)
        {
            if (texts is not { } listed) return;
            writer.WriteStartArray(name);
            foreach (var text in listed) writer.WriteStringValue(text);
            writer.WriteEndArray();
        }
    }

    private static (ExternalCalls? Calls, string? Path, string? Problem) Rule(JsonElement value, string path)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name is not ("hosts" or "skills")) return (null, $"{path}.{member.Name}", $"{member.Name} has no meaning here; there are hosts and skills.");
        }

        ImmutableArray<string>? hosts = null;
        ImmutableArray<string>? skills = null;
        if (value.Get("hosts") is { } named)
        {
            var (listed, at, wrong) = Hosts(named, $"{path}.hosts");
            if (listed is null) return (null, at, wrong);
            hosts = listed;
        }

        if (value.Get("skills") is { } callers)
        {
            var (listed, at, wrong) = Texts(callers, $"{path}.skills", SkillsMax);
            if (listed is null) return (null, at, wrong);
            skills = [.. listed.Select(SkillNames.Bare)];
        }

        return hosts is null && skills is null ? (null, null, null) : (new ExternalCalls([new CallRule(hosts, skills)]), null, null);
    }

    private static (ImmutableArray<string>? Hosts, string? Path, string? Problem) Hosts(JsonElement value, string path)
    {
        var (texts, at, wrong) = Texts(value, path, DomainRules.DomainsMax);
        if (texts is null) return (null, at, wrong);
        var hosts = ImmutableArray.CreateBuilder<string>(texts.Count);
        for (var i = 0; i < texts.Count; i++)
        {
            if (DomainRules.Normal(texts[i], out var problem) is not { } host) return (null, $"{path}[{i}]", $"{path}[{i}] {problem}.");
            hosts.Add(host);
        }

        return (hosts.ToImmutable(), null, null);
    }

    private static (List<string>? Texts, string? Path, string? Problem) Texts(JsonElement value, string path, int max)
    {
        if (value.ValueKind != JsonValueKind.Array) return (null, path, $"{path} is a list of texts.");
        if (value.GetArrayLength() > max) return (null, path, $"{path} has more than {max} entries.");
        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String) return (null, $"{path}[{texts.Count}]", $"{path}[{texts.Count}] is no text.");
            texts.Add(item.GetString()!);
        }

        return (texts, null, null);
    }

    private static bool IsSame(CallRule one, CallRule other) => IsSame(one.Hosts, other.Hosts) && IsSame(one.Skills, other.Skills);

    private static bool IsSame(ImmutableArray<string>? one, ImmutableArray<string>? other) =>
        one is { } some && other is { } others ? some.SequenceEqual(others, StringComparer.Ordinal) : one is null && other is null;
}
