using System.Data.Common;
using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>A change of a balance, in 10⁻⁶ cents.</summary>
internal readonly record struct BalanceChange(BalanceKey Key, long Reserved, long Spent, long Calls);

/// <summary>Balances within a transaction, always in their order.</summary>
internal static class Balances
{
    /// <summary>Rows of one statement.</summary>
    private const int RowsMax = 200;

    private const string Locked = "ON CONFLICT (tenant_id, scope, name, period) DO UPDATE SET reserved = b.reserved RETURNING tenant_id, scope, name, period, reserved + spent";

    /// <summary>Holds the balances until the end of the transaction, and gives what is used of each.</summary>
    /// <param name="keys">In their order.</param>
    internal static Dictionary<BalanceKey, Cents> Lock(DbConnection connection, DbTransaction transaction, IEnumerable<BalanceKey> keys)
    {
        var used = new Dictionary<BalanceKey, Cents>();
        foreach (var some in keys.Select(key => new BalanceChange(key, 0, 0, 0)).Chunk(RowsMax))
        {
            using var rows = (DbDataReader)connection.ExecuteReader(Insert(some, Locked), Values(some), transaction);
            while (rows.Read()) used[new BalanceKey(new TenantId(rows.GetString(0)), rows.GetString(1), rows.GetString(2), rows.GetString(3))] = Cents.FromMicros(rows.GetInt64(4));
        }

        return used;
    }

    /// <param name="changes">Each key once.</param>
    internal static void Add(DbConnection connection, DbTransaction transaction, IReadOnlyList<BalanceChange> changes)
    {
        foreach (var some in changes.OrderBy(change => change.Key).Chunk(RowsMax)) connection.Execute(Insert(some, LedgerSql.AddUp), Values(some), transaction);
    }

    /// <summary>What is spent of a balance, and what is reserved.</summary>
    internal static async Task<(Cents Spent, Cents Reserved)> OfAsync(DbConnection connection, BalanceKey key, CancellationToken cancel)
    {
        await using var row = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
            $"SELECT CAST(coalesce(sum(spent), 0) AS BIGINT), CAST(coalesce(sum(reserved), 0) AS BIGINT) FROM budget_balances WHERE {Within}", Of(key), cancellationToken: cancel));
        await row.ReadAsync(cancel);
        return (Cents.FromMicros(row.GetInt64(0)), Cents.FromMicros(row.GetInt64(1)));
    }

    /// <summary>What is used of a balance; of a month, the sum of its days.</summary>
    internal static async Task<Cents> UsedAsync(DbConnection connection, BalanceKey key, CancellationToken cancel) =>
        Cents.FromMicros(await connection.ExecuteScalarAsync<long>(new CommandDefinition(UsedSql, Of(key), cancellationToken: cancel)));

    internal static Cents Used(DbConnection connection, DbTransaction transaction, BalanceKey key) => Cents.FromMicros(connection.ExecuteScalar<long>(UsedSql, Of(key), transaction));

    /// <summary>Days of a month lie between its name and that with a letter behind; any other period is alone between its name and the same.</summary>
    private const string Within = "tenant_id = @tenant AND scope = @scope AND name = @name AND period >= @period AND period <= @last";

    private const string UsedSql = $"SELECT coalesce(sum(reserved + spent), 0) FROM budget_balances WHERE {Within}";

    private static object Of(BalanceKey key) => new
    {
        tenant = key.Tenant.Value, scope = key.Scope, name = key.Name, period = key.Period, last = key.Period.Length == "2026-11".Length ? key.Period + "-99" : key.Period,
    };

    private static string Insert(BalanceChange[] changes, string conflict)
    {
        var sql = new StringBuilder($"INSERT INTO budget_balances AS b ({LedgerSql.Balances}) VALUES ");
        for (var i = 0; i < changes.Length; i++) sql.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}(@t{i}, @s{i}, @n{i}, @p{i}, @r{i}, @a{i}, @c{i}, 0, 0)");
        return sql.Append(' ').Append(conflict).ToString();
    }

    private static DynamicParameters Values(BalanceChange[] changes)
    {
        var values = new DynamicParameters();
        for (var i = 0; i < changes.Length; i++)
        {
            var n = i.ToString(CultureInfo.InvariantCulture);
            var (key, reserved, spent, calls) = changes[i];
            values.Add("t" + n, key.Tenant.Value);
            values.Add("s" + n, key.Scope);
            values.Add("n" + n, key.Name);
            values.Add("p" + n, key.Period);
            values.Add("r" + n, reserved);
            values.Add("a" + n, spent);
            values.Add("c" + n, calls);
        }

        return values;
    }
}
