using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>What the appends of a batch write for shared budgets, as further statements of its transaction. Most batches have none of it.</summary>
internal sealed class MoneyBatch
{
    private readonly LineColumns lines = new();
    private readonly BalanceColumns balances = new();
    private readonly EndColumns ends = new();
    private readonly HaltColumns halts = new();
    private readonly OverrunColumns overruns = new();
    private readonly WaitColumns waits = new();
    private readonly GoOnColumns goers = new();
    private readonly RaiseColumns raises = new();
    private readonly SortedSet<BalanceKey> keys = [];
    private readonly NpgsqlBatchCommand locking, opening, settling, ending, halting, telling, waiting, goingOn, raising;

    internal MoneyBatch()
    {
        opening = new NpgsqlBatchCommand(LedgerSql.Open);
        foreach (var parameter in lines.Parameters) opening.Parameters.Add(parameter.Clone()); // Over the same lists: a parameter belongs to one statement.
        settling = Command(LedgerSql.Settle, lines);
        (locking, ending, halting, telling) = (Command(LedgerSql.Lock, balances), Command(LedgerSql.End, ends), Command(LedgerSql.Halt, halts), Command(LedgerSql.Tell, overruns));
        (waiting, goingOn, raising) = (Command(LedgerSql.Wait, waits), Command(LedgerSql.GoOn, goers), Command(LedgerSql.Raise, raises));
    }

    internal void Add(JournalAppend append, AppendMoney money)
    {
        foreach (var line in money.Lines)
        {
            lines.Add(append, line);
            keys.UnionWith(BalanceKey.Of(append.Row.Tenant, line.Call));
            if (!line.IsOver) continue;
            var at = append.Entries[line.Seq - append.ExpectedSeq - 1].At;
            halts.Add(append, line, at);
            overruns.Add(append, line, at);
        }

        if (money.End is { } end) ends.Add(append, end);
        if (money.Pause is { } pause) waits.Add(append, pause);
        if (money.GoesOn is { } seq) goers.Add(append, seq);
        if (money.Raised is { } raised) raises.Add(append, raised);
    }

    internal void Clear()
    {
        lines.Empty();
        foreach (BatchColumns columns in (BatchColumns[])[balances, ends, halts, overruns, waits, goers, raises]) columns.Clear();
        keys.Clear();
    }

    /// <summary>Adds the statements there is something for.</summary>
    internal void Compose(NpgsqlBatchCommandCollection batch)
    {
        if (lines.Count > 0)
        {
            balances.Clear();
            foreach (var key in keys) balances.Add(key);
            batch.Add(locking);
        }

        if (lines.Opened > 0) batch.Add(opening);
        if (lines.Settled > 0) batch.Add(settling);
        if (ends.Count > 0) batch.Add(ending);
        if (halts.Count > 0)
        {
            batch.Add(halting);
            batch.Add(telling);
        }

        if (waits.Count > 0) batch.Add(waiting);
        if (goers.Count > 0) batch.Add(goingOn);
        if (raises.Count > 0) batch.Add(raising);
    }

    private static NpgsqlBatchCommand Command(string sql, BatchColumns columns)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in columns.Parameters) command.Parameters.Add(parameter);
        return command;
    }
}
