using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary>A skill behind everything that stands before skills in a house: limits, secrets, redaction.</summary>
internal sealed class SkillBench<TIn, TOut>
    where TIn : class
    where TOut : class
{
    /// <summary>A secret that is found again wherever it comes out.</summary>
    internal const string Secret = "conformance/s3cret+0f9c41d2";

    internal const string SecretName = "CONFORMANCE";

    private readonly Registry registry;
    private readonly Registered<TIn, TOut> registered;
    /// <summary>What the skill keeps may outlive one check.</summary>
    private readonly Guid run = Guid.NewGuid();
    private int calls;

    internal SkillBench(ISkill<TIn, TOut> skill, ConformanceOptions options)
    {
        (Skill, Options) = (skill, options);
        Watched = new Watched<TIn, TOut>(skill);
        registered = new Registered<TIn, TOut>(skill.Contract.Name, () => Watched);
        var lookup = new SecretLookup([new OneSecret()], new EnvironmentSecrets());
        registry = new Registry(
            [registered], new SkillGate(new SkillsOptions(), static () => null), new SecretTokens(lookup), new ConnectionOpener(lookup), new TokenQuota(), TimeProvider.System);
    }

    internal ISkill<TIn, TOut> Skill { get; }

    internal ConformanceOptions Options { get; }

    internal Watched<TIn, TOut> Watched { get; }

    internal SkillContract Contract => Skill.Contract;

    internal SkillDescription Description => registered.Description;

    internal string NewKey() => $"{run}-{++calls}";

    /// <summary>A call as runs make it.</summary>
    internal Task<StructuredOutcome> CallAsync(JsonElement parameters, string key, TimeSpan timeout, CancellationToken cancel) =>
        registry.InvokeAsync(Contract.Name, parameters, Call(key, timeout, parameters), cancel);

    /// <summary>A call past the sandbox, so that the skill sees what it would keep away. Throws what the skill throws.</summary>
    internal Task<StructuredOutcome> CallBareAsync(JsonElement parameters, CancellationToken cancel) =>
        registered.InvokeAsync(parameters, Call(NewKey(), Options.Timeout, null), cancel);

    private static SkillCall Call(string key, TimeSpan timeout, JsonElement? written) => new(TenantId.Default, null, null, "conformance", key, 42, timeout) { Written = written };

    private sealed class OneSecret : ISecrets
    {
        public ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel) => ValueTask.FromResult<SecretAnswer?>(SecretAnswer.Of(Secret));
    }
}

/// <summary>The skill itself, and when its own work is over: whoever calls it may have left before.</summary>
internal sealed class Watched<TIn, TOut>(ISkill<TIn, TOut> inner) : ISkill<TIn, TOut>
    where TIn : class
    where TOut : class
{
    private TaskCompletionSource begun = new();

    public SkillContract Contract => inner.Contract;

    public JsonTypeInfo<TIn> Input => inner.Input;

    public JsonTypeInfo<TOut> Output => inner.Output;

    /// <summary>The newest call's own work.</summary>
    internal Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>Ends when the next call has come to the skill.</summary>
    internal Task Begins()
    {
        begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return begun.Task;
    }

    /// <summary>What the newest call threw, other than that it was called off.</summary>
    internal Exception? Thrown { get; private set; }

    public Task<SkillAnswer<TOut>> InvokeAsync(TIn input, SkillCall call, CancellationToken cancel)
    {
        var work = RunAsync(input, call, cancel);
        Work = work;
        return work;
    }

    private async Task<SkillAnswer<TOut>> RunAsync(TIn input, SkillCall call, CancellationToken cancel)
    {
        Thrown = null;
        await Task.Yield(); // A skill that holds on to its thread must not hold the checks.
        begun.TrySetResult();
        try
        {
            return await inner.InvokeAsync(input, call, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            Thrown = e;
            throw;
        }
    }
}
