using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Recognises a failure by the words of its text: whole words, the longest match wins.</summary>
internal static partial class Phrases
{
    private static readonly (string Code, Regex Words)[] Known =
    [
        ("GATEWAY_TIMEOUT", Gateway()), ("PLANNER_TIMEOUT", PlannerTimeout()), ("TIMEOUT", Timeout()), ("DNS_FAILURE", Dns()),
        ("CONNECTION_RESET", Reset()), ("CONNECTION_REFUSED", Refused()), ("SERVICE_UNAVAILABLE", Unavailable()), ("RATE_LIMITED", RateLimit()),
        ("AGENT_BUDGET_EXCEEDED", AgentBudget()), ("BUDGET_EXCEEDED", Budget()), ("QUOTA_EXHAUSTED", Quota()), ("PERMISSION_DENIED", Permission()),
        ("UNAUTHORIZED", Unauthorized()), ("MISSING_REQUIRED_FIELD", Missing()), ("INVALID_INPUT", Invalid()), ("DATA_NOT_FOUND", NotFound()),
        ("LLM_CONTEXT_EXCEEDED", Context()), ("LLM_ERROR", Model()), ("INJECTION_DETECTED", Injection()), ("TAMPER_DETECTED", Tamper()),
        ("STORE_UNAVAILABLE", Store()), ("PLANNER_ERROR", Planner()),
    ];

    /// <summary>Characters of a text that are looked through.</summary>
    private const int CharsMax = 4_000;

    /// <summary>The code, and the words that mean it; null: none.</summary>
    internal static (string Code, string Said)? Find(string text)
    {
        if (text.Length > CharsMax) text = text[..CharsMax];
        (string, string)? best = null;
        var length = 0;
        foreach (var (code, words) in Known)
        {
            foreach (var match in words.EnumerateMatches(text))
            {
                if (match.Length <= length) continue;
                (best, length) = ((code, text.Substring(match.Index, match.Length)), match.Length);
            }
        }

        return Named(text, length) ?? best;
    }

    /// <summary>The catalog's code written with spaces or as it is, the longest one that is longer than <paramref name="than"/>.</summary>
    private static (string Code, string Said)? Named(string text, int than)
    {
        (string, string)? best = null;
        foreach (var (code, words) in Codes)
        {
            if (code.Length <= than || words.Match(text) is not { Success: true } match) continue;
            (best, than) = ((code, match.Value), code.Length);
        }

        return best;
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Codes as patterns, built once.</summary>
    private static readonly (string Code, Regex Words)[] Codes =
        [.. FailureCatalog.All.Select(entry => (entry.Code, new Regex($@"\b{entry.Code.Replace("_", "[ _]", StringComparison.Ordinal)}\b", Options, Patience)))];

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"\bgateway[ _]time-?out\b|\b504\b", Options)]
    private static partial Regex Gateway();

    [GeneratedRegex(@"\bplann(er|ing)[ _]time(d )?-?out\b", Options)]
    private static partial Regex PlannerTimeout();

    [GeneratedRegex(@"\btime-?out\b|\btimed out\b", Options)]
    private static partial Regex Timeout();

    [GeneratedRegex(@"\bdns\b|\b(could not|cannot|failed to) (be )?resolved?\b", Options)]
    private static partial Regex Dns();

    [GeneratedRegex(@"\bconnection (was )?reset\b", Options)]
    private static partial Regex Reset();

    [GeneratedRegex(@"\bconnection (was )?refused\b", Options)]
    private static partial Regex Refused();

    [GeneratedRegex(@"\b(service|temporarily) unavailable\b|\boverloaded\b|\b503\b", Options)]
    private static partial Regex Unavailable();

    [GeneratedRegex(@"\brate[ -]limit(ed)?\b|\btoo many requests\b|\b429\b", Options)]
    private static partial Regex RateLimit();

    [GeneratedRegex(@"\bagent('s)? budget\b", Options)]
    private static partial Regex AgentBudget();

    [GeneratedRegex(@"\bbudget\b", Options)]
    private static partial Regex Budget();

    [GeneratedRegex(@"\bquota\b", Options)]
    private static partial Regex Quota();

    [GeneratedRegex(@"\bpermission denied\b|\bforbidden\b|\b403\b", Options)]
    private static partial Regex Permission();

    [GeneratedRegex(@"\bunauthori[sz]ed\b|\b401\b", Options)]
    private static partial Regex Unauthorized();

    [GeneratedRegex(@"\bmissing required\b|\brequired (field|member|property) \S+ is missing\b", Options)]
    private static partial Regex Missing();

    [GeneratedRegex(@"\binvalid (input|argument)\b|\bvalidation (failed|error)\b|\bschema\b", Options)]
    private static partial Regex Invalid();

    [GeneratedRegex(@"\bnot found\b|\b404\b", Options)]
    private static partial Regex NotFound();

    [GeneratedRegex(@"\bcontext (length )?exceeded\b|\btoken limit\b|\bcontext (is )?too long\b", Options)]
    private static partial Regex Context();

    [GeneratedRegex(@"\bllm\b|\banthropic\b|\bopenai\b|\bclaude\b", Options)]
    private static partial Regex Model();

    [GeneratedRegex(@"\b(prompt )?injection\b", Options)]
    private static partial Regex Injection();

    [GeneratedRegex(@"\btamper(ed|ing)?\b", Options)]
    private static partial Regex Tamper();

    [GeneratedRegex(@"\bcheckpoint\b|\bdatabase\b", Options)]
    private static partial Regex Store();

    [GeneratedRegex(@"\bplanner\b", Options)]
    private static partial Regex Planner();
}
