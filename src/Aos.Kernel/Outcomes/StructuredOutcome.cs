using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Something a skill did to the world, in the order it did it.</summary>
public sealed record SideEffect(string Type, string Target, bool Reversible);

/// <summary>A call that was not let out, as a pair: of which skill, and to where (<c>host:port</c>).</summary>
public sealed record BlockedCall(string Skill, string Target);

/// <summary>
/// What came of one skill call. A skill never throws at its caller: <see cref="Failure"/> is null on success and the
/// only place a failure is told.
/// </summary>
/// <param name="Result">Any JSON value; the JSON null on failure.</param>
/// <param name="Cost">Actual cost, never negative, also for failed calls.</param>
/// <param name="Latency">Wall time of the call. Not part of any deterministic hash.</param>
/// <param name="Retries">Tries below this call (0: answered at once).</param>
public sealed record StructuredOutcome(
    JsonElement Result,
    Failure? Failure,
    Cents Cost,
    TimeSpan Latency,
    int Retries,
    ImmutableArray<SideEffect> SideEffects)
{
    /// <summary>Calls of the skill that <see cref="ExternalCalls"/> kept in, each once, also when the skill went on without them.</summary>
    public ImmutableArray<BlockedCall> Blocked { get; init; } = [];

    public bool Ok => Failure is null;

    public static StructuredOutcome Succeeded(JsonElement result, Cents cost = default, TimeSpan latency = default) =>
        new(result, null, cost, latency, 0, []);

    public static StructuredOutcome Failed(Failure failure, Cents cost = default, TimeSpan latency = default) =>
        new(Json.Null, failure, cost, latency, 0, []);
}
