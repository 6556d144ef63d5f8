using System.Data.Common;
using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>
/// One transaction that reserves. 1. The node's epoch is held, as an append holds it, and the runs must be its own: whoever takes them over
/// waits for this or is seen here. 2. The balances are held in their order. 3. Each call that fits is added, each order up to its first
/// that does not. 4. Balances and lines are written.
/// </summary>
internal sealed class Reserving(DbConnection connection, DbTransaction transaction, Dialect dialect)
{
    /// <summary>Lines of one statement.</summary>
    private const int LinesMax = 200;

    internal IReadOnlyList<ReserveReply> Write(NodeId by, IReadOnlyList<ReserveOrder> orders)
    {
        if (!IsHeld(by)) return [.. orders.Select(_ => new ReserveReply(0, null, IsFenced: true))];
        var wanted = orders.Select(order => IsOwned(by, order.Run) ? Wanted(order) : null).ToList();
        var keys = new SortedSet<BalanceKey>(wanted.Zip(orders).Where(pair => pair.First is not null).SelectMany(pair => pair.First!.SelectMany(call => BalanceKey.Of(pair.Second.Tenant, call.Call))));
        if (keys.Count == 0) return [.. wanted.Zip(orders).Select(pair => pair.First is null ? Lost : new ReserveReply(pair.Second.Calls.Count, null))];
        var used = Balances.Lock(connection, transaction, keys);
        var accounts = keys.Select(key => key.Tenant).Distinct().ToDictionary(tenant => tenant, tenant => AccountTable.List(connection, transaction, tenant));
        for (var i = 0; i < orders.Count; i++)
        {
            if (wanted[i] is not null) AddMonths(used, orders[i], accounts[orders[i].Tenant]);
        }

        return Decide(orders, wanted, new BudgetSheet(used), accounts);
    }

    private static readonly ReserveReply Lost = new(0, null, IsLost: true);

    private List<ReserveReply> Decide(IReadOnlyList<ReserveOrder> orders, List<List<Ask>?> wanted, BudgetSheet sheet, Dictionary<TenantId, List<BudgetAccount>> accounts)
    {
        var replies = new List<ReserveReply>();
        var taken = new List<(ReserveOrder Order, Ask Ask)>();
        for (var i = 0; i < orders.Count; i++)
        {
            if (wanted[i] is not { } asks)
            {
                replies.Add(Lost);
                continue;
            }

            BudgetAccount[] limits = [.. orders[i].Agents, .. accounts[orders[i].Tenant]];
            var (fits, breach) = (orders[i].Calls.Count, (BudgetBreach?)null);
            foreach (var ask in asks)
            {
                breach = sheet.Take(orders[i].Tenant, ask.Call, limits);
                if (breach is not null)
                {
                    fits = ask.At;
                    break;
                }

                taken.Add((orders[i], ask));
            }

            replies.Add(new ReserveReply(fits, breach));
        }

        Balances.Add(connection, transaction, [.. taken
            .SelectMany(one => BalanceKey.Of(one.Order.Tenant, one.Ask.Call).Select(key => (Key: key, Bound: one.Ask.Call.Bound.ToMicros())))
            .GroupBy(one => one.Key).Select(group => new BalanceChange(group.Key, group.Sum(one => one.Bound), 0, 0))]);
        foreach (var some in taken.Where(one => !one.Ask.IsThere).Chunk(LinesMax)) Insert(some);
        foreach (var (order, ask) in taken.Where(one => one.Ask.IsThere)) Raise(order, ask);
        return replies;
    }

    /// <summary>The fence of appends: whoever declares the node dead waits until this is done, or has been before it.</summary>
    private bool IsHeld(NodeId by) => dialect == Dialect.Sqlite
        || connection.ExecuteScalar<int?>("SELECT 1 FROM nodes WHERE id = @id AND epoch = 1 FOR SHARE", new { id = by.Value }, transaction) is not null;

