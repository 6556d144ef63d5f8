using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Secrets and addresses of people that show by their form wherever they stand in a text. Every pattern ends in time that is linear in the text.</summary>
internal static partial class SecretTexts
{
    private const RegexOptions Plain = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>The text with a marker in the place of each.</summary>
    internal static string Hide(string text)
    {
        if (text.Length < 6) return text;
        text = PrivateKey().Replace(text, "[REDACTED_PRIVATE_KEY]");
        text = AwsKey().Replace(text, "[REDACTED_AWS_KEY]");
        text = GitHubToken().Replace(text, "[REDACTED_GITHUB_TOKEN]");
        text = SlackToken().Replace(text, "[REDACTED_SLACK_TOKEN]");
        text = ModelKey().Replace(text, Redactor.Marker);
        text = HouseKey().Replace(text, Redactor.Marker);
        text = WebToken().Replace(text, Redactor.Marker);
        text = Credential().Replace(text, $"${{scheme}} {Redactor.Marker}");
        text = UserInUrl().Replace(text, $"://{Redactor.Marker}@");
        return text.Contains('@', StringComparison.Ordinal) ? Email().Replace(text, "[REDACTED_EMAIL]") : text;
    }

    [GeneratedRegex("-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[A-Za-z0-9+/=\\s]*(-----END [A-Z ]{0,32}PRIVATE KEY-----)?", Plain)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"\b(AKIA|ASIA)[0-9A-Z]{16}\b", Plain)]
    private static partial Regex AwsKey();

    [GeneratedRegex(@"\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})", Plain)]
    private static partial Regex GitHubToken();

    [GeneratedRegex(@"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", Plain)]
    private static partial Regex SlackToken();

    [GeneratedRegex(@"\bsk-[A-Za-z0-9_-]{20,}", Plain)]
    private static partial Regex ModelKey();

    [GeneratedRegex(@"\baos_[0-9a-f]{16}_[0-9a-f]{16,}", Plain)]
    private static partial Regex HouseKey();

    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", Plain)]
    private static partial Regex WebToken();

    [GeneratedRegex(@"\b(?<scheme>Bearer|Basic) (?!\[REDACTED)[A-Za-z0-9._~+/=-]{6,}", Plain | RegexOptions.IgnoreCase)]
    private static partial Regex Credential();

    [GeneratedRegex(@"://[^\s/@:]{0,64}:[^\s/@]{1,128}@", Plain)]
    private static partial Regex UserInUrl();

    [GeneratedRegex(@"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}\b", Plain)]
    private static partial Regex Email();
}
