using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>How a failure was recognised.</summary>
public enum MatchKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By the catalog's own code.</summary>
    Code,

    /// <summary>By a name the same failure has elsewhere.</summary>
    Alias,

    /// <summary>By an HTTP status.</summary>
    Status,

    /// <summary>By the type of the exception that was thrown.</summary>
    Exception,

    /// <summary>By words of its text.</summary>
    Message,
}

/// <summary>What a failure is.</summary>
/// <param name="Entry">Null exactly when <paramref name="Kind"/> is None.</param>
/// <param name="Reason">One sentence: what it was recognised by.</param>
public sealed record FailureMatch(FailureEntry? Entry, MatchKind Kind, string Reason)
{
    /// <summary>How sure it is: 1 for codes and aliases, 0.9 for a status, 0.8 for an exception's type, 0.7 for words, 0 for none.</summary>
    public double Confidence => Of(Kind);

    public static double Of(MatchKind kind) => kind switch
    {
        MatchKind.Code or MatchKind.Alias => 1,
        MatchKind.Status => 0.9,
        MatchKind.Exception => 0.8,
        MatchKind.Message => 0.7,
        _ => 0,
    };
}

/// <summary>What to do about a failure.</summary>
/// <param name="Retry">Whether the same call may be tried again by itself.</param>
/// <param name="After">Wait at least so long before the next try; null when there is none.</param>
/// <param name="TriesLeft">Tries that the catalog's advice still allows.</param>
/// <param name="Suggestion">What to try instead, or what to correct.</param>
public sealed record FailureAdvice(bool Retry, TimeSpan? After, int TriesLeft, string Suggestion);

/// <summary>Door of the failures room.</summary>
public interface IFailures
{
    /// <summary>The catalog entry of a code or one of its aliases, or null.</summary>
    FailureEntry? Find(string codeOrAlias);

    /// <summary>What a failure is, from whatever is known of it: its code first, then its status, its exception's type, its text.</summary>
    /// <param name="httpStatus">What the peer answered with; others than 400 to 599 say nothing.</param>
    /// <param name="exception">Type of an exception with or without its namespace, of .NET or Python: <c>TimeoutException</c>, <c>ConnectionError</c>.</param>
    FailureMatch Classify(string? code, int? httpStatus = null, string? text = null, string? exception = null);

    /// <summary>Whether to try again after a failure, when, and what else to do.</summary>
    /// <param name="tries">Tries so far, at least 1.</param>
    FailureAdvice Advise(Failure failure, int tries);

    /// <summary>These were kept with the journal: counts them.</summary>
    void Kept(IReadOnlyList<FailedStep> failed);

    /// <summary>A call succeeded that had failed before.</summary>
    /// <param name="code">As it had failed; null: not known any more.</param>
    void Recovered(string? code);

    /// <summary>A failure got no row of its own, so that a long list does not write as many rows.</summary>
    void LeftOut();
}
