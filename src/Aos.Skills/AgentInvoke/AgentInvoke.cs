using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record AgentInvokeIn(
    [Description("What the agent is to reach.")] [StringLength(100_000, MinimumLength = 1)] string Goal,
    [Description("The skills its model may call.")] [Length(1, AgentClause.SkillsMax)] IReadOnlyList<string> Skills,
    [Description("Instructions to the model in place of the house's own.")] string? System = null,
    [Description("Name of the model; none: the configured one.")] string? Model = null,
    [Description("Tokens of one turn."), Range(1, 100_000)] int? MaxTokens = null,
    [Range(1, AgentClause.TurnsMax)] int? MaxTurns = null,
    [Description("Cents of turns and tool calls together."), Range(0, 1e12)] decimal? MaxCostCents = null,
    [Description("Of skills: calls of these wait for a person.")] IReadOnlyList<string>? Approve = null)
{
    [Description("How those calls wait.")]
    public JsonElement Approval { get; init; }

    [Description("JSON Schema of the answer; none: a text.")]
    public JsonElement OutputSchema { get; init; }
}

/// <param name="Answer">What the agent came to: a text, or a value of the wanted schema. As a step it is the result itself.</param>
internal sealed record AgentInvokeOut(JsonElement Answer);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AgentInvokeIn))]
[JsonSerializable(typeof(AgentInvokeOut))]
internal sealed partial class AgentInvokeJson : JsonSerializerContext;

/// <summary>
/// An agent loop in a child run. The kernel reads a step of it as that child run, so it costs no place, survives restarts and spends a share of
/// the run's budget; this class describes it, and says so to whoever calls it as anything but a step.
/// </summary>
internal sealed class AgentInvoke : ISkill<AgentInvokeIn, AgentInvokeOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = AgentClause.Invoke,
        Version = "1.0.0",
        Description = "Gives a goal to an agent: a model that calls skills in a child run, under the limits of this one.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 20_000,
        FailureModes =
        [
            new("CHILD_FAILED", 0.05, "The agent did not reach its goal."), new("INVALID_PLAN", 0.01, "It is no step of a plan."),
        ],
        OftenPrecededBy = ["http_call"],
        AntiPatterns = ["An agent for what one call of llm_invoke answers."],
        StableFields = ["answer"],
        FreeParams = ["goal", "system"],
        Tags = ["ai", "llm", "agent"],
    };

    public JsonTypeInfo<AgentInvokeIn> Input => AgentInvokeJson.Default.AgentInvokeIn;

    public JsonTypeInfo<AgentInvokeOut> Output => AgentInvokeJson.Default.AgentInvokeOut;

    public Task<SkillAnswer<AgentInvokeOut>> InvokeAsync(AgentInvokeIn input, SkillCall call, CancellationToken cancel) =>
        Task.FromResult(new SkillAnswer<AgentInvokeOut>(null, FailureCatalog.Fail(
            "INVALID_PLAN", $"{AgentClause.Invoke} is a child run: it must be a step of a plan, not a single call, a tool or one item of a list.")));
}
