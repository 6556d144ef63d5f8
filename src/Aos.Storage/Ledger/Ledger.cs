using System.Collections.Concurrent;
using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>
/// The ledger of shared budgets over the store. Accounts are read again when they were read half a second ago and other processes may have
/// changed them; whether a call fits is always decided by what the store holds, under its locks.
/// </summary>
internal sealed class Ledger(IDatabase database, AccountTable accounts, TimeProvider clock) : ILedger, IDisposable
{
    /// <summary>Tenants whose accounts are kept; then all are forgotten.</summary>
    private const int KeptMax = 10_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<TenantId, (IReadOnlyList<BudgetAccount> Accounts, long ReadAt, long Change)> kept = new();
    private readonly ReserveLine line = new(database);

    public void Dispose() => line.Dispose();

    public ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync(TenantId tenant, CancellationToken cancel)
    {
        if (kept.TryGetValue(tenant, out var known) && known.Change == accounts.Changes && (database.Dialect == Dialect.Sqlite || clock.GetElapsedTime(known.ReadAt) < Fresh))
            return new ValueTask<IReadOnlyList<BudgetAccount>>(known.Accounts);
        return ReadAsync(tenant, cancel);
    }

    public Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel) => line.ReserveAsync(by, order, cancel);

    public Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> agents, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            BudgetAccount[] covering = [.. agents, .. await AccountTable.ListAsync(connection, tenant, token)];
            covering = [.. covering.Where(account => account.Key.Covers(call))];
            if (covering.Length == 0) return null;
            var used = new Dictionary<BalanceKey, Cents>();
            foreach (var account in covering) used[BalanceKey.Of(tenant, account.Key, call.At)] = await Balances.UsedAsync(connection, BalanceKey.Of(tenant, account.Key, call.At), token);
            return new BudgetSheet(used).Take(tenant, call, covering);
        },
        cancel);

    public Task ChargeAsync(TenantId tenant, string agent, string skill, Cents cost, DateTimeOffset at, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var call = new PaidCall { Call = PaidCalls.Planning, Attempt = 1, Agent = FailedStep.Clean(agent, FailedStep.NameMax), Skill = skill, Model = "", Bound = cost, At = at };
            Balances.Add(connection, transaction, [.. BalanceKey.Of(tenant, call).Select(key => new BalanceChange(key, 0, cost.ToMicros(), 1))]);
            return connection.Execute(
                """
                INSERT INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at, closed_at)
                VALUES (@run, @Call, @tenant, 1, 0, 1, @Agent, @Skill, '', @Day, @Hour, @cost, @cost, 0, 0, @at, @at)
                """,
                new { run = new RunId(Guid.CreateVersion7(at)).ToString(), call.Call, tenant = tenant.Value, call.Agent, call.Skill, call.Day, call.Hour, cost = cost.ToMicros(), at = at.UtcTicks },
                transaction);
        },
        cancel);

    public Task<IReadOnlyList<BudgetWait>> WaitingAsync(int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT tenant_id, run_id, scope, name, period, call, attempt, agent_id, skill, model, bound, since FROM budget_waits ORDER BY since, run_id LIMIT @max", new { max }, cancellationToken: token));
            var found = new List<BudgetWait>();
            while (await rows.ReadAsync(token)) found.Add(Wait(rows));
            return (IReadOnlyList<BudgetWait>)found;
        },
        cancel);

    private static BudgetWait Wait(DbDataReader row) => new(
        new TenantId(row.GetString(0)), new RunId(Guid.ParseExact(row.GetString(1), "D")),
        new PaidCall
        {
            Call = row.GetString(5), Attempt = (int)row.GetInt64(6), Agent = row.GetString(7), Skill = row.GetString(8), Model = row.GetString(9),
            Bound = Cents.FromMicros(row.GetInt64(10)), At = Columns.Time(row.GetInt64(11)),
        },
        AccountTable.Key(row.GetString(2), row.GetString(3), row.GetString(4)), Columns.Time(row.GetInt64(11)));

    private async ValueTask<IReadOnlyList<BudgetAccount>> ReadAsync(TenantId tenant, CancellationToken cancel)
    {
        var (readAt, change) = (clock.GetTimestamp(), accounts.Changes);
        var read = await accounts.ListAsync(tenant, cancel);
        if (kept.Count >= KeptMax) kept.Clear();
        kept[tenant] = (read, readAt, change);
        return read;
    }
}
