using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a skill is told about the call it serves.</summary>
public sealed record SkillCall
{
    private readonly InvokeSkill? order;
    private readonly string key = "";
    private readonly ulong seed;

    /// <summary>A call that a run ordered.</summary>
    public SkillCall(RunStarted start, InvokeSkill order)
        : this(start.Tenant, start.Run, order.StepId, start.AgentId, order.Timeout)
    {
        this.order = order;
        Written = order.Written;
        Filled = order.Filled;
        Calls = start.Calls;
    }

    /// <summary>A call that no run ordered.</summary>
    public SkillCall(TenantId tenant, RunId? run, string? stepId, string agentId, string idempotencyKey, ulong seed, TimeSpan timeout)
        : this(tenant, run, stepId, agentId, timeout) => (key, this.seed) = (idempotencyKey, seed);

    private SkillCall(TenantId tenant, RunId? run, string? stepId, string agentId, TimeSpan timeout) =>
        (Tenant, Run, StepId, AgentId, Timeout) = (tenant, run, stepId, agentId, timeout);

    public TenantId Tenant { get; }

    public RunId? Run { get; }

    public string? StepId { get; }

    /// <summary>The call as the events of its run name it; null: no run ordered it.</summary>
    public EffectId? Effect => order?.Id;

    public string AgentId { get; }

    public TimeSpan Timeout { get; }

    /// <summary>Version of the skill that the run has; null: no run ordered the call, so the one that a name alone means.</summary>
    public string? Version => order?.Version;

    /// <summary>The same at every repeat of the same call: pass it on.</summary>
    public string IdempotencyKey => order?.IdempotencyKey ?? key;

    /// <summary>For anything random.</summary>
    public ulong Seed => order?.Seed ?? seed;

    /// <summary>
    /// The parameters as the author of the plan wrote them, templates unfilled. Only a <c>secret:NAME</c> that stands here is
    /// resolved: one that came in with data is text like any other. Null: nothing is resolved.
    /// </summary>
    public JsonElement? Written { get; init; }

    /// <summary>
    /// Which parts of the parameters came in with data, of a call that asks a model; null: it is not known, and <see cref="Written"/> tells
    /// at least which texts have such parts.
    /// </summary>
    public IReadOnlyList<Filling>? Filled { get; init; }

    /// <summary>Where the run lets its calls go; null: wherever the house does.</summary>
    public ExternalCalls? Calls { get; init; }

    /// <summary>The connection that the call goes through, with its secrets; null: the parameters name none.</summary>
    public OpenConnection? Connection { get; init; }
}

/// <summary>What a skill hands back: a typed output, or a failure as data.</summary>
public sealed record SkillAnswer<TOut>(
    TOut? Output, Failure? Failure = null, Cents Cost = default, int Retries = 0, ImmutableArray<SideEffect> SideEffects = default)
    where TOut : class;

/// <summary>
/// A skill: typed input, typed output, a contract that describes it. It must stop when cancelled, and tells failures as
/// values; what it throws becomes <c>EXECUTION_ERROR</c>.
/// </summary>
public interface ISkill<TIn, TOut>
    where TIn : class
    where TOut : class
{
    /// <summary>By default what <see cref="SkillAttribute"/> and <see cref="FailsWithAttribute"/> on the class say.</summary>
    SkillContract Contract => SkillAttribute.ContractOf(GetType());

    JsonTypeInfo<TIn> Input { get; }

    JsonTypeInfo<TOut> Output { get; }

    Task<SkillAnswer<TOut>> InvokeAsync(TIn input, SkillCall call, CancellationToken cancel);
}

/// <summary>One way a skill fails.</summary>
/// <param name="Probability">0 to 1, until measured.</param>
public sealed record FailureMode(string Code, double Probability, string Description);

/// <summary>What a skill says of itself.</summary>
public sealed record SkillContract
{
    /// <summary>Lower-case letters, digits and <c>_</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Semantic version.</summary>
    public required string Version { get; init; }

    public required string Description { get; init; }
    public required EffectClass Effect { get; init; }
    public string? EffectParam { get; init; }
    public ImmutableSortedDictionary<string, EffectClass> EffectByParam { get; init; } =
        ImmutableSortedDictionary<string, EffectClass>.Empty;

    public bool KeyMakesIdempotent { get; init; }
    public CostModel Cost { get; init; } = CostModel.Free;

    /// <summary>Cents of a typical call, for simulate until measured.</summary>
    public decimal TypicalCents { get; init; }

    /// <summary>Milliseconds of a typical call, for simulate until measured.</summary>
    public int TypicalLatencyMs { get; init; }

    public TimeSpan TimeoutDefault { get; init; } = TimeSpan.FromSeconds(30);
    public ImmutableArray<FailureMode> FailureModes { get; init; } = [];
    public ImmutableSortedDictionary<string, JsonElement> Constraints { get; init; } =
        ImmutableSortedDictionary<string, JsonElement>.Empty;

    public ImmutableArray<string> OftenFollowedBy { get; init; } = [];
    public ImmutableArray<string> OftenPrecededBy { get; init; } = [];
    public ImmutableArray<string> AntiPatterns { get; init; } = [];

    /// <summary>Parameters below which a <c>secret:NAME</c> is resolved at the call; anywhere else it stays text.</summary>
    public ImmutableArray<string> SecretParams { get; init; } = [];

    /// <summary>Parameters whose texts nobody executes, or which the skill confines by itself: the sandbox leaves them alone.</summary>
    public ImmutableArray<string> FreeParams { get; init; } = [];

    /// <summary>True: a call may ask a model, and what that reads and writes counts in the quota of the tenant.</summary>
    public bool UsesTokens { get; init; }

    /// <summary>True: an answer may be kept, and the same call is then answered again for nothing.</summary>
    public bool CachesAnswers { get; init; }

    /// <summary>Parameter that holds the URL a call goes to: what an agent may reach is held to it before a run begins. Null: none does.</summary>
    public string? TargetParam { get; init; }

    /// <summary>Kinds of connections that its parameter <c>connection</c> may name; empty: it has none.</summary>
    public ImmutableArray<string> ConnectionKinds { get; init; } = [];

    /// <summary>Result fields that are equal for equal input, seed and version; they enter the root hash.</summary>
    public ImmutableArray<string> StableFields { get; init; } = [];

    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Largest parameters accepted, bytes. Default 10 MiB.</summary>
    public int InputBytesMax { get; init; } = 10 * 1024 * 1024;

    /// <summary>Largest result accepted, bytes. Default 10 MiB.</summary>
    public int OutputBytesMax { get; init; } = 10 * 1024 * 1024;
}

/// <summary>A skill as the registry knows it. Schemas are made when somebody looks at them.</summary>
public sealed class SkillDescription(SkillContract contract, SkillTerms terms, Lazy<JsonElement> input, Lazy<JsonElement> output)
{
    public SkillContract Contract { get; } = contract;

    public SkillTerms Terms { get; } = terms;

    /// <summary>JSON Schema of the parameters, draft 2020-12.</summary>
    public JsonElement InputSchema => input.Value;

    /// <summary>JSON Schema of the result.</summary>
    public JsonElement OutputSchema => output.Value;
}
