using Aos.Contracts;
using Aos.Kernel;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>Rows that hang on an event of the batch: the run, the event's number and its chain hash come first.</summary>
internal abstract class EventBoundColumns : BatchColumns
{
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<int> seq;
    private readonly BatchColumn<byte[]> chain;

    protected EventBoundColumns()
    {
        run = Column<Guid>(NpgsqlDbType.Uuid);
        seq = Column<int>(NpgsqlDbType.Integer);
        chain = Column<byte[]>(NpgsqlDbType.Bytea);
    }

    protected void Begin(JournalAppend append, int of)
    {
        Begin();
        run.Add(append.Row.Id.Value);
        seq.Add(of);
        chain.Add(FailureRows.Chain(append, of));
    }

    protected BatchColumn<string> Texts() => Column<string>(NpgsqlDbType.Text);

    protected BatchColumn<long> Numbers() => Column<long>(NpgsqlDbType.Bigint);
}

/// <summary>Lines of a batch, in the order of <see cref="LedgerSql.Open"/> and <see cref="LedgerSql.Settle"/>.</summary>
internal sealed class LineColumns : EventBoundColumns
{
    private readonly BatchColumn<string> call, tenant, agent, skill, model, day, hour;
    private readonly BatchColumn<long> attempt, bound, actual, input, output, opened, closed, kind;

    internal LineColumns()
    {
        (call, tenant, attempt, agent, skill, model, day, hour) = (Texts(), Texts(), Numbers(), Texts(), Texts(), Texts(), Texts(), Texts());
        (bound, actual, input, output, opened, closed, kind) = (Numbers(), Numbers(), Numbers(), Numbers(), Numbers(), Numbers(), Numbers());
    }

    internal int Opened { get; private set; }

    internal int Settled { get; private set; }

    internal void Add(JournalAppend append, LedgerLine line)
    {
        Begin(append, line.Seq);
        if (line.Kind == MoneyKind.Opened) Opened++;
        else Settled++;
        call.Add(line.Call.Call);
        tenant.Add(append.Row.Tenant.Value);
        attempt.Add(line.Call.Attempt);
        agent.Add(line.Call.Agent);
        skill.Add(line.Call.Skill);
        model.Add(line.Call.Model);
        day.Add(line.Call.Day);
        hour.Add(line.Call.Hour);
        bound.Add(line.Call.Bound.ToMicros());
        actual.Add(line.Actual.ToMicros());
        input.Add(line.InputTokens);
        output.Add(line.OutputTokens);
        opened.Add(line.Call.At.UtcTicks);
        closed.Add(append.Entries[line.Seq - append.ExpectedSeq - 1].At.UtcTicks);
        kind.Add((long)line.Kind);
    }

    internal void Empty()
    {
        Clear();
        (Opened, Settled) = (0, 0);
    }
}

/// <summary>Balances that a batch changes, each once and in their order.</summary>
internal sealed class BalanceColumns : BatchColumns
{
    private readonly BatchColumn<string> tenant, scope, name, period;

    internal BalanceColumns()
    {
        tenant = Column<string>(NpgsqlDbType.Text);
        scope = Column<string>(NpgsqlDbType.Text);
        name = Column<string>(NpgsqlDbType.Text);
        period = Column<string>(NpgsqlDbType.Text);
    }

    internal void Add(BalanceKey key)
    {
        Begin();
        tenant.Add(key.Tenant.Value);
        scope.Add(key.Scope);
        name.Add(key.Name);
        period.Add(key.Period);
    }
}

/// <summary>Attempts that ended, in the order of <see cref="LedgerSql.End"/>.</summary>
internal sealed class EndColumns : EventBoundColumns
{
    private readonly BatchColumn<long> attempt, at;

    internal EndColumns() => (attempt, at) = (Numbers(), Numbers());

    internal void Add(JournalAppend append, LedgerEnd end)
    {
        Begin(append, end.Seq);
        attempt.Add(end.Attempt);
        at.Add(end.At.UtcTicks);
    }
}

