using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Answers from the one catalog.</summary>
internal sealed class FailuresDoor(FailureMeter? meter = null) : IFailures
{
    private static readonly FailureMatch Unmatched = new(null, MatchKind.None, "Neither its code nor anything else of it is known.");

    public FailureEntry? Find(string codeOrAlias) => FailureCatalog.Find(codeOrAlias);

    public FailureMatch Classify(string? code, int? httpStatus = null, string? text = null, string? exception = null)
    {
        if (code is not null && FailureCatalog.Find(code) is { } entry) return OfCode(entry, code);
        if (httpStatus is { } status && OfStatus(status) is { } byStatus) return Of(byStatus, MatchKind.Status, $"HTTP status {status} means {byStatus}.");
        if (exception is not null && ExceptionTypes.Find(exception, text) is { } byType) return Of(byType, MatchKind.Exception, $"An exception of this type means {byType}.");
        return (text ?? code) is { } words && Phrases.Find(words) is var (byText, said)
            ? Of(byText, MatchKind.Message, $"The words '{said}' mean {byText}.")
            : Unmatched;
    }

    private static FailureMatch OfCode(FailureEntry entry, string code) => entry.Code.Equals(code, StringComparison.OrdinalIgnoreCase)
        ? new FailureMatch(entry, MatchKind.Code, $"{entry.Code} is a code of the catalog.")
        : new FailureMatch(entry, MatchKind.Alias, $"{code.ToUpperInvariant()} is another name of {entry.Code}.");

    private static FailureMatch Of(string code, MatchKind kind, string reason) => new(FailureCatalog.Find(code), kind, reason);

    public FailureAdvice Advise(Failure failure, int tries)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tries, 1);
        var clause = failure.Retryable ? FailureTraits.RetryOf(failure.Code) : null;
        var left = clause is null ? 0 : Math.Max(clause.MaxAttempts - tries, 0);
        if (left == 0) return new FailureAdvice(false, null, 0, failure.Advice);
        var delay = TimeSpan.FromMilliseconds((double)Backoff.Steady(clause!, tries));
        return new FailureAdvice(true, failure.RetryAfter is { } after && after > delay ? after : delay, left, failure.Advice);
    }

    public void Kept(IReadOnlyList<FailedStep> failed)
    {
        foreach (var one in failed) meter?.Failed(one.Entry);
    }

    public void Recovered(string? code) => meter?.Tried(code is null ? null : FailureCatalog.Find(code)?.Code, true);

    public void LeftOut() => meter?.LeftOut();

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
