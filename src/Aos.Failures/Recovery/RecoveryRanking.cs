using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Puts what could be done about a failure in order: by what the catalog thinks of it and by what has happened.</summary>
internal static class RecoveryRanking
{
    /// <summary>What can be done, the most promising first; never empty.</summary>
    internal static IReadOnlyList<RecoveryOption> Of(RecoverySubject subject, IReadOnlyList<PastOutcome> past, DateTimeOffset now)
    {
        var advice = RecoveryAdvice.Of(subject.Entry, subject.Mode);
        var sureness = subject.Entry is null ? RecoveryAdvice.Unknown : (decimal)subject.Match.Confidence;
        var options = new List<RecoveryOption>();
        foreach (var (kind, prior) in advice)
        {
            if (RecoveryActionFitting.Of(kind, subject) is not { } action) continue;
            var outcomes = past.Where(one => one.SpeaksFor(kind, advice[0].Kind)).Select(one => (one.Evidence.Recovered, now - one.Evidence.At));
            options.Add(new RecoveryOption(action, RecoveryConfidence.Of(prior * sureness, outcomes)));
        }

        return [.. options.OrderByDescending(option => option.Confidence)]; // Keeps the catalog's order among equals.
    }

    /// <summary>What the confidence in an action was reckoned by, newest first.</summary>
    internal static IReadOnlyList<RecoveryEvidence> Evidence(RecoverySubject subject, RecoveryKind kind, IReadOnlyList<PastOutcome> past)
    {
        var first = RecoveryAdvice.Of(subject.Entry, subject.Mode)[0].Kind;
        return [.. past.Where(one => one.SpeaksFor(kind, first)).Select(one => one.Evidence)];
    }
}
