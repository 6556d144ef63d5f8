using System.Globalization;

namespace Aos.Kernel;

/// <summary>A call that may cost something, as the ledger of shared budgets keeps it.</summary>
public sealed record PaidCall
{
    /// <summary>
    /// Which call of its run: its place, the run's attempt, and how often it was ordered there. The same order has the same text however often it
    /// is decided, so whoever decides it again reserves nothing more.
    /// </summary>
    public required string Call { get; init; }

    /// <summary>Of the run, from 1.</summary>
    public required int Attempt { get; init; }

    public required string Agent { get; init; }
    public required string Skill { get; init; }

    /// <summary>The model that is asked for; empty: none.</summary>
    public required string Model { get; init; }

    /// <summary>What it may cost at most.</summary>
    public required Cents Bound { get; init; }

    /// <summary>When it was ordered: the day, hour and month it counts in.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>UTC, as <c>2026-11-27</c>.</summary>
    public string Day => At.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>UTC, as <c>2026-11-27T13</c>.</summary>
    public string Hour => At.ToUniversalTime().ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture);
}

/// <summary>What an event means for the ledger.</summary>
public enum MoneyKind
{
    /// <summary>The call is ordered: its bound is reserved.</summary>
    Opened,

    /// <summary>What came of the call: it cost <see cref="MoneyFact.Actual"/>, and nothing of it is reserved any more.</summary>
    Settled,
}

/// <summary>One event of a run, as the ledger sees it.</summary>
/// <param name="Event">Index among the events it was read from.</param>
/// <param name="Actual">What it cost; zero while it is open.</param>
public sealed record MoneyFact(MoneyKind Kind, int Event, PaidCall Call, Cents Actual, long InputTokens = 0, long OutputTokens = 0)
{
    /// <summary>It cost more than its bound.</summary>
    public bool IsOver => Kind == MoneyKind.Settled && Actual > Call.Bound && Call.Call != PaidCalls.Planning;
}

/// <summary>What some events mean for the ledger.</summary>
/// <param name="Ended">The attempt that ended among them: what is still reserved of it and was never ordered is free again. Null: none.</param>
/// <param name="EndEvent">Index of the event that ended it.</param>
public sealed record MoneyFacts(IReadOnlyList<MoneyFact> Calls, int? Ended, int EndEvent)
{
    public static MoneyFacts None { get; } = new([], null, -1);
}
