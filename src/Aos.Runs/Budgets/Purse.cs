using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What the engine asks of shared budgets: the accounts that people set, and the limits that are an agent's own.</summary>
/// <param name="agents">Null: this house has no agents.</param>
internal sealed class Purse(ILedger ledger, AgentBook? agents = null, AgentOptions? options = null)
{
    /// <summary>Reserves calls before they are ordered. Null: no limit covers any of them, and the append that orders them opens their lines.</summary>
    internal async ValueTask<ReserveReply?> ReserveAsync(NodeId by, RunStarted start, IReadOnlyList<PaidCall> calls, CancellationToken cancel)
    {
        var own = await OwnAsync(start.Tenant, start.AgentId, cancel);
        if (!await IsLimitedAsync(start.Tenant, own, calls, cancel)) return null;
        return await ledger.ReserveAsync(by, new ReserveOrder(start.Run, start.Tenant, [.. calls.Select(Clean)], own), cancel);
    }

    /// <summary>Whether an account or a limit of the agent covers one of the calls.</summary>
    internal async ValueTask<bool> IsLimitedAsync(RunStarted start, IReadOnlyList<PaidCall> calls, CancellationToken cancel) =>
        await IsLimitedAsync(start.Tenant, await OwnAsync(start.Tenant, start.AgentId, cancel), calls, cancel);

    /// <summary>What has no room for the call now, or null. Nothing is reserved.</summary>
    internal async Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, CancellationToken cancel)
    {
        var own = await OwnAsync(tenant, call.Agent, cancel);
        PaidCall[] calls = [Clean(call)];
        return await IsLimitedAsync(tenant, own, calls, cancel) ? await ledger.LookAsync(tenant, calls[0], own, cancel) : null;
    }

    /// <summary>What the events of a turn mean for the ledger; null: nothing.</summary>
    /// <param name="reserved">Calls that have their lines already.</param>
    /// <param name="breach">What the last call that found no room met, if any.</param>
    internal static AppendMoney? Of(RunState before, RunState after, IReadOnlyList<RunEvent> events, MoneyFacts facts, IReadOnlySet<string> reserved, BudgetBreach? breach)
    {
        var first = before.Seq + 1;
        LedgerLine[] lines = [.. facts.Calls.Where(fact => fact.Kind == MoneyKind.Settled || !reserved.Contains(fact.Call.Call))
            .Select(fact => new LedgerLine(fact.Kind, first + fact.Event, Clean(fact.Call), fact.Actual, fact.InputTokens, fact.OutputTokens, fact.IsOver))];
        var money = new AppendMoney
        {
            Lines = lines,
            End = facts.Ended is { } attempt ? new LedgerEnd(first + facts.EndEvent, attempt, events[facts.EndEvent].At) : null,
            Pause = breach is not null && Last(events, static e => e is RunPaused { Why: not null }) is >= 0 and var paused ? new LedgerPause(first + paused, Clean(breach.Call), breach.Account.Key, events[paused].At) : null,
            GoesOn = before.Pause?.Why is not null && after.Pause?.Why is null && Last(events, static e => e is RunResumed or RunEnded or RunPaused) is >= 0 and var gone ? first + gone : null,
            Raised = Last(events, static e => e is RunRetried { Budget: not null }) is >= 0 and var raised ? new RaisedBudget(first + raised, ((RunRetried)events[raised]).Budget!.Value) : null,
        };
        return money is { Lines.Count: 0, End: null, Pause: null, GoesOn: null, Raised: null } ? null : money;
    }

    /// <summary>Its lifetime budget, and what the house lets one agent spend in a day. A name that is no agent's is a label, and has none.</summary>
    private async ValueTask<IReadOnlyList<BudgetAccount>> OwnAsync(TenantId tenant, string id, CancellationToken cancel)
    {
        if (agents is null || options is null || await agents.FindAsync(tenant, id, cancel) is not { } agent) return [];
        var day = new BudgetAccount(new AccountKey(AccountScope.Agent, id, AccountPeriod.Day)) { Hard = new Cents(options.DayMaxCents), IsAgents = true };
        return agent.Settings.BudgetCents is { } cents
            ? [new BudgetAccount(new AccountKey(AccountScope.Agent, id, AccountPeriod.Total)) { Hard = new Cents(cents), IsAgents = true }, day]
            : [day];
    }

    private async ValueTask<bool> IsLimitedAsync(TenantId tenant, IReadOnlyList<BudgetAccount> own, IReadOnlyList<PaidCall> calls, CancellationToken cancel)
    {
        if (own.Count > 0) return true;
        var accounts = await ledger.AccountsAsync(tenant, cancel);
        foreach (var account in accounts)
        {
            if (account.Hard is null && account.Halted is null) continue;
            for (var i = 0; i < calls.Count; i++)
            {
                if (account.Key.Covers(Clean(calls[i]))) return true;
            }
        }

        return false;
    }

    private static int Last(IReadOnlyList<RunEvent> events, Func<RunEvent, bool> isWanted)
    {
        for (var i = events.Count - 1; i >= 0; i--)
        {
            if (isWanted(events[i])) return i;
        }

        return -1;
    }

    /// <summary>Names and money as every store can keep them.</summary>
    private static PaidCall Clean(PaidCall call) => call with
    {
        Bound = Cents.FromMicros(call.Bound.ToMicros()),
        Agent = FailedStep.Clean(call.Agent, FailedStep.NameMax), Skill = FailedStep.Clean(call.Skill, FailedStep.NameMax), Model = FailedStep.Clean(call.Model, FailedStep.NameMax),
    };
}
