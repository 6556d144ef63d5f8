using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>Accounts and balances as people see them.</summary>
internal sealed class BudgetTables(IDatabase database, AccountTable accounts) : IBudgetTables
{
    private const string Sums = "sum(spent), sum(calls), sum(input_tokens), sum(output_tokens)";
    private const string EventColumns = "tenant_id, subject, level, scope, name, period, run_id, spent, most, message, at";

    public Task<IReadOnlyList<BudgetStanding>> StandingAsync(TenantId tenant, DateTimeOffset at, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var standing = new List<BudgetStanding>();
            foreach (var account in await AccountTable.ListAsync(connection, tenant, token))
            {
                var key = BalanceKey.Of(tenant, account.Key, at);
                var (spent, reserved) = await Balances.OfAsync(connection, key, token);
                standing.Add(new BudgetStanding(account, key.Period, spent, reserved));
            }

            return (IReadOnlyList<BudgetStanding>)standing;
        },
        cancel);

    public Task<bool> PutAsync(TenantId tenant, BudgetAccount account, string by, DateTimeOffset at, CancellationToken cancel) => accounts.PutAsync(tenant, account, by, at, cancel);

    public Task<bool> RemoveAsync(TenantId tenant, AccountKey account, CancellationToken cancel) => accounts.RemoveAsync(tenant, account, cancel);

    public Task<IReadOnlyList<SpendSum>> SumsAsync(TenantId tenant, AccountScope scope, bool byDay, string first, string last, int max, CancellationToken cancel) => ReadAsync(
        tenant,
        $"""
        SELECT {(byDay ? "period" : "name")}, {Sums} FROM budget_balances WHERE tenant_id = @tenant AND scope = @scope AND period >= @first AND period <= @last
        GROUP BY 1 ORDER BY {(byDay ? "1 DESC" : "2 DESC, 1")} LIMIT @max
        """,
        new { tenant = tenant.Value, scope = AccountKey.Wire(scope), first, last, max }, cancel);

    public Task<IReadOnlyList<SpendSum>> RunsAsync(TenantId tenant, string first, string last, int calls, int max, CancellationToken cancel) => ReadAsync(
        tenant,
        """
        SELECT run_id, sum(actual), count(*), sum(input_tokens), sum(output_tokens)
        FROM (SELECT run_id, actual, input_tokens, output_tokens FROM ledger WHERE tenant_id = @tenant AND day >= @first AND day <= @last AND state = 1 ORDER BY day DESC, run_id DESC LIMIT @calls) AS newest
        GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT @max
        """,
        new { tenant = tenant.Value, first, last, calls, max }, cancel);

    public Task<IReadOnlyList<BudgetEvent>> EventsAsync(TenantId tenant, DateTimeOffset? before, int max, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {EventColumns} FROM budget_events WHERE tenant_id = @tenant AND at < @before ORDER BY at DESC, subject, level LIMIT @max",
                new { tenant = tenant.Value, before = before?.UtcTicks ?? long.MaxValue, max }, cancellationToken: token));
            var found = new List<BudgetEvent>();
            while (await rows.ReadAsync(token)) found.Add(Event(rows));
            return (IReadOnlyList<BudgetEvent>)found;
        },
        cancel);

    public Task<IReadOnlyList<TenantId>> SpendersAsync(string hour, TenantId? after, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (IReadOnlyList<TenantId>)[.. (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM budget_balances WHERE scope = 'hour' AND period >= @hour AND tenant_id > @after ORDER BY tenant_id LIMIT @max",
            new { hour, after = after?.Value ?? "", max }, cancellationToken: token))).Select(name => new TenantId(name))],
        cancel);

    public Task<IReadOnlyList<DayUse>> DayUsesAsync(DateTimeOffset at, Cents most, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            // Hours of the day, by the index of hours. An account that pays nothing at all has no share of which something could be spent.
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                SELECT b.tenant_id, CAST(sum(b.spent) AS DOUBLE PRECISION) / min(coalesce(nullif(CASE WHEN a.soft IS NULL OR a.hard < a.soft THEN a.hard ELSE a.soft END, 0), @most)) AS share
                FROM budget_balances AS b LEFT JOIN budget_accounts AS a ON a.tenant_id = b.tenant_id AND a.scope = 'tenant' AND a.name = '' AND a.period = 'day'
                WHERE b.scope = 'hour' AND b.period >= @first AND b.period <= @last GROUP BY b.tenant_id ORDER BY 2 DESC, 1 LIMIT @max
                """,
                new { most = Math.Max(most.ToMicros(), 1), first = $"{Day(at)}T00", last = $"{Day(at)}T23", max }, cancellationToken: token));
            var found = new List<DayUse>();
            while (await rows.ReadAsync(token)) found.Add(new DayUse(new TenantId(rows.GetString(0)), (decimal)rows.GetDouble(1)));
            return (IReadOnlyList<DayUse>)found;
        },
        cancel);

    public Task<Cents> SpentAsync(TenantId tenant, AccountKey account, DateTimeOffset at, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await Balances.OfAsync(connection, BalanceKey.Of(tenant, account, at), token)).Spent, cancel);

    public async Task<IReadOnlyList<SpendSum>> DearAsync(TenantId tenant, string day, Cents call, Cents run, int max, CancellationToken cancel)
    {
        var with = new { tenant = tenant.Value, day, call = call.ToMicros(), run = run.ToMicros(), max };
        var calls = await ReadAsync(
            tenant, "SELECT run_id || ' ' || call, actual, 1, input_tokens, output_tokens FROM ledger WHERE tenant_id = @tenant AND day = @day AND state = 1 AND actual > @call ORDER BY run_id, call LIMIT @max", with, cancel);
        var runs = await ReadAsync(
            tenant, "SELECT run_id, sum(actual), count(*), sum(input_tokens), sum(output_tokens) FROM ledger WHERE tenant_id = @tenant AND day = @day AND state = 1 GROUP BY run_id HAVING sum(actual) > @run ORDER BY run_id LIMIT @max",
            with, cancel);
        return [.. calls, .. runs];
    }

    public Task<IReadOnlyList<BudgetEvent>> TellAsync(IReadOnlyList<BudgetEvent> events, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => (IReadOnlyList<BudgetEvent>)[.. events.Where(one => connection.Execute(
            $"""
            INSERT INTO budget_events ({EventColumns}) VALUES (@tenant, @Subject, @Level, @Scope, @Name, @Period, @Run, @spent, @most, @Message, @at)
            ON CONFLICT (tenant_id, subject, level) DO NOTHING
            """,
            new { tenant = one.Tenant.Value, one.Subject, one.Level, one.Scope, one.Name, one.Period, one.Run, spent = one.Spent.ToMicros(), most = one.Most.ToMicros(), one.Message, at = one.At.UtcTicks },
            transaction) == 1)],
        cancel);

    private Task<IReadOnlyList<SpendSum>> ReadAsync(TenantId tenant, string sql, object with, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, with, cancellationToken: token));
            var found = new List<SpendSum>();
            while (await rows.ReadAsync(token)) found.Add(new SpendSum(rows.GetString(0), Cents.FromMicros(Number(rows, 1)), Number(rows, 2), Number(rows, 3), Number(rows, 4)));
            return (IReadOnlyList<SpendSum>)found;
        },
        cancel);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A sum is wider than what it adds up on PostgreSQL.</summary>
    private static long Number(DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), System.Globalization.CultureInfo.InvariantCulture);

    private static BudgetEvent Event(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
        Cents.FromMicros(row.GetInt64(7)), Cents.FromMicros(row.GetInt64(8)), row.GetString(9), Columns.Time(row.GetInt64(10)));
}
