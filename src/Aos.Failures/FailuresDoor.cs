using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Answers from the one catalog.</summary>
internal sealed class FailuresDoor : IFailures
{
    private static readonly FailureMatch Unmatched = new(null, MatchKind.None, 0);

    public FailureEntry? Find(string codeOrAlias) => FailureCatalog.Find(codeOrAlias);

    public FailureMatch Classify(string? code, int? httpStatus = null, string? text = null)
    {
        if (code is not null && FailureCatalog.Find(code) is { } entry)
        {
            var isOwn = entry.Code.Equals(code, StringComparison.OrdinalIgnoreCase);
            return new FailureMatch(entry, isOwn ? MatchKind.Code : MatchKind.Alias, 1);
        }

        if (httpStatus is { } status && OfStatus(status) is { } byStatus) return new FailureMatch(FailureCatalog.Find(byStatus), MatchKind.Status, 0.9);
        return (text ?? code) is { } words && Phrases.Find(words) is { } byText
            ? new FailureMatch(FailureCatalog.Find(byText), MatchKind.Message, 0.7)
            : Unmatched;
    }

    public FailureAdvice Advise(Failure failure, int tries)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tries, 1);
        var entry = FailureCatalog.Find(failure.Code);
        var left = failure.Retryable ? Math.Max((entry?.RetriesMax ?? 0) - (tries - 1), 0) : 0;
        if (left == 0) return new FailureAdvice(false, null, 0, failure.Advice);
        var delay = TimeSpan.FromMilliseconds(entry!.BackoffMs * Math.Pow(2, tries - 1));
        return new FailureAdvice(true, failure.RetryAfter is { } after && after > delay ? after : delay, left, failure.Advice);
    }

    private static string? OfStatus(int status) => status switch
    {
        401 => "UNAUTHORIZED",
        403 => "PERMISSION_DENIED",
        404 => "DATA_NOT_FOUND",
        408 => "TIMEOUT",
        429 => "RATE_LIMITED",
        503 => "SERVICE_UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        >= 400 and < 500 => "HTTP_4XX",
        >= 500 and < 600 => "HTTP_5XX",
        _ => null,
    };
}
