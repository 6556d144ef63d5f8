using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>The rules of a tenant's memory as stored.</summary>
/// <param name="Version">Counts up with every change; 0: there never were any.</param>
/// <param name="ChangedAt">Null: there never were any.</param>
/// <param name="ChangedBy">The principal.</param>
public sealed record StoredRules(MemoryRules Rules, long Version, DateTimeOffset? ChangedAt, string? ChangedBy);

/// <param name="Key">Under which the value would be written.</param>
/// <param name="Existing">What would be stored already; null: what is.</param>
/// <param name="Rules">To be tried; null: the stored ones.</param>
public sealed record RuleTrial(string Key, JsonElement Value, JsonElement? Existing, MemoryRules? Rules);

/// <summary>
/// Door of the memory room: rules by which values are tidied up, checked, transformed and merged as they are written. Each tenant has its own set;
/// without one values are stored as they are written. Throws <see cref="JournalUnavailableException"/> when the database does not answer.
/// </summary>
public interface IMemoryRules
{
    /// <summary>Bytes of a set, as canonical JSON.</summary>
    public const int BytesMax = 256 * 1024;

    Task<StoredRules> ReadAsync(Caller caller, CancellationToken cancel);

    /// <summary>Puts a set in the place of the one that is there; it holds for every write after it, on every node.</summary>
    /// <param name="version">The version that it replaces; null: whichever.</param>
    /// <returns>Null and why: another version is stored (<c>PRECONDITION_FAILED</c>), the set is too large, or the caller may not.</returns>
    Task<(StoredRules? After, StoredRules? Before, Failure? Refusal)> ReplaceAsync(Caller caller, MemoryRules rules, long? version, CancellationToken cancel);

    /// <summary>Says what would be stored. Nothing is.</summary>
    Task<RuledWrite> TryAsync(Caller caller, RuleTrial trial, CancellationToken cancel);
}
