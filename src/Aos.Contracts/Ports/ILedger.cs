using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Money that runs share. Each paid call has a line: its bound is reserved before the call is ordered, and the line is settled by the very
/// append that holds what came of it. A line ends by nothing else but its run's events, however long that takes.
/// </summary>
public interface ILedger
{
    /// <summary>The accounts of a tenant as they stood less than a second ago.</summary>
    ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>
    /// Reserves calls in their order, up to the first that an account has no room for, in one transaction over all nodes. A call whose
    /// line is there already is reserved already. Throws <see cref="JournalUnavailableException"/>: then nobody knows, and asking again is safe.
    /// </summary>
    /// <param name="by">The node that drives the run; nothing is reserved for one that does not.</param>
    Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel);

    /// <summary>The account that has no room for the call now, or null. Nothing is reserved.</summary>
    /// <param name="agents">The agent's own limits.</param>
    Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> agents, CancellationToken cancel);

    /// <summary>Books what was spent outside of any run.</summary>
    Task ChargeAsync(TenantId tenant, string agent, string skill, Cents cost, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Runs that wait for an account, the oldest first.</summary>
    Task<IReadOnlyList<BudgetWait>> WaitingAsync(int max, CancellationToken cancel);
}

/// <summary>Calls of one run that are about to be ordered.</summary>
/// <param name="Agents">Limits of the run's agent, beside the accounts.</param>
public sealed record ReserveOrder(RunId Run, TenantId Tenant, IReadOnlyList<PaidCall> Calls, IReadOnlyList<BudgetAccount> Agents);

/// <summary>What came of an order.</summary>
/// <param name="Fits">Calls from the first on that are reserved now.</param>
/// <param name="Breach">What the next one met; null: all are reserved.</param>
/// <param name="IsLost">The node does not drive the run: nothing was done.</param>
/// <param name="IsFenced">The node's epoch is over: nothing was done, for any of its runs.</param>
public sealed record ReserveReply(int Fits, BudgetBreach? Breach, bool IsLost = false, bool IsFenced = false);

/// <summary>A run that an account has paused.</summary>
/// <param name="Call">What it could not pay.</param>
public sealed record BudgetWait(TenantId Tenant, RunId Run, PaidCall Call, AccountKey Account, DateTimeOffset Since);

/// <summary>What the events of an append mean for shared budgets; it is written in their transaction, or not at all.</summary>
public sealed record AppendMoney
{
    /// <summary>Lines that are opened by this append, and those it settles, in the order of their events.</summary>
    public IReadOnlyList<LedgerLine> Lines { get; init; } = [];

    /// <summary>An attempt of the run is over: what was reserved for calls that were never ordered is free.</summary>
    public LedgerEnd? End { get; init; }

    /// <summary>The run stands still for want of room.</summary>
    public LedgerPause? Pause { get; init; }

    /// <summary>The number of the event by which the run waits for no account any more; null: it did not.</summary>
    public int? GoesOn { get; init; }

    /// <summary>The run's own budget is another one.</summary>
    public RaisedBudget? Raised { get; init; }
}

/// <param name="Seq">The event that says so.</param>
public sealed record LedgerLine(MoneyKind Kind, int Seq, PaidCall Call, Cents Actual, long InputTokens, long OutputTokens, bool IsOver);

/// <param name="Seq">The event that ended it.</param>
/// <param name="Attempt">Which one.</param>
public sealed record LedgerEnd(int Seq, int Attempt, DateTimeOffset At);

/// <param name="Seq">The event that paused the run.</param>
public sealed record LedgerPause(int Seq, PaidCall Call, AccountKey Account, DateTimeOffset At);

/// <param name="Seq">The event that says so.</param>
public sealed record RaisedBudget(int Seq, Cents Budget);
