using System.Globalization;

namespace Aos.Runs;

/// <summary>Settings of stored traces and of what is told about mismatches.</summary>
public sealed class TraceOptions
{
    private const int RetentionDaysMax = 365;

    /// <summary>Days that traces which clients stored are kept, 1 to 365.</summary>
    public int RetentionDays { get; set; } = 30;

    /// <summary>Token for the issues; null: no issues are made.</summary>
    public string? GitHubToken { get; set; }

    /// <summary><c>owner/repository</c> of the issues; null: no issues are made.</summary>
    public string? GitHubRepository { get; set; }

    public string GitHubApi { get; set; } = "https://api.github.com";

    /// <summary>Address that chat messages are posted to, a secret in itself; null: none are.</summary>
    public string? SlackWebhook { get; set; }

    public bool HasGitHub => GitHubToken is not null && GitHubRepository is not null;

    /// <summary>What cannot be read; a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Reads the settings by their names.</summary>
    public static TraceOptions Read(Func<string, string?> setting)
    {
        var problems = new List<string>();
        var days = 30;
        if (setting("TRACE_RETENTION_DAYS") is { } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out days) && days is >= 1 and <= RetentionDaysMax))
            problems.Add($"TRACE_RETENTION_DAYS is a whole number of days from 1 to {RetentionDaysMax}.");
        var repository = setting("GITHUB_REPO");
        if (repository is not null && !IsRepository(repository)) problems.Add("GITHUB_REPO is owner/repository.");
        var api = setting("GITHUB_API_URL") ?? "https://api.github.com";
        if (!IsWeb(api)) problems.Add("GITHUB_API_URL is an http or https address.");
        var slack = setting("SLACK_MISMATCH_WEBHOOK");
        if (slack is not null && !IsWeb(slack)) problems.Add("SLACK_MISMATCH_WEBHOOK is an http or https address.");
        return new TraceOptions
        {
            RetentionDays = days, GitHubToken = setting("GITHUB_TOKEN"), GitHubRepository = repository, GitHubApi = api.TrimEnd('/'), SlackWebhook = slack, Problems = problems,
        };
    }

    private static bool IsWeb(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https");

    private static bool IsRepository(string text) =>
        text.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } name] && (owner + name).All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
