using System.Globalization;
using System.Text.Json;

namespace Aos.Client;

public sealed partial class AosClient
{
    /// <summary>Suggests what to do about a failure, and keeps the suggestion.</summary>
    public Task<RecoverySuggestion> SuggestRecoveryAsync(RecoveryQuestion question, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        return SendAsync(
            HttpMethod.Post, "api/v1/recovery/suggest", ClientJson.Default.RecoverySuggestion, JsonSerializer.SerializeToElement(question, ClientJson.Default.RecoveryQuestion), null, cancel);
    }

    /// <summary>Lists suggestions, newest first, one page.</summary>
    public Task<RecoveryPage> ListSuggestionsAsync(RecoveryQuery? query = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, "api/v1/recovery/candidates" + (query ?? new RecoveryQuery()).Text(), ClientJson.Default.RecoveryPage, null, null, cancel);

    /// <summary>Reads a suggestion with who decided what about it.</summary>
    public Task<RecoverySuggestion> GetSuggestionAsync(string id, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, $"api/v1/recovery/candidates/{Escape(id)}", ClientJson.Default.RecoverySuggestion, null, null, cancel);

    /// <summary>Approves a suggestion, once; needs <c>policy:approve</c>. <see cref="RetryRunAsync"/> does it then.</summary>
    /// <param name="note">Why, at most 1,000 characters.</param>
    /// <param name="action">What is approved in its place; null: what was suggested.</param>
    public Task<RecoverySuggestion> ApproveSuggestionAsync(string id, string? note = null, JsonElement? action = null, CancellationToken cancel = default) =>
        DecideSuggestionAsync(id, "approve", note, action, cancel);

    /// <summary>Rejects a suggestion, once; needs <c>policy:approve</c>.</summary>
    /// <param name="note">Why, at most 1,000 characters.</param>
    public Task<RecoverySuggestion> RejectSuggestionAsync(string id, string? note = null, CancellationToken cancel = default) => DecideSuggestionAsync(id, "reject", note, null, cancel);

    /// <summary>Counts suggestions, what was decided about them and what came of them.</summary>
    /// <param name="sinceHours">Only what was suggested within so many hours, at most 87,600; 0: whenever.</param>
    public Task<JsonElement> GetRecoveryStatsAsync(int sinceHours = 24, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/recovery/stats?since_hours={sinceHours}"), null, null, cancel);

    private Task<RecoverySuggestion> DecideSuggestionAsync(string id, string verdict, string? note, JsonElement? action, CancellationToken cancel) => SendAsync(
        HttpMethod.Post, $"api/v1/recovery/candidates/{Escape(id)}/{verdict}", ClientJson.Default.RecoverySuggestion,
        JsonSerializer.SerializeToElement(new SuggestionDecision(note, action), ClientJson.Default.SuggestionDecision), null, cancel);
}