/// <summary>Calls that cost more than their bound, in the order of <see cref="LedgerSql.Halt"/>.</summary>
internal sealed class HaltColumns : EventBoundColumns
{
    private readonly BatchColumn<string> tenant, agent, skill, model, why;
    private readonly BatchColumn<long> at;

    internal HaltColumns() => (tenant, agent, skill, model, why, at) = (Texts(), Texts(), Texts(), Texts(), Texts(), Numbers());

    internal void Add(JournalAppend append, LedgerLine line, DateTimeOffset now)
    {
        Begin(append, line.Seq);
        tenant.Add(append.Row.Tenant.Value);
        agent.Add(line.Call.Agent);
        skill.Add(line.Call.Skill);
        model.Add(line.Call.Model);
        why.Add(Overrun.Sentence(append.Row.Id, line));
        at.Add(now.UtcTicks);
    }
}

/// <summary>The same as events, in the order of <see cref="LedgerSql.Tell"/>.</summary>
internal sealed class OverrunColumns : EventBoundColumns
{
    private readonly BatchColumn<string> tenant, call, skill, why;
    private readonly BatchColumn<long> actual, bound, at;

    internal OverrunColumns() => (tenant, call, skill, actual, bound, why, at) = (Texts(), Texts(), Texts(), Numbers(), Numbers(), Texts(), Numbers());

    internal void Add(JournalAppend append, LedgerLine line, DateTimeOffset now)
    {
        Begin(append, line.Seq);
        tenant.Add(append.Row.Tenant.Value);
        call.Add(line.Call.Call);
        skill.Add(line.Call.Skill);
        actual.Add(line.Actual.ToMicros());
        bound.Add(line.Call.Bound.ToMicros());
        why.Add(Overrun.Sentence(append.Row.Id, line));
        at.Add(now.UtcTicks);
    }
}

/// <summary>Runs that wait for an account, in the order of <see cref="LedgerSql.Wait"/>.</summary>
internal sealed class WaitColumns : EventBoundColumns
{
    private readonly BatchColumn<string> tenant, scope, name, period, call;
    private readonly BatchColumn<long> attempt;
    private readonly BatchColumn<string> agent, skill, model;
    private readonly BatchColumn<long> bound, since;

    internal WaitColumns()
    {
        (tenant, scope, name, period, call, attempt) = (Texts(), Texts(), Texts(), Texts(), Texts(), Numbers());
        (agent, skill, model, bound, since) = (Texts(), Texts(), Texts(), Numbers(), Numbers());
    }

    internal void Add(JournalAppend append, LedgerPause pause)
    {
        Begin(append, pause.Seq);
        tenant.Add(append.Row.Tenant.Value);
        scope.Add(AccountKey.Wire(pause.Account.Scope));
        name.Add(pause.Account.Name);
        period.Add(AccountKey.Wire(pause.Account.Period));
        call.Add(pause.Call.Call);
        attempt.Add(pause.Call.Attempt);
        agent.Add(pause.Call.Agent);
        skill.Add(pause.Call.Skill);
        model.Add(pause.Call.Model);
        bound.Add(pause.Call.Bound.ToMicros());
        since.Add(pause.At.UtcTicks);
    }
}

/// <summary>Runs that wait no more, in the order of <see cref="LedgerSql.GoOn"/>.</summary>
internal sealed class GoOnColumns : EventBoundColumns
{
    internal void Add(JournalAppend append, int seq) => Begin(append, seq);
}

/// <summary>Runs with another budget, in the order of <see cref="LedgerSql.Raise"/>.</summary>
internal sealed class RaiseColumns : EventBoundColumns
{
    private readonly BatchColumn<long> budget;
    private readonly BatchColumn<int> rule;

    internal RaiseColumns() => (budget, rule) = (Numbers(), Column<int>(NpgsqlDbType.Integer));

    internal void Add(JournalAppend append, RaisedBudget raised)
    {
        Begin(append, raised.Seq);
        budget.Add(raised.Budget.ToMicros());
        rule.Add((int)KernelRule.Raise);
    }
}
