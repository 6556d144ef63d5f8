using Aos.Kernel;

namespace Aos.Failures;

/// <summary>What an unknown failure is likely to be, by the words of its code and message. The first row that fits counts, the code before the message.</summary>
internal static class Suggestions
{
    private static readonly char[] Between = [.. " _-.,:;/()[]'\"<>=\t\r\n"];

    private static readonly (string[] Words, FailureCategory Category, RecoveryMode Recovery)[] Rows =
    [
        (["timeout", "timed", "network", "connection", "dns", "unavailable", "503"], FailureCategory.Transient, RecoveryMode.RetryExponential),
        (["rate", "429", "throttled"], FailureCategory.Resource, RecoveryMode.RetryExponential),
        (["permission", "auth", "unauthorized", "forbidden", "401", "403"], FailureCategory.Permission, RecoveryMode.Escalate),
        (["budget", "quota", "limit"], FailureCategory.Resource, RecoveryMode.Escalate),
        (["validation", "schema", "invalid", "parse", "malformed"], FailureCategory.Validation, RecoveryMode.Abort),
        (["db", "database", "sql", "postgres"], FailureCategory.Infrastructure, RecoveryMode.RetryExponential),
        (["llm", "claude", "openai", "anthropic", "planner"], FailureCategory.Planner, RecoveryMode.RetryExponential),
    ];

    /// <summary>PERMANENT and ABORT where nothing speaks for anything else.</summary>
    internal static (FailureCategory Category, RecoveryMode Recovery) Of(string code, string message) =>
        Find(code) ?? Find(message) ?? (FailureCategory.Permanent, RecoveryMode.Abort);

    private static (FailureCategory, RecoveryMode)? Find(string text)
    {
        var words = text.Split(Between, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (known, category, recovery) in Rows)
        {
            if (known.Any(words.Contains)) return (category, recovery);
        }

        return null;
    }
}
