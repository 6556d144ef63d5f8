using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>An agent loop: a model calls skills until it is done or a limit is reached. Meaning of the members: docs/plans.md.</summary>
/// <param name="Goal">Template of what the model is to reach, a text.</param>
/// <param name="Skills">What the model may call, in the order it is told of them.</param>
public sealed record AgentClause(JsonElement Goal, ImmutableArray<string> Skills)
{
    /// <summary>The skill whose calls are the turns.</summary>
    public const string Model = "llm_invoke";

    /// <summary>The skill whose step is an agent loop in a child run.</summary>
    public const string Invoke = "agent_invoke";

    /// <summary>Skills of one loop.</summary>
    public const int SkillsMax = 64;

    /// <summary>The highest <see cref="MaxTurns"/>.</summary>
    public const int TurnsMax = 100;

    public const int TurnsDefault = 12;

    /// <summary>Template of instructions to the model in place of the house's own; null: those.</summary>
    public JsonElement? System { get; init; }

    /// <summary>Name of the model; null: the configured one.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens one turn may write; null: the default of <see cref="Model"/>.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>1 to 100.</summary>
    public int MaxTurns { get; init; } = TurnsDefault;

    /// <summary>Turns and tool calls together; null: the run's budget alone holds.</summary>
    public Cents? MaxCost { get; init; }

    /// <summary>Of <see cref="Skills"/>: calls of these wait for a person.</summary>
    public ImmutableArray<string> Approve { get; init; } = [];

    /// <summary>How those calls wait.</summary>
    public ApprovalClause Approval { get; init; } = new();

    /// <summary>What the answer must be; null: a text.</summary>
    public JsonSchema? Output { get; init; }
}

/// <summary>Waits for a person's decision.</summary>
public sealed record ApprovalClause
{
    /// <summary>The highest level there is.</summary>
    public const int LevelMax = 5;

    /// <summary>Longest message, characters; a longer one is cut.</summary>
    public const int MessageMax = 2_000;

    /// <summary><c>cost</c>, <c>capability</c>, <c>resource</c>, <c>rate_limit</c>, or null: unsaid.</summary>
    public string? PolicyType { get; init; }

    /// <summary>Whoever decides must be of this level at least, 1 to 5.</summary>
    public int Level { get; init; } = 1;

    /// <summary>Null: waits without end.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What no decision in time means; false: rejected.</summary>
    public bool ApprovesOnTimeout { get; init; }

    /// <summary>Template of a text for whoever decides.</summary>
    public JsonElement? Message { get; init; }
}
