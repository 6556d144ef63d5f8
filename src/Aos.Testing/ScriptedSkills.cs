using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>What a scripted skill does with one call.</summary>
public enum Behaviour
{
    /// <summary>The effect happens once and is answered.</summary>
    Answer,

    /// <summary>The effect happens and the answer arrives twice: once as a return value, once as mail.</summary>
    Twice,

    /// <summary>The effect happens and no answer ever comes: the call ends when it is timed out or cancelled.</summary>
    ThenNever,

    /// <summary>Nothing happens; the call fails as <see cref="ScriptedSkills.Fails"/> says.</summary>
    Fail,

    /// <summary>Nothing happens; the call fails with a failure that no further try can mend.</summary>
    Refuse,

    /// <summary>The process ends before the effect.</summary>
    CrashBefore,

    /// <summary>The effect happens, then the process ends before anybody hears of it.</summary>
    CrashAfter,
}

/// <summary>One call as a skill saw it.</summary>
/// <param name="Number">From 1 among the calls with this idempotency key.</param>
public sealed record ScriptedCall(string Skill, JsonElement Params, SkillCall Call, int Number);

/// <summary>
/// Skills without a world: each call is written down and answered by a script. The effects survive the processes of a
/// <see cref="World"/>, as the outside does.
/// </summary>
public sealed class ScriptedSkills(TimeProvider clock) : ISkills
{
    private readonly ConcurrentDictionary<string, Script> scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ScriptedCall> effects = new();
    private IReadOnlyDictionary<string, SkillTerms> terms = ImmutableSortedDictionary<string, SkillTerms>.Empty;

    /// <summary>Every effect that happened, in order. Calls of pure skills and calls that failed before they happened are not in it.</summary>
    public IReadOnlyList<ScriptedCall> Effects => [.. effects];

    /// <summary>Says what a call does; by default each is answered.</summary>
    public Func<ScriptedCall, Behaviour> Behave { get; set; } = static _ => Behaviour.Answer;

    /// <summary>What a call says that fails; by default that it came too often, which is tried again.</summary>
    public Func<ScriptedCall, Failure> Fails { get; set; } = static _ => FailureCatalog.Fail("RATE_LIMITED", "The script says so.");

    /// <summary>Sees a call right before its effect, for instance to check what is on record by then.</summary>
    public Action<ScriptedCall>? BeforeEffect { get; set; }

    /// <summary>What a call that never answers still does when it is called off.</summary>
    public Func<Task> Leaving { get; set; } = static () => Task.CompletedTask;

    public IReadOnlyDictionary<string, SkillDescription> All => ImmutableSortedDictionary<string, SkillDescription>.Empty;

    public IReadOnlyDictionary<string, SkillContract> Contracts => All.ToDictionary(pair => pair.Key, pair => pair.Value.Contract, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, SkillTerms> Terms => terms;

    /// <summary>Ends the process the call runs in; set by the world.</summary>
    internal Func<Task<StructuredOutcome>>? Crash { get; set; }

    /// <summary>Delivers an answer a second time; set by the world.</summary>
    internal Func<ScriptedCall, StructuredOutcome, Task>? Again { get; set; }

    /// <summary>Adds a skill.</summary>
    /// <param name="answer">The result of a call; by default its parameters. Must be the same for the same call.</param>
    /// <param name="cents">Cost and upper bound of a call.</param>
    /// <param name="version">What runs that start from now on pin; one added again takes the place of the one before.</param>
    public ScriptedSkills Add(string name, EffectClass effect, Func<ScriptedCall, JsonElement>? answer = null, decimal cents = 0, string version = "1.0.0")
    {
        var cost = cents == 0 ? CostModel.Free : new CostModel(cents, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0);
        scripts[name] = new Script(effect, answer ?? (static call => call.Params), new Cents(cents));
        terms = new Dictionary<string, SkillTerms>(terms, StringComparer.Ordinal)
        {
            [name] = new(name, version, effect, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, cost, TimeSpan.FromSeconds(30), [], [], []),
        };
        return this;
    }

    /// <summary>Adds the skills that a stub stands for. A call that fails did not happen: it is among the calls of the stub, not among the effects.</summary>
    public ScriptedSkills Add(StubSkill stub)
    {
        var known = new Dictionary<string, SkillTerms>(terms, StringComparer.Ordinal);
        foreach (var one in stub.Terms)
        {
            known[one.Name] = one;
            scripts[one.Name] = new Script(one.Effect, static call => call.Params, Cents.Zero, stub);
        }

        terms = known;
        return this;
    }

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) =>
        scripts.TryGetValue(skill, out var script) ? script.Stub?.Check(skill, parameters, path) ?? [] : [new PlanProblem(path, "SKILL_NOT_FOUND", $"There is no skill {skill}.")];

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (!scripts.TryGetValue(skill, out var script)) return StructuredOutcome.Failed(FailureCatalog.Fail("SKILL_NOT_FOUND", $"There is no skill {skill}."));
        var seen = new ScriptedCall(skill, parameters, call, numbers.AddOrUpdate(call.IdempotencyKey, 1, static (_, n) => n + 1));
        var behaviour = Behave(seen);
        if (behaviour == Behaviour.CrashBefore && Crash is { } before) return await before();
        if (behaviour == Behaviour.Refuse) return StructuredOutcome.Failed(FailureCatalog.Fail("FILE_NOT_FOUND", "The script says so."));
        if (behaviour == Behaviour.Fail) return StructuredOutcome.Failed(Fails(seen));
        var answered = script.Stub is { } stub ? await stub.CallAsync(skill, parameters, call, cancel) : null;
        if (answered is { Ok: false }) return answered;
        if (script.Effect != EffectClass.Pure)
        {
            BeforeEffect?.Invoke(seen);
            effects.Enqueue(seen);
        }

        var outcome = answered ?? StructuredOutcome.Succeeded(script.Answer(seen), script.Cost);
        if (behaviour == Behaviour.CrashAfter && Crash is { } after) return await after();
        if (behaviour == Behaviour.Twice && Again is { } again) await again(seen, outcome);
        return behaviour == Behaviour.ThenNever ? await NeverAsync(skill, call, cancel) : outcome;
    }

    private async Task<StructuredOutcome> NeverAsync(string skill, SkillCall call, CancellationToken cancel)
    {
        try
        {
            await Task.Delay(call.Timeout, clock, cancel);
        }
        catch (OperationCanceledException)
        {
            await Leaving();
            throw;
        }

        return StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", $"{skill} did not answer."), default, call.Timeout);
    }

    private sealed record Script(EffectClass Effect, Func<ScriptedCall, JsonElement> Answer, Cents Cost, StubSkill? Stub = null);
}
