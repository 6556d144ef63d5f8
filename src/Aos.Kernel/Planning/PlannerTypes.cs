using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a planner promises of equal requests.</summary>
public enum PlannerMode
{
    /// <summary>Byte-identical plans.</summary>
    Full,

    /// <summary>The same steps, skills and dependencies.</summary>
    Structural,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>A skill a planner may use.</summary>
public sealed record ManifestSkill(string SkillId, string Version, string Description, JsonElement InputSchema);

/// <summary>What a planner is asked.</summary>
public sealed record PlannerRequest
{
    public required TenantId Tenant { get; init; }
    public required string AgentId { get; init; }

    /// <summary>Used trimmed.</summary>
    public required string Goal { get; init; }
    public string? ContextSummary { get; init; }
    public ImmutableArray<string> MemorySnippets { get; init; } = [];

    /// <summary>Skills the plan may use; empty: no filter.</summary>
    public ImmutableArray<ManifestSkill> Manifest { get; init; } = [];

    /// <summary>Values for the rules' placeholders, an object: <c>url</c>, <c>data</c>.</summary>
    public JsonElement Extra { get; init; } = Json.EmptyObject;

    /// <summary>Model to ask, or null: the provider's default.</summary>
    public string? Model { get; init; }

    /// <summary>Tokens of one answer of a model.</summary>
    public int TokensMax { get; init; } = 2048;

    /// <summary>Most steps of the plan.</summary>
    public int StepsMax { get; init; } = 25;
    public ulong Seed { get; init; }

    /// <summary>The first 16 hex digits of the hash of agent, goal, context, memories and manifest; key order does not matter.</summary>
    public string InputHash() => ContentHash.Short(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("agent_id", AgentId);
        writer.WriteString("goal", Goal.Trim());
        writer.WriteString("context_summary", ContextSummary);
        writer.WriteStartArray("memory_snippets");
        foreach (var snippet in MemorySnippets) writer.WriteStringValue(snippet);
        writer.WriteEndArray();
        writer.WriteStartArray("tool_manifest");
        foreach (var skill in Manifest)
        {
            writer.WriteStartObject();
            writer.WriteString("skill_id", skill.SkillId);
            writer.WriteString("version", skill.Version);
            writer.WriteString("description", skill.Description);
            writer.WritePropertyName("inputs_schema");
            skill.InputSchema.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (Extra.EnumerateObject().Any())
        {
            writer.WritePropertyName("extra");
            Extra.WriteTo(writer);
        }

        writer.WriteEndObject();
    }));
}

/// <summary>One step of a planner's plan.</summary>
public sealed record PlannedStep(string StepId, string Skill, JsonElement Params)
{
    public ImmutableArray<string> DependsOn { get; init; } = [];
    public string OnError { get; init; } = "abort";

    /// <summary>Tries in all.</summary>
    public int RetryCount { get; init; } = 3;
    public string? OutputKey { get; init; }
    public string? Description { get; init; }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("step_id", StepId);
        writer.WriteString("skill", Skill);
        writer.WritePropertyName("params");
        Params.WriteTo(writer);
        writer.WriteStartArray("depends_on");
        foreach (var step in DependsOn) writer.WriteStringValue(step);
        writer.WriteEndArray();
        writer.WriteString("on_error", OnError);
        writer.WriteNumber("retry_count", RetryCount);
        writer.WriteString("output_key", OutputKey ?? StepId);
        if (Description is not null) writer.WriteString("description", Description);
        writer.WriteEndObject();
    }

    public JsonElement ToJson() => Json.Write(Write);
}

/// <summary>How a plan came about.</summary>
public sealed record PlannerMetadata(string Planner, string PlannerVersion)
{
    public string? Model { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public Cents Cost { get; init; }
    public bool Deterministic { get; init; }
    public string? CacheKey { get; init; }

    /// <summary>Rounds asked of a model: 2 when its first plan had to be repaired.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Not part of the deterministic form.</summary>
    public DateTimeOffset? GeneratedAt { get; init; }

    internal void Write(Utf8JsonWriter writer, bool deterministic)
    {
        writer.WriteStartObject();
        writer.WriteString("planner", Planner);
        writer.WriteString("planner_version", PlannerVersion);
        writer.WriteString("model", Model);
        writer.WriteNumber("input_tokens", InputTokens);
        writer.WriteNumber("output_tokens", OutputTokens);
        writer.WriteNumber("cost_cents", Cost.Value);
        writer.WriteBoolean("deterministic", Deterministic);
        writer.WriteString("cache_key", CacheKey);
        if (!deterministic && GeneratedAt is { } at) writer.WriteString("generated_at", at);
        writer.WriteEndObject();
    }

    public JsonElement ToJson() => Json.Write(writer => Write(writer, deterministic: false));
}

/// <summary>A planner's plan, in the planners' shape of docs/plans.md.</summary>
public sealed record PlannerOutput(ImmutableArray<PlannedStep> Steps, PlannerMetadata Metadata)
{
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>What runs, for <c>PlanReader.Read</c>: a list plan when no step depends on another.</summary>
    public JsonElement ToPlan(string planId, string goal) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("plan_id", planId);
        writer.WriteString("goal", goal);
        WriteSteps(writer);
        writer.WriteEndObject();
    });

    public JsonElement ToJson() => Whole(deterministic: false);

    /// <summary>Canonical JSON without what differs between equal plans.</summary>
    public string Canonical() => CanonicalJson.Text(Whole(deterministic: true));

    /// <summary>The first 16 hex digits of the hash of <see cref="Canonical"/>.</summary>
    public string Hash() => ContentHash.Short(Whole(deterministic: true));

    private JsonElement Whole(bool deterministic) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        WriteSteps(writer);
        writer.WritePropertyName("metadata");
        Metadata.Write(writer, deterministic);
        writer.WriteStartArray("warnings");
        foreach (var warning in Warnings) writer.WriteStringValue(warning);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private void WriteSteps(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("steps");
        foreach (var step in Steps) step.Write(writer);
        writer.WriteEndArray();
    }
}

/// <summary>Why there is no plan.</summary>
/// <param name="Code">One of <see cref="PlannerCodes"/>; all are aliases of the failure catalog.</param>
/// <param name="Details">An object.</param>
/// <param name="Cost">What was paid all the same.</param>
public sealed record PlannerError(string Code, string Message, JsonElement Details, bool Retryable = false, TimeSpan? RetryAfter = null, Cents Cost = default);

public static class PlannerCodes
{
    public const string RateLimited = "PLANNER_RATE_LIMITED";
    public const string ContextTooLong = "PLANNER_CONTEXT_TOO_LONG";
    public const string InvalidGoal = "PLANNER_INVALID_GOAL";
    public const string NoSkillsAvailable = "PLANNER_NO_SKILLS_AVAILABLE";
    public const string GenerationFailed = "PLANNER_GENERATION_FAILED";
    public const string InvalidPlan = "PLANNER_INVALID_PLAN";
    public const string Timeout = "PLANNER_TIMEOUT";
}

/// <summary>Exactly one of the two is set.</summary>
public sealed record PlannerReply(PlannerOutput? Output, PlannerError? Error)
{
    public static PlannerReply Planned(PlannerOutput output) => new(output, null);

    public static PlannerReply Failed(string code, string message, JsonElement? details = null) =>
        new(null, new PlannerError(code, message, details ?? Json.EmptyObject));
}
