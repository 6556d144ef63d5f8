using System.Text.Json;

namespace Aos.Kernel;

/// <summary>An order to the world. What is still ordered is a function of the state: <c>RunMachine.Pending</c>.</summary>
public abstract record RunEffect
{
    private protected RunEffect() { }

    public required EffectId Id { get; init; }
}

/// <summary>Call a skill and bring its outcome back as <see cref="RecordOutcome"/>.</summary>
public sealed record InvokeSkill : RunEffect
{
    public required string StepId { get; init; }
    public required string Skill { get; init; }
    public required string Version { get; init; }
    public required JsonElement Params { get; init; }

    /// <summary>The parameters as the plan has them, templates unfilled: what its author wrote, not what came in with data.</summary>
    public required JsonElement Written { get; init; }

    /// <summary>Which parts of what a model is going to read came in through templates. Null: not known, or the skill asks no model.</summary>
    public IReadOnlyList<Filling>? Filled { get; init; }
    public required EffectClass Class { get; init; }

    /// <summary>Started by this run.</summary>
    public required RunId Run { get; init; }

    /// <summary>The key on record. Null: the call is on no record before it is made, and needs the key only should it ask for it.</summary>
    public string? RecordedKey { get; init; }

    /// <summary>The same at every repeat of this order.</summary>
    public string IdempotencyKey => RecordedKey ?? EffectKey.Of(Run, Id);

    public required TimeSpan Timeout { get; init; }

    public required ulong RunSeed { get; init; }

    /// <summary>Seed of the step, made of the run's when it is asked for.</summary>
    public ulong Seed => Seeds.Step(RunSeed, Id.Step);
}

/// <summary>Read entries of the tenant's memory, all at one moment, and bring them back as <see cref="RecordMemory"/>.</summary>
public sealed record ReadMemory : RunEffect
{
    /// <summary>Each once.</summary>
    public required IReadOnlyList<string> Keys { get; init; }
}

/// <summary>Start a child run under an id that follows from the effect, so a repeat starts nothing twice.</summary>
public sealed record StartChild : RunEffect
{
    public required RunId Child { get; init; }
    public JsonElement? Plan { get; init; }
    public string? Workflow { get; init; }
    public required JsonElement Inputs { get; init; }

    /// <summary>What is left of the parent's budget, or null: unlimited.</summary>
    public Cents? Budget { get; init; }
}
