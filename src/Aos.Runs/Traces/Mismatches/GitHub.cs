using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Asks the API of GitHub, or of a server that speaks as it does.</summary>
internal sealed class GitHub(IEgress egress, TraceOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>The answer, or why there is none and whether it is worth another try.</summary>
    internal async Task<(JsonElement Answer, Failure? Failure)> AskAsync(string method, string path, JsonElement? body, CancellationToken cancel)
    {
        if (!options.HasGitHub) return (Json.Null, FailureCatalog.Fail("NOT_AVAILABLE", "GITHUB_TOKEN and GITHUB_REPO are not set on this node."));
        List<KeyValuePair<string, string>> headers =
        [
            new("Authorization", $"Bearer {options.GitHubToken}"), new("Accept", "application/vnd.github+json"), new("User-Agent", "aos"), new("X-GitHub-Api-Version", "2022-11-28"),
        ];
        var bytes = body is { } sent ? Encoding.UTF8.GetBytes(sent.GetRawText()) : (ReadOnlyMemory<byte>?)null;
        var (response, failure) = await egress.SendAsync(
            new EgressRequest(method, $"{options.GitHubApi}/repos/{options.GitHubRepository}{path}", headers, bytes, bytes is null ? null : "application/json", Timeout, RedirectsMax: 0), cancel);
        if (failure is not null) return (Json.Null, failure);
        if (response!.Status is < 200 or >= 300) return (Json.Null, Refused(response));
        try
        {
            return (Json.Parse(response.Body), null);
        }
        catch (JsonException)
        {
            return (Json.Null, FailureCatalog.Fail("HTTP_5XX", $"GitHub answered {response.Status} with something that is no JSON."));
        }
    }

    /// <summary>A limit is told with 403 too; then a header says when to come again.</summary>
    private Failure Refused(EgressResponse response)
    {
        var status = response.Status;
        var isLimit = status == 429 || (status == 403 && (Header(response, "Retry-After") is not null || Header(response, "X-RateLimit-Remaining") == "0"));
        if (isLimit) return FailureCatalog.Fail("RATE_LIMITED", $"GitHub answered {status}: its limit is reached.", Later(response));
        return status == 408 || status >= 500
            ? FailureCatalog.Fail("HTTP_5XX", $"GitHub answered {status}.")
            : FailureCatalog.Fail("HTTP_4XX", $"GitHub answered {status}: look at GITHUB_TOKEN and GITHUB_REPO.");
    }

    private TimeSpan? Later(EgressResponse response)
    {
        if (Number(Header(response, "Retry-After")) is { } seconds) return TimeSpan.FromSeconds(seconds);
        return Number(Header(response, "X-RateLimit-Reset")) is { } at && DateTimeOffset.FromUnixTimeSeconds(at) - clock.GetUtcNow() is { Ticks: > 0 } wait ? wait : null;
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= uint.MaxValue ? number : null;

    private static string? Header(EgressResponse response, string name) =>
        response.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)) is { Key: not null } found ? found.Value : null;
}
