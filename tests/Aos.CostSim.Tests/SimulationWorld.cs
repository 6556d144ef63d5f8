using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.CostSim.Tests;

/// <summary>The simulator over the price table, with all skills of the table there but the last two.</summary>
internal static class SimulationWorld
{
    private static readonly CostModel Model = new(
        0, 0, "big", ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal, [KeyValuePair.Create("big", new TokenPrice(300, 1500)), KeyValuePair.Create("tiny", new TokenPrice(10, 100)), KeyValuePair.Create("free", new TokenPrice(0, 0))]), 4096);

    internal static SimulatorFacts House { get; } = Make();

    internal static SimulatorFacts With(BudgetLimits limits) => House with { Limits = limits };

    internal static SimulationRequest Ask(string plan, decimal? budget = 1000, string[]? allowed = null, string[]? blocked = null, string inputs = "{}") => new(
        PlanReader.Read(Json.Parse(plan), House.Terms, allowUnknownSkills: true), TenantId.Default, null, budget is { } cents ? new Cents(cents) : null,
        allowed is null && blocked is null ? null : new AgentRules(allowed is null ? null : [.. allowed], [.. blocked ?? []], DomainRules.None), 42, null, Json.Parse(inputs));

    internal static Simulation Simulate(string plan, decimal? budget = 1000, string[]? allowed = null, string[]? blocked = null, string inputs = "{}") =>
        Simulator.Simulate(House, Ask(plan, budget, allowed, blocked, inputs));

    /// <summary>A list of calls of these skills with no parameters.</summary>
    internal static string Calls(params string[] skills) => "[" + string.Join(',', skills.Select(skill => $"{{\"skill\":\"{skill}\",\"params\":{{}}}}")) + "]";

    private static SimulatorFacts Make()
    {
        var terms = TypicalFigures.Rows.Keys.Append("echo").Where(name => name is not ("shell" or "shell_lite")).ToFrozenDictionary(name => name, Terms, StringComparer.Ordinal);
        var prices = TypicalFigures.Rows.ToDictionary(pair => pair.Key, pair => pair.Value with { Bound = pair.Key == "llm_invoke" ? Model : CostModel.Free }, StringComparer.Ordinal);
        prices["echo"] = new SkillPrice("echo", 0, 1, []) { Bound = CostModel.Free };
        return new SimulatorFacts(terms, prices, BudgetLimits.None, 0.5, new Lazy<ImmutableSortedDictionary<string, string>>(ImmutableSortedDictionary<string, string>.Empty.Add("simulator", Simulator.Version)));
    }

    private static SkillTerms Terms(string name) => new(
        name, "1.0.0", EffectClass.Idempotent, null, ImmutableSortedDictionary<string, EffectClass>.Empty, true,
        name == "llm_invoke" ? Model : CostModel.Free, TimeSpan.FromSeconds(30), [], [], []);
}
