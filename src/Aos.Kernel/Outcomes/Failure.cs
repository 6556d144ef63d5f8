using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What kind of failure it is; the category gives the default answer to "again?".</summary>
public enum FailureCategory
{
    Transient, Permanent, Resource, Permission, Validation, Infrastructure, Planner, Skill, Data, Security, Checkpoint,
}

/// <summary>
/// A failure as data. <paramref name="Code"/> is one of <see cref="FailureCatalog"/>; <paramref name="Retryable"/> and
/// <paramref name="RetryAfter"/> say whether, and after how long at the earliest, the same call may be tried again.
/// </summary>
/// <param name="Message">One sentence: what, where, why.</param>
/// <param name="Advice">One sentence: what to do next.</param>
/// <param name="Details">An object, or null.</param>
public sealed record Failure(
    string Code,
    FailureCategory Category,
    string Message,
    bool Retryable,
    string Advice,
    TimeSpan? RetryAfter = null,
    JsonElement? Details = null);
