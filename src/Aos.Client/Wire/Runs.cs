using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aos.Client;

/// <summary>A run to start.</summary>
public sealed record NewRun
{
    /// <summary>A plan in any shape of docs/plans.md.</summary>
    public required JsonElement Plan { get; init; }

    /// <summary>A label of whoever the run is for. Default <c>default</c>.</summary>
    public string? AgentId { get; init; }

    /// <summary>What it is for, in words.</summary>
    public string? Goal { get; init; }

    /// <summary>An object: the plan's inputs.</summary>
    public JsonElement? Inputs { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Hard limit, cents. Null: the plan's; 0 means zero.</summary>
    public decimal? BudgetCents { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Of the tenant's runs that wait for a slot the higher number begins first: -100 to 100. Null: 0.</summary>
    public int? Priority { get; init; }

    /// <summary>Where the run's calls may go, as docs/plans.md has it: <c>deny</c>, a list of hosts, or hosts and skills. It narrows what the plan says. Null: that alone.</summary>
    public JsonElement? ExternalCalls { get; init; }

    /// <summary>The same key and the same request give the same run, for 24 hours.</summary>
    [JsonIgnore]
    public string? IdempotencyKey { get; init; }

    /// <summary>Seconds to wait for the end, 0 to 60.</summary>
    public int? Wait { get; init; }
}

/// <summary>A run.</summary>
/// <param name="Status">queued, running, waiting, paused, retry, quarantined, succeeded, failed or cancelled.</param>
/// <param name="CostCentsExact">Spent so far, cents; <paramref name="CostCents"/> is rounded up.</param>
/// <param name="RootHash">64 hex digits, once it is over: equal for equal runs.</param>
/// <param name="Outcome">Null until it is over.</param>
public sealed record Run(
    string RunId, string Status, string? AgentId, string? PlanName, int Attempt, long CostCents, decimal CostCentsExact, decimal? BudgetCents,
    DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, IReadOnlyList<RunStep>? Steps, string? RootHash, RunOutcome? Outcome)
{
    public int Priority { get; init; }

    /// <summary>When it got in line for a slot; null: it did not have to.</summary>
    public DateTimeOffset? QueuedAt { get; init; }

    /// <summary>When it began; null: it waits for a slot.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Why it stands still; null: it does not.</summary>
    public RunPause? Paused { get; init; }

    /// <summary>Whether it succeeded, failed or was cancelled.</summary>
    [JsonIgnore]
    public bool IsOver => Status is "succeeded" or "failed" or "cancelled";
}

/// <summary>Why a run stands still.</summary>
/// <param name="Code">Of the shared budget that holds it: it goes on by itself once there is room. Null: somebody paused it.</param>
public sealed record RunPause(DateTimeOffset Since, string Reason, string? Code, JsonElement? Details);

/// <summary>A step of a run.</summary>
/// <param name="Status">pending, running, waiting, succeeded, failed, skipped or compensated.</param>
/// <param name="Code"><c>OUTCOME_UNKNOWN</c> when somebody has to say what became of it.</param>
public sealed record RunStep(string Id, string? Skill, string Status, string? Code, JsonElement? Result, Problem? Error, decimal CostCents);

/// <summary>How a run ended.</summary>
public sealed record RunOutcome(bool Success, JsonElement? Result, Problem? Error);

/// <summary>A failure as data.</summary>
/// <param name="RetryAfterMs">Milliseconds after which the same may be tried again.</param>
public sealed record Problem(
    string Code, string? Category, string Message, bool Retryable, long? RetryAfterMs, string? RecoverySuggestion, JsonElement? Details, string? Help);

/// <summary>Which runs to list; null members don't filter.</summary>
/// <param name="Before">Only runs older than this id: <see cref="RunPage.NextBefore"/> of the page before.</param>
/// <param name="Limit">1 to 1000.</param>
/// <param name="Labels">All of them must fit.</param>
public sealed record RunQuery(
    string? Status = null, string? AgentId = null, IReadOnlyDictionary<string, string>? Labels = null, string? Before = null, int Limit = 100)
{
    internal string Text()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"?limit={Limit}");
        foreach (var (name, value) in new[] { ("status", Status), ("agent_id", AgentId), ("before", Before) })
            if (value is not null) text += $"&{name}={Uri.EscapeDataString(value)}";
        foreach (var (name, value) in Labels ?? new Dictionary<string, string>()) text += $"&label.{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}";
        return text;
    }
}

/// <summary>One page of runs, newest first.</summary>
/// <param name="NextBefore">Asks for the next page; null: this was the last.</param>
public sealed record RunPage(IReadOnlyList<RunRowReply> Runs, int Count, string? NextBefore);

/// <summary>A run in a list.</summary>
/// <param name="Code">Code of the failure that ended it.</param>
public sealed record RunRowReply(string RunId, string Status, string? AgentId, DateTimeOffset CreatedAt, string? Code);

/// <summary>One event of a run.</summary>
/// <param name="Seq">From 1, without gaps.</param>
/// <param name="Kind">For instance <c>step.started.v1</c>.</param>
/// <param name="Body"><c>{run, seq, kind, at, data}</c>.</param>
public sealed record RunEventMessage(int Seq, string Kind, JsonElement Body);

internal sealed record DecisionRequest(string? Note, int? Call);

internal sealed record ResolveRequest(string Verdict, JsonElement? Result, int Item);
