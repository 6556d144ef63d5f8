using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>One code of the taxonomy.</summary>
/// <param name="Aliases">Names the same failure had elsewhere.</param>
/// <param name="HttpStatus">Status an API answers with when a request fails so.</param>
/// <param name="RetriesMax">Tries after the first that the default advice allows; 0 when not retryable.</param>
/// <param name="BackoffMs">First delay of the default advice, milliseconds.</param>
public sealed record FailureEntry(
    string Code,
    FailureCategory Category,
    bool Retryable,
    int HttpStatus,
    string Meaning,
    string Advice,
    int RetriesMax,
    int BackoffMs,
    ImmutableArray<string> Aliases);

/// <summary>The one taxonomy: every failure of AOS has a code of this list.</summary>
public static partial class FailureCatalog
{
    /// <summary>A failure of a known code with the catalog's category, advice and retryability.</summary>
    public static Failure Fail(string code, string message, TimeSpan? retryAfter = null, System.Text.Json.JsonElement? details = null)
    {
        var entry = Find(code) ?? throw new InvariantBrokenException($"No catalog entry for {code}.");
        return new Failure(entry.Code, entry.Category, message, entry.Retryable, entry.Advice, retryAfter, details);
    }
}
