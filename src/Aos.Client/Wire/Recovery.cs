using System.Globalization;
using System.Text.Json;

namespace Aos.Client;

/// <summary>A failure to find a way out of: exactly one of <see cref="RunId"/>, <see cref="FailureId"/>, and <see cref="ErrorCode"/> or <see cref="ErrorMessage"/>.</summary>
public sealed record RecoveryQuestion
{
    /// <summary>What failed in this run.</summary>
    public string? RunId { get; init; }

    /// <summary>This kept failure.</summary>
    public string? FailureId { get; init; }

    /// <summary>At most 200 characters.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>At most 4,000 characters.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>What else is known of an <see cref="ErrorCode"/>: an object with <c>skill</c>, <c>http_status</c> (100 to 599), <c>exception</c>.</summary>
    public JsonElement? Context { get; init; }
}

/// <summary>A way to recover, as it is kept.</summary>
/// <param name="Status">proposed, approved, rejected or applied.</param>
/// <param name="SuggestedRecovery">One sentence for people.</param>
/// <param name="Action">The same as data: <c>kind</c> and what it needs, as docs/failures.md has it.</param>
/// <param name="Confidence">0 to 1, four decimals.</param>
/// <param name="CatalogEntryId">The catalog's code; null: nobody knows what it is.</param>
/// <param name="RunId">The run that it can be applied to; null: none.</param>
/// <param name="Attempt">The attempt of that run that failed.</param>
/// <param name="AppliedRunId">The run that was tried again, or the fork.</param>
/// <param name="Outcome">succeeded, failed, cancelled or unknown; null: it was not applied, or that run is not over.</param>
public sealed record RecoverySuggestion(
    string Id, string Status, string SuggestedRecovery, JsonElement Action, decimal Confidence, string ErrorCode, string? CatalogEntryId, string? SkillId, string? FailureId, string? RunId, int? Attempt,
    string ProposedBy, DateTimeOffset CreatedAt, string? DecidedBy, DateTimeOffset? DecidedAt, string? Note, string? AppliedBy, DateTimeOffset? AppliedAt, string? AppliedRunId, string? Outcome,
    DateTimeOffset? EndedAt)
{
    /// <summary>What else could be done, the most promising first; null but where it was just suggested.</summary>
    public IReadOnlyList<RecoveryAlternative>? Alternatives { get; init; }

    /// <summary>How many outcomes the confidence was reckoned by; null but where it was just suggested.</summary>
    public int? Outcomes { get; init; }

    /// <summary>The newest of them, at most 10; null but where it was just suggested.</summary>
    public IReadOnlyList<RecoveryEvidence>? Evidence { get; init; }

    /// <summary>Who decided what about it, oldest first; null but where it was asked for by its id.</summary>
    public IReadOnlyList<RecoveryDecision>? Decisions { get; init; }
}

/// <summary>Another way to recover.</summary>
public sealed record RecoveryAlternative(string SuggestedRecovery, JsonElement Action, decimal Confidence);

/// <summary>Something that happened.</summary>
/// <param name="SuggestionId">The suggestion that was applied; null: what happened to a kept failure.</param>
public sealed record RecoveryEvidence(string? FailureId, string? RunId, string? SuggestionId, bool Recovered, DateTimeOffset At);

/// <summary>What somebody did with a suggestion; it never changes.</summary>
/// <param name="Decision">approved, rejected or applied.</param>
/// <param name="Action">As it was then.</param>
public sealed record RecoveryDecision(string Decision, string By, DateTimeOffset At, string? Note, JsonElement Action);

/// <summary>One page of suggestions, newest first.</summary>
/// <param name="Total">Of all pages.</param>
public sealed record RecoveryPage(IReadOnlyList<RecoverySuggestion> Candidates, long Total, int Limit, int Offset);

/// <summary>Which suggestions to list; null members don't filter.</summary>
/// <param name="ErrorCode">The code as it failed, or the catalog's.</param>
/// <param name="Limit">1 to 500.</param>
/// <param name="Offset">0 to 10,000.</param>
public sealed record RecoveryQuery(string? Status = null, string? RunId = null, string? ErrorCode = null, int Limit = 50, int Offset = 0)
{
    internal string Text()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"?limit={Limit}&offset={Offset}");
        foreach (var (name, value) in new[] { ("status", Status), ("run_id", RunId), ("error_code", ErrorCode) })
            if (value is not null) text += $"&{name}={Uri.EscapeDataString(value)}";
        return text;
    }
}

internal sealed record SuggestionDecision(string? Note, JsonElement? Action);

internal sealed record SuggestedRetry(string SuggestionId, string? Reason);
