using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// A skill's contract, on its class. What an attribute cannot say (cost of tokens, constraints, classes by parameter) is said by
/// <see cref="ISkill{TIn,TOut}.Contract"/>: <c>SkillAttribute.ContractOf(typeof(Greet)) with { ... }</c>.
/// </summary>
/// <param name="name">Lower-case letters, digits and <c>_</c>.</param>
/// <param name="version">Semantic version.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SkillAttribute(string name, string version, string description) : Attribute
{
    private static readonly ConditionalWeakTable<Type, SkillContract> Known = [];

    public string Name { get; } = name;

    public string Version { get; } = version;

    public string Description { get; } = description;

    /// <summary>What a repeated call may do to the world; by default it is never repeated on its own.</summary>
    public EffectClass Effect { get; set; } = EffectClass.AtMostOnce;

    /// <summary>True: with an idempotency key a call that may happen once only may be repeated.</summary>
    public bool KeyMakesIdempotent { get; set; }

    /// <summary>Result fields that are equal for equal input, seed and version.</summary>
    public string[] Stable { get; set; } = [];

    /// <summary>Parameters that take <c>secret:NAME</c>.</summary>
    public string[] Secrets { get; set; } = [];

    /// <summary>Parameters whose texts nobody executes: the sandbox leaves them alone.</summary>
    public string[] Free { get; set; } = [];

    /// <summary>Parameter that holds the URL a call goes to; null: none does.</summary>
    public string? Target { get; set; }

    public string[] Tags { get; set; } = [];

    public int TimeoutMs { get; set; } = 30_000;

    /// <summary>Milliseconds of a typical call.</summary>
    public int LatencyMs { get; set; } = 1;

    /// <summary>Cents of a call; also its upper bound.</summary>
    public double Cents { get; set; }

    /// <summary>The contract that a class's attributes come to. Throws <see cref="InvalidOperationException"/> when it has none.</summary>
    public static SkillContract ContractOf(Type type) => Known.GetValue(type, static type =>
    {
        var skill = type.GetCustomAttribute<SkillAttribute>() ?? throw new InvalidOperationException($"{type.FullName} has neither a [Skill] attribute nor a Contract of its own.");
        return skill.Contract([.. type.GetCustomAttributes<FailsWithAttribute>().Select(mode => new FailureMode(mode.Code, mode.Probability, mode.When))]);
    });

    private SkillContract Contract(ImmutableArray<FailureMode> failures) => new()
    {
        Name = Name,
        Version = Version,
        Description = Description,
        Effect = Effect,
        KeyMakesIdempotent = KeyMakesIdempotent,
        StableFields = [.. Stable],
        SecretParams = [.. Secrets],
        FreeParams = [.. Free],
        TargetParam = Target,
        Tags = [.. Tags],
        TimeoutDefault = TimeSpan.FromMilliseconds(TimeoutMs),
        TypicalLatencyMs = LatencyMs,
        TypicalCents = (decimal)Cents,
        Cost = CostModel.Free with { BaseCents = (decimal)Cents },
        FailureModes = failures,
    };
}

/// <summary>One way the skill fails, on its class.</summary>
/// <param name="code">A code of the catalog.</param>
/// <param name="when">When it happens, for people.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
public sealed class FailsWithAttribute(string code, double probability, string when) : Attribute
{
    public string Code { get; } = code;

    /// <summary>0 to 1, until measured.</summary>
    public double Probability { get; } = probability;

    public string When { get; } = when;
}
