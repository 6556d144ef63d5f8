using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;

namespace Aos.Integration.Tests.Budgets;

/// <summary>
/// A provider that counts what it charges: a call costs 1 to <see cref="Bound"/> cents, the same at every try under its key, and is charged once.
/// </summary>
internal sealed class Till : ISkills
{
    internal const int Bound = 5;
    private readonly ScriptedSkills inner = new ScriptedSkills(TimeProvider.System).Add("echo", EffectClass.Pure).Add("buy", EffectClass.Idempotent, cents: Bound).Add("once", EffectClass.AtMostOnce, cents: Bound);
    private readonly ConcurrentDictionary<string, int> charged = new(StringComparer.Ordinal);

    /// <summary>What goes on right before a call is charged, and right after.</summary>
    internal Func<string, Task> At { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Cents of a call with this key.</summary>
    internal Func<string, int> Price { get; set; } = static key => 1 + (key.Sum(static c => c) % Bound);

    /// <summary>What was charged so far, in cents.</summary>
    internal int Charged => charged.Values.Sum();

    internal int Calls => charged.Count;

    public IReadOnlyDictionary<string, SkillDescription> All => inner.All;

    public IReadOnlyDictionary<string, SkillContract> Contracts => inner.Contracts;

    public IReadOnlyDictionary<string, SkillTerms> Terms => inner.Terms;

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) => inner.Check(skill, parameters, path);

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (skill == "echo") return StructuredOutcome.Succeeded(parameters);
        await At("before the call");
        var cents = charged.GetOrAdd(call.IdempotencyKey, Price);
        await At("after the call");
        return StructuredOutcome.Succeeded(parameters, new Cents(cents));
    }
}
