using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary>One call as a stub got it.</summary>
public sealed record StubCall(string Skill, JsonElement Params);

/// <summary>
/// A skill under its own name whose world outside a test has recorded. Parameters, results, hashes and codes are the real skill's: only
/// what it would have asked is not. <see cref="ScriptedSkills.Add(StubSkill)"/> puts it into a <see cref="World"/>.
/// </summary>
public abstract class StubSkill
{
    private readonly ConcurrentQueue<StubCall> calls = new();
    private readonly ImmutableSortedDictionary<string, IRegistered> skills;

    private protected StubSkill(StubFaults faults, params IRegistered[] skills)
    {
        Faults = faults;
        this.skills = skills.ToImmutableSortedDictionary(skill => skill.Name, skill => skill, StringComparer.Ordinal);
        Name = skills[0].Name;
    }

    /// <summary>The skill it stands for; the first, when it stands for several.</summary>
    public string Name { get; }

    /// <summary>What the skills say of themselves, by name.</summary>
    public IReadOnlyDictionary<string, SkillContract> Contracts => skills.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.Contract, StringComparer.Ordinal);

    /// <summary>Every call, in order, those too that failed.</summary>
    public IReadOnlyList<StubCall> Calls => [.. calls];

    internal IEnumerable<SkillTerms> Terms => skills.Values.Select(skill => skill.Terms);

    private protected StubFaults Faults { get; }

    /// <summary>Forgets the calls. What was recorded stays, and begins anew.</summary>
    public virtual void Reset()
    {
        calls.Clear();
        Faults.Reset();
    }

    /// <summary>One call outside of any run.</summary>
    /// <param name="skill">Null: <see cref="Name"/>.</param>
    public Task<StructuredOutcome> CallAsync(string parameters, string? skill = null, CancellationToken cancel = default) =>
        CallAsync(skill ?? Name, Json.Parse(parameters), new SkillCall(TenantId.Default, null, null, "agent", "stub-1", 42, TimeSpan.FromSeconds(30)), cancel);

    internal Task<StructuredOutcome> CallAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        calls.Enqueue(new StubCall(skill, parameters));
        return skills[skill].InvokeAsync(parameters, call, cancel);
    }

    internal IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) => skills[skill].Check(parameters, path);
}

/// <summary>Failures that a test asked for.</summary>
internal sealed class StubFaults
{
    private readonly Lock gate = new();
    private readonly List<Fault> faults = [];

    /// <param name="pattern">What the text of the call holds, whatever case.</param>
    /// <param name="code">Of the catalog, or an older name of one.</param>
    internal void Add(string pattern, string code, string message, int times, TimeSpan? retryAfter)
    {
        var known = FailureCatalog.Find(code) ?? throw new ArgumentException($"The catalog of failures has no code {code}.", nameof(code));
        lock (gate) faults.Add(new Fault(pattern, FailureCatalog.Fail(known.Code, message, retryAfter), times));
    }

    /// <summary>The failure of this call; null: it has none.</summary>
    internal Failure? Next(string text)
    {
        lock (gate)
        {
            if (faults.Find(fault => fault.Met < fault.Times && text.Contains(fault.Pattern, StringComparison.OrdinalIgnoreCase)) is not { } fault) return null;
            fault.Met++;
            return fault.Failure;
        }
    }

    internal void Reset()
    {
        lock (gate) faults.ForEach(fault => fault.Met = 0);
    }

    private sealed class Fault(string pattern, Failure failure, int times)
    {
        internal string Pattern => pattern;

        internal Failure Failure => failure;

        internal int Times => times;

        internal int Met { get; set; }
    }
}
