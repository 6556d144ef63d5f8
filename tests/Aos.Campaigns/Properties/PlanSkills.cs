using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>The skills that random plans name: one of each class of effect, free and with a price.</summary>
internal static class PlanSkills
{
    internal static ImmutableSortedDictionary<string, SkillTerms> All { get; } = new[]
    {
        Terms("echo", EffectClass.Pure, 0),
        Terms("put", EffectClass.Idempotent, 0),
        Terms("get", EffectClass.Idempotent, 0) with { StableFields = ["status"] },
        Terms("post", EffectClass.AtMostOnce, 2) with { KeyMakesIdempotent = true },
        Terms("ask", EffectClass.Reconcilable, 1),
        Terms("paid", EffectClass.Idempotent, 5),
        Terms("llm_invoke", EffectClass.Idempotent, 2),
        Terms("search", EffectClass.Idempotent, 1) with
        {
            Tool = new ToolTerms("Finds texts.", Json.Parse("""{"type":"object","required":["q"],"properties":{"q":{"type":"string"}},"additionalProperties":false}""")),
        },
    }.ToImmutableSortedDictionary(terms => terms.Name, terms => terms, StringComparer.Ordinal);

    private static SkillTerms Terms(string name, EffectClass effect, decimal cents) => new(
        name, "1.0.0", effect, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false,
        cents == 0 ? CostModel.Free : new CostModel(cents, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0), TimeSpan.FromSeconds(30), [], [], []);
}
