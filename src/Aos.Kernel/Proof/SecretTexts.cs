using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>What is hidden in a text.</summary>
public enum Redaction
{
    None,

    /// <summary>Keys, tokens, passwords: what lets somebody in.</summary>
    Secrets,

    /// <summary>Besides, what is a person's: addresses, numbers of cards, accounts, telephones.</summary>
    Personal,
}

/// <summary>Something to hide.</summary>
/// <param name="Kind">For instance <c>github_token</c>.</param>
internal readonly record struct SecretSpan(string Kind, int Start, int Length);

/// <summary>
/// Secrets and what is a person's, found by their form wherever they stand in a text. Every pattern ends in time that is linear in the
/// text: each is bounded, and numbers count only when their check digits do.
/// </summary>
internal static partial class SecretTexts
{
    private const RegexOptions Plain = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    private delegate (int Start, int Length)? Judge(Match match, string text);

    /// <summary>In the order in which they take their part of the text.</summary>
    private static readonly (string Kind, bool IsPersonal, string Marker, Regex Pattern, Judge? Judge)[] All =
    [
        ("private_key", false, "[REDACTED_PRIVATE_KEY]", PrivateKey(), null),
        ("aws_key", false, "[REDACTED_AWS_KEY]", AwsKey(), null),
        ("github_token", false, "[REDACTED_GITHUB_TOKEN]", GitHubToken(), null),
        ("slack_token", false, "[REDACTED_SLACK_TOKEN]", SlackToken(), null),
        ("model_key", false, Redactor.Marker, ModelKey(), static (match, _) => HasDigit(match.Value) || match.Value.AsSpan(3).IndexOf('-') < 0 ? Whole(match) : null),
        ("stripe_key", false, Redactor.Marker, StripeKey(), null),
        ("google_key", false, Redactor.Marker, GoogleKey(), null),
        ("gitlab_token", false, Redactor.Marker, GitLabToken(), null),
        ("npm_token", false, Redactor.Marker, NpmToken(), null),
        ("hugging_face_token", false, Redactor.Marker, HuggingFaceToken(), null),
        ("sendgrid_key", false, Redactor.Marker, SendGridKey(), null),
        ("house_key", false, Redactor.Marker, HouseKey(), null),
        ("web_token", false, Redactor.Marker, WebToken(), null),
        ("bearer", false, Redactor.Marker, Credential(), Assignments.Credential),
        ("url_credentials", false, Redactor.Marker, UserInUrl(), static (match, _) => (match.Groups["user"].Index, match.Groups["user"].Length)),
        ("assignment", false, Redactor.Marker, Assignment(), Assignments.Value),
        ("assignment", false, Redactor.Marker, Argument(), Assignments.Value),
        ("email", true, "[REDACTED_EMAIL]", Email(), null),
        ("iban", true, "[REDACTED_IBAN]", Iban(), CheckedNumbers.Iban),
        ("card", true, "[REDACTED_CARD]", Card(), CheckedNumbers.Card),
        ("ssn", true, "[REDACTED_SSN]", SocialSecurity(), null),
        ("phone", true, "[REDACTED_PHONE]", Phone(), CheckedNumbers.Phone),
    ];

    /// <summary>The text with a marker in the place of each.</summary>
    internal static string Hide(string text, Redaction level = Redaction.Personal)
    {
        var spans = Find(text, level);
        if (spans.Count == 0) return text;
        var shown = new StringBuilder(text.Length);
        var at = 0;
        foreach (var span in spans)
        {
            shown.Append(text, at, span.Start - at).Append(Marker(span.Kind));
            at = span.Start + span.Length;
        }

        return shown.Append(text, at, text.Length - at).ToString();
    }

    private static string Marker(string kind) => Array.Find(All, one => one.Kind == kind).Marker ?? Redactor.Marker;

    /// <summary>In the order of the text; none overlaps another.</summary>
    internal static List<SecretSpan> Find(string text, Redaction level = Redaction.Personal)
    {
        var spans = new List<SecretSpan>();
        if (text.Length < 6 || level == Redaction.None) return spans;
        bool[]? taken = null;
        foreach (var (kind, isPersonal, _, pattern, judge) in All)
        {
            if ((isPersonal && level == Redaction.Secrets) || (kind == "email" && !text.Contains('@', StringComparison.Ordinal))) continue;
            foreach (var match in pattern.Matches(text).AsEnumerable())
            {
                var (start, length) = judge is null ? Whole(match) : judge(match, text) ?? default;
                if (length == 0) continue;
                taken ??= new bool[text.Length];
                if (taken.AsSpan(start, length).Contains(true)) continue;
                taken.AsSpan(start, length).Fill(true);
                spans.Add(new SecretSpan(kind, start, length));
            }
        }

        Encoded(text, spans, taken);
        spans.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        return spans;
    }

