using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>Accounts as stored.</summary>
internal sealed class AccountTable(IDatabase database)
{
    /// <summary>Accounts of one tenant.</summary>
    internal const int Max = 10_000;

    private const decimal Promille = 1000m;
    private const string Columns = "scope, name, period, hard, soft, warn_at, fails, halted";
    private long changes;

    /// <summary>Grows with each change made here.</summary>
    internal long Changes => Interlocked.Read(ref changes);

    internal static AccountKey Key(string scope, string name, string period) =>
        new(Enum.Parse<AccountScope>(scope, ignoreCase: true), name, Enum.Parse<AccountPeriod>(period, ignoreCase: true));

    internal Task<IReadOnlyList<BudgetAccount>> ListAsync(TenantId tenant, CancellationToken cancel) =>
        database.For(tenant).ReadAsync((connection, token) => ListAsync(connection, tenant, token), cancel);

    internal static async Task<IReadOnlyList<BudgetAccount>> ListAsync(DbConnection connection, TenantId tenant, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
            $"SELECT {Columns} FROM budget_accounts WHERE tenant_id = @tenant ORDER BY scope, name, period", new { tenant = tenant.Value }, cancellationToken: cancel));
        var found = new List<BudgetAccount>();
        while (await rows.ReadAsync(cancel)) found.Add(Of(rows));
        return found;
    }

    /// <summary>The accounts of a tenant within a transaction.</summary>
    internal static List<BudgetAccount> List(DbConnection connection, DbTransaction transaction, TenantId tenant)
    {
        using var rows = (DbDataReader)connection.ExecuteReader($"SELECT {Columns} FROM budget_accounts WHERE tenant_id = @tenant ORDER BY scope, name, period", new { tenant = tenant.Value }, transaction);
        var found = new List<BudgetAccount>();
        while (rows.Read()) found.Add(Of(rows));
        return found;
    }

    /// <summary>Sets an account as it is given, open; false: the tenant has as many as it may have.</summary>
    internal async Task<bool> PutAsync(TenantId tenant, BudgetAccount account, string by, DateTimeOffset at, CancellationToken cancel)
    {
        var isSet = await database.For(tenant).WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, $"budgets:{tenant.Value}");
                if (connection.ExecuteScalar<long>("SELECT count(*) FROM budget_accounts WHERE tenant_id = @tenant", new { tenant = tenant.Value }, transaction) >= Max) return false;
                return connection.Execute(
                    """
                    INSERT INTO budget_accounts (tenant_id, scope, name, period, hard, soft, warn_at, fails, set_by, set_at)
                    VALUES (@tenant, @scope, @name, @period, @hard, @soft, @warn, @fails, @by, @at)
                    ON CONFLICT (tenant_id, scope, name, period) DO UPDATE SET hard = excluded.hard, soft = excluded.soft, warn_at = excluded.warn_at, fails = excluded.fails,
                      halted = NULL, halted_at = NULL, set_by = excluded.set_by, set_at = excluded.set_at
                    """,
                    new
                    {
                        tenant = tenant.Value, scope = AccountKey.Wire(account.Key.Scope), name = account.Key.Name, period = AccountKey.Wire(account.Key.Period), hard = account.Hard?.ToMicros(),
                        soft = account.Soft?.ToMicros(), warn = (long)(account.WarnAt * Promille), fails = account.Fails ? 1L : 0L, by, at = at.UtcTicks,
                    },
                    transaction) == 1;
            },
            cancel);
        Interlocked.Increment(ref changes);
        return isSet;
    }

    /// <summary>False: there is no such account.</summary>
    internal async Task<bool> RemoveAsync(TenantId tenant, AccountKey key, CancellationToken cancel)
    {
        var removed = await database.For(tenant).WriteAsync(
            (connection, transaction) => connection.Execute(
                "DELETE FROM budget_accounts WHERE tenant_id = @tenant AND scope = @scope AND name = @name AND period = @period",
                new { tenant = tenant.Value, scope = AccountKey.Wire(key.Scope), name = key.Name, period = AccountKey.Wire(key.Period) }, transaction) == 1,
            cancel);
        Interlocked.Increment(ref changes);
        return removed;
    }

    private static BudgetAccount Of(DbDataReader row) => new(Key(row.GetString(0), row.GetString(1), row.GetString(2)))
    {
        Hard = row.IsDBNull(3) ? null : Cents.FromMicros(row.GetInt64(3)),
        Soft = row.IsDBNull(4) ? null : Cents.FromMicros(row.GetInt64(4)),
        WarnAt = row.GetInt64(5) / Promille,
        Fails = row.GetInt64(6) == 1,
        Halted = row.IsDBNull(7) ? null : row.GetString(7),
    };
}
