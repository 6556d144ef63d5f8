using System.Collections.Immutable;
using System.Globalization;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Simulation;

/// <summary>Small plans, read once: every class of effect, sleeps, signals, children, lists, retries, budgets, agent loops and approvals.</summary>
internal static class Plans
{
    private const int Count = 256;

    /// <summary>Beside those: plans with agent loops and approvals.</summary>
    private const int LoopCount = 128;

    internal static ScriptedSkills Skills { get; } = new ScriptedSkills(TimeProvider.System).Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent, cents: 1)
        .Add("post", EffectClass.AtMostOnce, cents: 2).Add("ask", EffectClass.Reconcilable, cents: 1).Add("flaky", EffectClass.Idempotent, cents: 1)
        .Add("llm_invoke", EffectClass.Idempotent, cents: 1);

    internal static ImmutableSortedDictionary<string, SkillTerms> Terms { get; } =
        Skills.Terms.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value with { TimeoutDefault = TimeSpan.FromSeconds(10) }, StringComparer.Ordinal);

    internal static IReadOnlyList<Plan> All { get; } = 
    [
        .. Enumerable.Range(0, Count).Select(i => Read(new Chance((ulong)i), Step)), .. Enumerable.Range(Count, LoopCount).Select(i => Read(new Chance((ulong)i), LoopStep)),
    ];

    private static readonly Dictionary<Plan, ImmutableSortedDictionary<string, SkillTerms>> Used = All.ToDictionary(
        plan => plan, plan => Terms.Where(pair => Admission.SkillsOf(plan).Contains(pair.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal), ReferenceEqualityComparer.Instance as IEqualityComparer<Plan>);

    internal static ImmutableSortedDictionary<string, SkillTerms> TermsOf(Plan plan) => Used[plan];

    internal static Cents Cost(string skill) => new(skill == "post" ? 2 : 1);

    private static Plan Read(Chance chance, Func<Chance, int, string> step)
    {
        var isGraph = chance.OneIn(2);
        var steps = Enumerable.Range(0, 1 + chance.Below(4)).Select(i =>
        {
            var dependsOn = isGraph && i > 0 ? $", \"depends_on\": [\"s{chance.Below(i)}\"]" : "";
            return $$"""{ "id": "s{{i}}", {{step(chance, i)}}{{dependsOn}} }""";
        });
        var text = $$"""{ "name": "p", "steps": [{{string.Join(", ", steps)}}] }""";
        var reading = PlanReader.Read(Json.Parse(text), Terms);
        return reading.Plan ?? throw new InvalidOperationException(string.Join('\n', reading.Problems));
    }

    private static string Step(Chance chance, int i) => chance.Below(11) switch
    {
        0 => $$"""  "skill": "echo", "params": { "n": {{i}} } """,
        1 or 2 => $$"""  "skill": "put", "params": { "n": {{i}} } """,
        3 or 4 => $$"""  "skill": "post", "params": { "n": {{i}} } """,
        5 => $$"""  "skill": "ask", "params": { "n": {{i}} } """,
        6 => $"\"sleep\": \"{(1 + chance.Below(4)).ToString(CultureInfo.InvariantCulture)}s\"",
        7 => $$"""  "await": { "signal": "go{{i}}" } """,
        8 => """ "run": { "plan": { "name": "c", "steps": [{ "id": "x", "skill": "put" }, { "id": "y", "sleep": "1s" }] } } """,
        9 => """ "for_each": "${{ [1, 2, 3] }}", "as": "item", "max_parallel": 2, "skill": "put", "params": { "v": "${{ item }}" } """,
        _ => $$"""  "skill": "flaky", "params": { "n": {{i}} }, "retry": { "max_attempts": 4, "backoff": "1s" } """,
    };

    private static string LoopStep(Chance chance, int i) => chance.Below(5) switch
    {
        0 => """ "await": { "approval": { "level": 2 } } """,
        1 => """ "agent": { "goal": "g", "skills": ["put", "post", "echo", "flaky"], "approve": ["post"], "max_turns": 6, "max_cost_cents": 20 }, "retry": { "max_attempts": 4, "backoff": "1s" } """,
        2 => """ "agent": { "goal": "g", "skills": ["ask", "put"], "max_turns": 3 }, "timeout": "40s", "on_error": "continue" """,
        3 => """ "run": { "plan": { "name": "c", "steps": [{ "id": "x", "skill": "put" }, { "id": "y", "skill": "put" }] } } """,
        _ => $$"""  "skill": "put", "params": { "n": {{i}} } """,
    };
}