    private bool IsOwned(NodeId by, RunId run) => dialect == Dialect.Sqlite
        ? connection.ExecuteScalar<long?>("SELECT owned FROM runs WHERE id = @id", new { id = Columns.Id(run) }, transaction) == 1
        : connection.ExecuteScalar<int?>("SELECT 1 FROM runs WHERE id = @id AND owner = @by", new { id = run.Value, by = by.Value }, transaction) is not null;

    /// <summary>Calls without a line yet; of one that is there with a lower bound, the rest. One that is settled is somebody else's past: nothing is asked for it.</summary>
    private List<Ask> Wanted(ReserveOrder order)
    {
        var known = new Dictionary<string, (long State, long Bound, DateTimeOffset At)>(StringComparer.Ordinal);
        using (var rows = (DbDataReader)connection.ExecuteReader(
            $"SELECT call, state, bound, opened_at FROM ledger WHERE run_id = @run AND call {(dialect == Dialect.Postgres ? "= ANY(@calls)" : "IN @calls")}", new { run = order.Run.ToString(), calls = order.Calls.Select(call => call.Call).ToArray() }, transaction))
        {
            while (rows.Read()) known[rows.GetString(0)] = (rows.GetInt64(1), rows.GetInt64(2), Columns.Time(rows.GetInt64(3)));
        }

        var asks = new List<Ask>();
        for (var i = 0; i < order.Calls.Count; i++)
        {
            var call = order.Calls[i];
            if (!known.TryGetValue(call.Call, out var line)) asks.Add(new Ask(i, call, false));
            else if (line.State == LedgerTables.Reserved && call.Bound.ToMicros() > line.Bound) asks.Add(new Ask(i, call with { Bound = Cents.FromMicros(call.Bound.ToMicros() - line.Bound), At = line.At }, true));
        }

        return asks;
    }

    /// <summary>A month is the sum of its days: they change under the lock of the scope's total alone, which is held.</summary>
    private void AddMonths(Dictionary<BalanceKey, Cents> used, ReserveOrder order, List<BudgetAccount> accounts)
    {
        foreach (var call in order.Calls)
        {
            foreach (var account in accounts.Concat(order.Agents))
            {
                if (account.Key.Period != AccountPeriod.Month || !account.Key.Covers(call)) continue;
                var key = BalanceKey.Of(order.Tenant, account.Key, call.At);
                if (!used.ContainsKey(key)) used[key] = Balances.Used(connection, transaction, key);
            }
        }
    }

    private void Insert((ReserveOrder Order, Ask Ask)[] lines)
    {
        var sql = new StringBuilder("INSERT INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at) VALUES ");
        var values = new DynamicParameters();
        for (var i = 0; i < lines.Length; i++)
        {
            var (order, call) = (lines[i].Order, lines[i].Ask.Call);
            sql.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}(@r{i}, @c{i}, @t{i}, @n{i}, 0, 0, @a{i}, @s{i}, @m{i}, @d{i}, @h{i}, @b{i}, 0, 0, 0, @o{i})");
            var n = i.ToString(CultureInfo.InvariantCulture);
            values.Add("r" + n, order.Run.ToString());
            values.Add("c" + n, call.Call);
            values.Add("t" + n, order.Tenant.Value);
            values.Add("n" + n, (long)call.Attempt);
            values.Add("a" + n, call.Agent);
            values.Add("s" + n, call.Skill);
            values.Add("m" + n, call.Model);
            values.Add("d" + n, call.Day);
            values.Add("h" + n, call.Hour);
            values.Add("b" + n, call.Bound.ToMicros());
            values.Add("o" + n, call.At.UtcTicks);
        }

        connection.Execute(sql.ToString(), values, transaction);
    }

    private void Raise(ReserveOrder order, Ask ask) => connection.Execute(
        "UPDATE ledger SET bound = bound + @more WHERE run_id = @run AND call = @call AND state = 0",
        new { more = ask.Call.Bound.ToMicros(), run = order.Run.ToString(), call = ask.Call.Call }, transaction);

    /// <summary>What a call still wants.</summary>
    /// <param name="At">Index among the calls of its order.</param>
    /// <param name="IsThere">It has a line, with less.</param>
    private sealed record Ask(int At, PaidCall Call, bool IsThere);
}
