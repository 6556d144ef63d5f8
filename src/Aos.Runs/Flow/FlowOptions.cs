using System.Text.Json;
using Aos.Contracts;

namespace Aos.Runs;

/// <summary>A limit on calls of one target, or of each target of a kind.</summary>
/// <param name="Name">Of the skill, host or provider; <c>*</c>: each one by itself.</param>
/// <param name="PerTenant">True: each tenant has this limit for itself; false: all share it.</param>
/// <param name="Requests">Calls in a time; null: not limited.</param>
/// <param name="Tokens">Tokens of a model in a time; null: not limited.</param>
/// <param name="Concurrent">Calls under way at once on all nodes; null: not limited.</param>
/// <param name="Singleton">Name of a parameter (with dots: of one within it): one call at a time for each of its values, within a tenant. Null: no such rule.</param>
public sealed record FlowRule(
    TargetKind Kind, string Name, bool PerTenant, RateLimit? Requests, RateLimit? Tokens, int? Concurrent, string? Singleton, WhenLost WhenLost);

/// <summary>What the targets of calls can take, and how calls wait for it. Where it comes from: docs/limits.md.</summary>
public sealed class FlowOptions
{
    public IReadOnlyList<FlowRule> Rules { get; init; } = [];

    /// <summary>Runs at once, which stand in the same setting.</summary>
    public RunLimits Runs { get; init; } = RunLimits.None;

    /// <summary>Calls that wait for their targets at once in this process; a further one fails its step, retryable. Default 10,000.</summary>
    public int WaitingMax { get; init; } = 10_000;

    /// <summary>The longest that a call waits for its targets before it fails its step, retryable. Default 10 minutes.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a slot outlives a node that has died. Default 15 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Reads AOS_LIMITS: a JSON object, or the name of a file that <paramref name="file"/> reads; it may throw with the reason.</summary>
    public static FlowOptions Read(Func<string, string?> setting, Func<string, JsonElement> file) => FlowSettings.Read(setting("AOS_LIMITS"), file);
}
