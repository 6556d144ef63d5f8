using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a forked run is started with besides its plan.</summary>
/// <param name="Taken">The origin's steps that count as done, in plan order.</param>
public sealed record ForkOrder(ForkOrigin Origin, ImmutableArray<StepTaken> Taken);

/// <summary>A fork to make. Exactly one of <paramref name="FromStep"/> and <paramref name="FromEvent"/> is set; what else is null is the origin's.</summary>
/// <param name="FromStep">Id of the first step to do anew.</param>
/// <param name="FromEvent">Number of an event: what was finished then is taken over.</param>
public sealed record ForkRequest(string? FromStep, int? FromEvent)
{
    /// <summary>Stand in place of all inputs of the origin.</summary>
    public JsonElement? Inputs { get; init; }

    /// <summary>A whole plan; what is taken over stands in it unchanged.</summary>
    public JsonElement? Plan { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Model of every model call that is done anew.</summary>
    public string? Model { get; init; }

    /// <summary>Of the fork alone: what was taken over is not charged again.</summary>
    public Cents? Budget { get; init; }

    public (string Scope, string Key, byte[] Fingerprint)? Key { get; init; }

    public string Reason { get; init; } = "";

    /// <summary>The suggestion that is applied so, or null.</summary>
    public Guid? Suggestion { get; init; }
}

/// <summary>Door of the runs room to forks: new runs that begin where another one stood.</summary>
public interface IForks
{
    /// <summary>
    /// Starts a fork under the caller's permissions, budgets and quotas; replies after its first append is durable. Null: the origin is
    /// unknown to this tenant. Throws <see cref="JournalCorruptException"/> when the origin is damaged.
    /// </summary>
    Task<StartReply?> ForkAsync(Caller caller, RunId origin, ForkRequest request, CancellationToken cancel);
}