    /// <summary>Base64 that says a secret when it is read. What is a person's is not looked for there: whole documents are sent so.</summary>
    private static void Encoded(string text, List<SecretSpan> spans, bool[]? taken)
    {
        foreach (var (start, run) in EncodedTexts.Runs(text))
        {
            var length = run;
            while (start + length < text.Length && text[start + length] == '=') length++;
            if (taken is not null && taken.AsSpan(start, length).Contains(true)) continue;
            if (EncodedTexts.OfBase64(text.AsSpan(start, run)) is { } inner && Find(inner, Redaction.Secrets).Count > 0) spans.Add(new SecretSpan("encoded", start, length));
        }
    }

    private static (int Start, int Length) Whole(Match match) => (match.Index, match.Length);

    private static bool HasDigit(string text) => text.AsSpan().ContainsAnyInRange('0', '9');

    /// <remarks>Settings and JSON within texts write its line breaks as \n.</remarks>
    [GeneratedRegex("-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(\\\\[nr]|[A-Za-z0-9+/=\\s])*(-----END [A-Z ]{0,32}PRIVATE KEY-----)?", Plain)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"\b(AKIA|ASIA)[0-9A-Z]{16}\b", Plain)]
    private static partial Regex AwsKey();

    [GeneratedRegex(@"\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})", Plain)]
    private static partial Regex GitHubToken();

    [GeneratedRegex(@"\b(xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{20,255}|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,128})", Plain)]
    private static partial Regex SlackToken();

    [GeneratedRegex(@"\bsk-[A-Za-z0-9_-]{20,255}", Plain)]
    private static partial Regex ModelKey();

    [GeneratedRegex(@"\b([sr]k_(live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9]{24,255})", Plain)]
    private static partial Regex StripeKey();

    [GeneratedRegex(@"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", Plain)]
    private static partial Regex GoogleKey();

    [GeneratedRegex(@"\bglpat-[A-Za-z0-9_-]{20,64}", Plain)]
    private static partial Regex GitLabToken();

    [GeneratedRegex(@"\bnpm_[A-Za-z0-9]{36}\b", Plain)]
    private static partial Regex NpmToken();

    [GeneratedRegex(@"\bhf_[A-Za-z0-9]{30,64}\b", Plain)]
    private static partial Regex HuggingFaceToken();

    [GeneratedRegex(@"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}", Plain)]
    private static partial Regex SendGridKey();

    [GeneratedRegex(@"\baos_[0-9a-f]{16}_[0-9a-f]{16,255}", Plain)]
    private static partial Regex HouseKey();

    [GeneratedRegex(@"\beyJ(?>[A-Za-z0-9_-]{8,4096})\.(?>[A-Za-z0-9_-]{8,8192})\.[A-Za-z0-9_-]{0,1024}", Plain)]
    private static partial Regex WebToken();

    [GeneratedRegex(@"\b(?<scheme>Bearer|Basic) (?<value>[A-Za-z0-9._~+/=-]{6,4096})", Plain | RegexOptions.IgnoreCase)]
    private static partial Regex Credential();

    [GeneratedRegex(@"://(?<user>[^\s/@:]{0,64}:[^\s/@]{1,128})@", Plain)]
    private static partial Regex UserInUrl();

    /// <remarks>A value in front of <c>=</c> is only looked at: in <c>said: password=...</c> it is the next name.</remarks>
    [GeneratedRegex("(?<![A-Za-z0-9_.-])(?<name>[A-Za-z_][A-Za-z0-9_.-]{1,63})[\"']?[ \\t]{0,3}(?<sign>[:=])[ \\t]{0,3}(\"(?<quoted>[^\"\\r\\n]{1,512})\"|'(?<quoted>[^'\\r\\n]{1,512})'|(?=(?<value>[^\\s\"',;&<>{}\\[\\]():=]{1,1024})=)|(?<value>[^\\s\"',;&<>{}\\[\\]():=]{1,1024}))", Plain)]
    private static partial Regex Assignment();

    [GeneratedRegex("(?<![A-Za-z0-9_-])--(?<name>[a-z][a-z-]{1,40}) {1,3}(?<value>[^\\s\"',;&<>{}\\[\\]()-][^\\s\"']{3,255})", Plain)]
    private static partial Regex Argument();

    [GeneratedRegex(@"(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}_%+][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}-]{1,63}(\.[\p{L}\p{N}-]{1,63}){0,7}\.\p{L}[\p{L}\p{N}-]{1,62}", Plain)]
    private static partial Regex Email();

    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", Plain)]
    private static partial Regex Iban();

    [GeneratedRegex(@"(?<![0-9A-Za-z.,_-])([0-9][ -]?){12,18}[0-9](?![0-9A-Za-z_]|[.-][0-9])", Plain)]
    private static partial Regex Card();

    [GeneratedRegex(@"(?<![0-9A-Za-z-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z-])", Plain)]
    private static partial Regex SocialSecurity();

    [GeneratedRegex(@"(?<![\w.+-])(\+[1-9][0-9]{0,2}[ .-]?(\([0-9]{1,4}\)[ .-]?)?[0-9]([ .-]?[0-9]){4,12}|\([2-9][0-9]{2}\) ?[0-9]{3}-[0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4})(?![\w-])", Plain)]
    private static partial Regex Phone();
}
