using Aos.Contracts;
using Aos.Testing;
using System.Text.Json;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Scripted skills whose calls of <c>slow</c>, <c>once</c> and <c>deaf</c> are under way until the test lets them end; <c>deaf</c> does not stop when told to.</summary>
internal sealed class GatedSkills : ISkills
{
    private readonly ScriptedSkills inner = new ScriptedSkills(TimeProvider.System)
        .Add("echo", EffectClass.Pure).Add("slow", EffectClass.Idempotent).Add("once", EffectClass.AtMostOnce).Add("deaf", EffectClass.AtMostOnce);

    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the first gated call is under way.</summary>
    internal Task Called => called.Task;

    /// <summary>Calls with an effect that have happened.</summary>
    internal IReadOnlyList<ScriptedCall> Effects => inner.Effects;

    public IReadOnlyDictionary<string, SkillDescription> All => inner.All;

    public IReadOnlyDictionary<string, SkillContract> Contracts => inner.Contracts;

    public IReadOnlyDictionary<string, SkillTerms> Terms => inner.Terms;

    internal void Open() => gate.TrySetResult();

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) => inner.Check(skill, parameters, path);

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (skill == "echo") return await inner.InvokeAsync(skill, parameters, call, cancel);
        called.TrySetResult();
        await gate.Task.WaitAsync(skill == "deaf" ? CancellationToken.None : cancel);
        return await inner.InvokeAsync(skill, parameters, call, cancel);
    }
}
