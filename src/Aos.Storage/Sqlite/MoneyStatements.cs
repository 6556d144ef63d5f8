using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What an append writes for shared budgets in the embedded store, within the append itself. Prepared at its first use: most stores never need it.</summary>
internal sealed class MoneyStatements(Func<string, Statement> prepare)
{
    private Statement? open, settle, settleNew, release, add, halt, tell, wait, goOn, raise;

    internal void Write(JournalAppend append, AppendMoney money)
    {
        var run = append.Row.Id.ToString();
        foreach (var line in money.Lines)
        {
            if (line.Kind == MoneyKind.Opened) Open(append, run, line);
            else Settle(append, run, line);
        }

        if (money.End is { } end) End(append, run, end);
        if (money.Pause is { } pause) Wait(append, run, pause);
        if (money.GoesOn is not null) (goOn ??= prepare("DELETE FROM budget_waits WHERE run_id = $1")).With(run).Execute();
        if (money.Raised is { } raised)
            (raise ??= prepare("UPDATE runs SET budget = $1, min_rule = max(min_rule, $2) WHERE id = $3")).With(raised.Budget.ToMicros()).With((long)KernelRule.Raise).With(Columns.Id(append.Row.Id)).Execute();
    }

    private void Open(JournalAppend append, string run, LedgerLine line)
    {
        var call = line.Call;
        open ??= prepare("""
            INSERT OR IGNORE INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at)
            VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12)
            """);
        var isNew = open.With(run).With(call.Call).With(append.Row.Tenant.Value).With((long)call.Attempt).With((long)line.Seq).With(call.Agent).With(call.Skill).With(call.Model)
            .With(call.Day).With(call.Hour).With(call.Bound.ToMicros()).With(call.At.UtcTicks).Execute() == 1;
        if (isNew) Add(append.Row.Tenant, call, call.Bound.ToMicros(), 0, 0, 0, 0);
    }

    private void Settle(JournalAppend append, string run, LedgerLine line)
    {
        var at = append.Entries[line.Seq - append.ExpectedSeq - 1].At.UtcTicks;
        settle ??= prepare("""
            UPDATE ledger SET state = 1, seq = $1, actual = $2, input_tokens = $3, output_tokens = $4, closed_at = $5 WHERE run_id = $6 AND call = $7 AND state = 0
            RETURNING agent_id, skill, model, opened_at, bound
            """);
        settle.With((long)line.Seq).With(line.Actual.ToMicros()).With(line.InputTokens).With(line.OutputTokens).With(at).With(run).With(line.Call.Call);
        if (Changed(settle) is [var (found, bound)]) Add(append.Row.Tenant, found, -bound, line.Actual.ToMicros(), 1, line.InputTokens, line.OutputTokens);
        else if (SettleNew(append, run, line, at)) Add(append.Row.Tenant, line.Call, 0, line.Actual.ToMicros(), 1, line.InputTokens, line.OutputTokens);
        if (line.IsOver) Halt(append, run, line, at);
    }

    /// <summary>The call was ordered by a build that kept no ledger.</summary>
    private bool SettleNew(JournalAppend append, string run, LedgerLine line, long at)
    {
        var call = line.Call;
        settleNew ??= prepare("""
            INSERT OR IGNORE INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at, closed_at)
            VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            """);
        return settleNew.With(run).With(call.Call).With(append.Row.Tenant.Value).With((long)call.Attempt).With((long)line.Seq).With(call.Agent).With(call.Skill).With(call.Model)
            .With(call.Day).With(call.Hour).With(call.Bound.ToMicros()).With(line.Actual.ToMicros()).With(line.InputTokens).With(line.OutputTokens).With(call.At.UtcTicks).With(at).Execute() == 1;
    }

    private void End(JournalAppend append, string run, LedgerEnd end)
    {
        release ??= prepare("""
            UPDATE ledger SET state = 2, seq = $1, closed_at = $2 WHERE run_id = $3 AND state = 0 AND attempt <= $4
            RETURNING agent_id, skill, model, opened_at, bound
            """);
        release.With((long)end.Seq).With(end.At.UtcTicks).With(run).With((long)end.Attempt);
        foreach (var (call, bound) in Changed(release)) Add(append.Row.Tenant, call, -bound, 0, 0, 0, 0);
    }

    private void Halt(JournalAppend append, string run, LedgerLine line, long at)
    {
        var (call, why) = (line.Call, Overrun.Sentence(append.Row.Id, line));
        (halt ??= prepare("""
            UPDATE budget_accounts SET halted = $1, halted_at = $2 WHERE tenant_id = $3 AND hard IS NOT NULL AND halted IS NULL
              AND (scope = 'tenant' OR (scope = 'agent' AND name = $4) OR (scope = 'skill' AND name = $5) OR (scope = 'model' AND name = $6))
            """)).With(why).With(at).With(append.Row.Tenant.Value).With(call.Agent).With(call.Skill).With(call.Model).Execute();
        (tell ??= prepare("""
            INSERT OR IGNORE INTO budget_events (tenant_id, subject, level, scope, name, period, run_id, spent, most, message, at)
            VALUES ($1, $2, 'overrun', 'skill', $3, 'call', $4, $5, $6, $7, $8)
            """)).With(append.Row.Tenant.Value).With($"call:{run}:{call.Call}").With(call.Skill).With(run).With(line.Actual.ToMicros()).With(call.Bound.ToMicros()).With(why).With(at).Execute();
    }

    private void Wait(JournalAppend append, string run, LedgerPause pause)
    {
        var call = pause.Call;
        (wait ??= prepare("""
            INSERT OR REPLACE INTO budget_waits (run_id, tenant_id, scope, name, period, call, attempt, agent_id, skill, model, bound, since)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """)).With(run).With(append.Row.Tenant.Value).With(AccountKey.Wire(pause.Account.Scope)).With(pause.Account.Name).With(AccountKey.Wire(pause.Account.Period))
            .With(call.Call).With((long)call.Attempt).With(call.Agent).With(call.Skill).With(call.Model).With(call.Bound.ToMicros()).With(pause.At.UtcTicks).Execute();
    }

    /// <summary>Steps a change through, and gives the lines it changed.</summary>
    private static List<(PaidCall Call, long Bound)> Changed(Statement change)
    {
        var changed = new List<(PaidCall, long)>();
        try
        {
            while (change.Next())
            {
                changed.Add((new PaidCall
                {
                    Call = "", Attempt = 0, Agent = change.Text(0), Skill = change.Text(1), Model = change.Text(2), At = Columns.Time(change.Long(3)), Bound = Cents.Zero,
                }, change.Long(4)));
            }

            return changed;
        }
        finally
        {
            change.Reset();
        }
    }

    private void Add(TenantId tenant, PaidCall call, long reserved, long spent, long calls, long input, long output)
    {
        add ??= prepare($"""
            INSERT INTO budget_balances AS b ({LedgerSql.Balances}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            {LedgerSql.AddUp}
            """);
        foreach (var key in BalanceKey.Of(tenant, call))
            add.With(tenant.Value).With(key.Scope).With(key.Name).With(key.Period).With(reserved).With(spent).With(calls).With(input).With(output).Execute();
    }
}
