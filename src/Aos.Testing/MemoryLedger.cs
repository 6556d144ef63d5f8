using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>A ledger in memory, with the same answers as a real one; its journal applies what appends say of it.</summary>
public sealed class MemoryLedger : ILedger
{
    private readonly Lock gate;
    private readonly Dictionary<(RunId Run, string Call), Line> lines = [];
    private readonly Dictionary<RunId, BudgetWait> waits = [];
    private readonly Dictionary<AccountKey, BudgetAccount> accounts = [];
    private readonly Func<NodeId, RunId, bool> drives;

    /// <param name="gate">The journal's: both change together.</param>
    /// <param name="drives">Whether a node drives a run.</param>
    internal MemoryLedger(Lock gate, Func<NodeId, RunId, bool> drives) => (this.gate, this.drives) = (gate, drives);

    /// <summary>Cents that were ever used at once of anything, spent and reserved.</summary>
    public Cents Most { get; private set; }

    /// <summary>What all settled lines add up to.</summary>
    public Cents Spent
    {
        get
        {
            lock (gate) return lines.Values.Aggregate(Cents.Zero, static (sum, line) => sum + (line.State == State.Settled ? line.Actual : Cents.Zero));
        }
    }

    /// <summary>What is reserved now.</summary>
    public Cents Reserved
    {
        get
        {
            lock (gate) return lines.Values.Aggregate(Cents.Zero, static (sum, line) => sum + (line.State == State.Reserved ? line.Call.Bound : Cents.Zero));
        }
    }

    /// <summary>Sets an account, open.</summary>
    public void Set(BudgetAccount account)
    {
        lock (gate) accounts[account.Key] = account with { Halted = null };
    }

    public ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync(TenantId tenant, CancellationToken cancel)
    {
        lock (gate) return new ValueTask<IReadOnlyList<BudgetAccount>>([.. accounts.Values]);
    }

    public Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(drives(by, order.Run) ? Reserve(order) : new ReserveReply(0, null, IsLost: true));
    }

    public Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> agents, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(Sheet(tenant, call, [.. agents, .. accounts.Values]).Take(tenant, call, [.. agents, .. accounts.Values]));
    }

    public Task ChargeAsync(TenantId tenant, string agent, string skill, Cents cost, DateTimeOffset at, CancellationToken cancel)
    {
        var call = new PaidCall { Call = PaidCalls.Planning, Attempt = 1, Agent = agent, Skill = skill, Model = "", Bound = cost, At = at };
        lock (gate) lines[(new RunId(Guid.NewGuid()), call.Call)] = new Line(tenant, call, State.Settled, cost);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<BudgetWait>> WaitingAsync(int max, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult<IReadOnlyList<BudgetWait>>([.. waits.Values.OrderBy(wait => wait.Since).ThenBy(wait => wait.Run).Take(max)]);
    }

    /// <summary>What an append that was accepted says.</summary>
    internal void Apply(JournalAppend append)
    {
        if (append.Money is not { } money) return;
        var (run, tenant) = (append.Row.Id, append.Row.Tenant);
        lock (gate)
        {
            foreach (var line in money.Lines) Apply(run, tenant, line);
            foreach (var (key, line) in lines.Where(pair => money.End is { } end && pair.Key.Run == run && pair.Value.State == State.Reserved && pair.Value.Call.Attempt <= end.Attempt).ToList())
                lines[key] = line with { State = State.Released };
            if (money.Pause is { } pause) waits[run] = new BudgetWait(tenant, run, pause.Call, pause.Account, pause.At);
            if (money.GoesOn is not null) waits.Remove(run);
            Count();
        }
    }

    private void Apply(RunId run, TenantId tenant, LedgerLine line)
    {
        var known = lines.GetValueOrDefault((run, line.Call.Call));
        if (line.Kind == MoneyKind.Opened && known is null) lines[(run, line.Call.Call)] = new Line(tenant, line.Call, State.Reserved, Cents.Zero);
        if (line.Kind != MoneyKind.Settled || known is { State: not State.Reserved }) return;
        lines[(run, line.Call.Call)] = new Line(tenant, known?.Call ?? line.Call, State.Settled, line.Actual);
        if (!line.IsOver) return;
        foreach (var account in accounts.Values.Where(account => account.Hard is not null && account.Key.Covers(line.Call)).ToList()) accounts[account.Key] = account with { Halted = "a call cost more than its bound" };
    }

    private ReserveReply Reserve(ReserveOrder order)
    {
        BudgetAccount[] limits = [.. order.Agents, .. accounts.Values];
        for (var i = 0; i < order.Calls.Count; i++)
        {
            var call = order.Calls[i];
            if (lines.ContainsKey((order.Run, call.Call))) continue;
            if (Sheet(order.Tenant, call, limits).Take(order.Tenant, call, limits) is { } breach) return new ReserveReply(i, breach);
            lines[(order.Run, call.Call)] = new Line(order.Tenant, call, State.Reserved, Cents.Zero);
            Count();
        }

        return new ReserveReply(order.Calls.Count, null);
    }

    private BudgetSheet Sheet(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> limits) => new(limits
        .Where(account => account.Key.Covers(call)).Select(account => account.Key).Distinct()
        .ToDictionary(key => BalanceKey.Of(tenant, key, call.At), key => Used(tenant, key, key.PeriodOf(call.At))));

    private Cents Used(TenantId tenant, AccountKey account, string period) => lines.Values
        .Where(line => line.Tenant == tenant && line.State != State.Released && account.Covers(line.Call) && account.PeriodOf(line.Call.At) == period)
        .Aggregate(Cents.Zero, static (sum, line) => sum + (line.State == State.Settled ? line.Actual : line.Call.Bound));

    private void Count()
    {
        if (accounts.Count == 0) return;
        var now = lines.Values.Aggregate(Cents.Zero, static (sum, line) => sum + line.State switch { State.Settled => line.Actual, State.Reserved => line.Call.Bound, _ => Cents.Zero });
        if (now > Most) Most = now;
    }

    private enum State { Reserved, Settled, Released }

    private sealed record Line(TenantId Tenant, PaidCall Call, State State, Cents Actual);
}
