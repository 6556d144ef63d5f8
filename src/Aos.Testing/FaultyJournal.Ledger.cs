using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The ledger as one process sees it: a reservation meets the same faults as an append.</summary>
public sealed partial class FaultyJournal : ILedger
{
    public ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync(TenantId tenant, CancellationToken cancel) => new(Alive(() => inner.Ledger.AccountsAsync(tenant, cancel).AsTask()));

    public async Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel)
    {
        if (IsDead) return await Never<ReserveReply>();
        var fault = next();
        if (fault == Fault.UnavailableBefore) throw new JournalUnavailableException("The script says so.", TimeSpan.FromMilliseconds(10));
        if (fault == Fault.CrashBefore) Die();
        if (IsDead) return await Never<ReserveReply>();
        var reply = await inner.Ledger.ReserveAsync(by, order, cancel);
        if (fault == Fault.UnavailableAfter) throw new JournalUnavailableException("The script says so.", TimeSpan.FromMilliseconds(10));
        if (fault == Fault.CrashAfter) Die();
        return IsDead ? await Never<ReserveReply>() : reply;
    }

    public Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> agents, CancellationToken cancel) => Alive(() => inner.Ledger.LookAsync(tenant, call, agents, cancel));

    public Task ChargeAsync(TenantId tenant, string agent, string skill, Cents cost, DateTimeOffset at, CancellationToken cancel) => inner.Ledger.ChargeAsync(tenant, agent, skill, cost, at, cancel);

    public Task<IReadOnlyList<BudgetWait>> WaitingAsync(int max, CancellationToken cancel) => Alive(() => inner.Ledger.WaitingAsync(max, cancel));
}
