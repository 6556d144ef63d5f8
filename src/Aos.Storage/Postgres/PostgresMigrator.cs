using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Applies numbered migrations, each once and in a transaction of its own, however many nodes start at once: the steps stand in
/// line behind one lock of the database, which ends with the transaction and so holds behind PgBouncer too.
/// </summary>
internal sealed class PostgresMigrator(NpgsqlDataSource source, IReadOnlyList<Migration> migrations, TimeProvider clock)
{
    /// <summary>How often a step is tried that came upon somebody's lock; with the pauses about 40 s.</summary>
    private const int TriesMax = 12;

    /// <summary>Nodes that were heard of within three times what they promised.</summary>
    private const string LiveSql = "SELECT count(*) FROM heartbeats WHERE renewed_at + 3 * ttl_ms * interval '1 millisecond' > now()";

    /// <summary>
    /// A statement that waits for a table's lock holds up all that come after it, so it gives up soon. Once it has the lock it may
    /// take its time.
    /// </summary>
    private const string Manners = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on";

    private const string Table = """
        CREATE TABLE IF NOT EXISTS aos_migrations (
          room text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL, breaks boolean NOT NULL,
          build text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (room, number)
        )
        """;

    /// <summary>What the database's migrations come to; nothing is changed.</summary>
    internal async Task<MigrationPlan> LookAsync(CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return await LookAsync(connection, null, cancel);
    }

    /// <summary>
    /// Runs what is pending. A step that breaks other builds is left for later while a node is alive. Replies how many steps it
    /// ran itself. Throws <see cref="StoreRefusedException"/> for a database that this build must not write.
    /// </summary>
    internal async Task<int> UpAsync(CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        var plan = await LookAsync(connection, null, cancel);
        plan.EnsureUsable();
        var ran = plan.Pending.Count == 0 ? 0 : await RunAsync(connection, plan, cancel);
        await GuardAsync(connection, cancel);
        await PartitionAsync(connection, cancel);
        return ran;
    }

    private async Task<int> RunAsync(NpgsqlConnection connection, MigrationPlan plan, CancellationToken cancel)
    {
        await LockedAsync(connection, transaction => RunAsync(connection, transaction, Table, cancel), cancel);
        var ran = 0;
        foreach (var migration in plan.Pending)
        {
            if (migration.Breaks && await AreNodesAliveAsync(connection, cancel)) continue;
            await LockedAsync(connection, async transaction => ran += await StepAsync(connection, transaction, migration, cancel), cancel);
        }

        return ran;
    }

    /// <summary>Row-level security of tables that have none yet, whichever room made them. What stands in the way now is left: aos doctor says so.</summary>
    private async Task GuardAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (!await IsThereAsync(connection, null, "runs", cancel)) return;
        try
        {
            foreach (var (table, hasTenant) in await TenantRows.UnguardedAsync(connection, migrations, cancel))
                await LockedAsync(connection, transaction => RunAsync(connection, transaction, TenantRows.Guard(table, hasTenant), cancel), cancel);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.InsufficientPrivilege)
        {
            return;
        }
    }

    /// <summary>The journal's months, before anybody writes to them. What stands in the way now is left to the chore.</summary>
    private async Task PartitionAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (!await IsThereAsync(connection, null, "journal_rest", cancel)) return;
        try
        {
            await new JournalPartitions(source).MakeAsync(clock.GetUtcNow(), cancel);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.InsufficientPrivilege)
        {
            return; // aos doctor says when they are still missing.
        }
    }

    /// <summary>Whether a node is at work on this database.</summary>
    private static async Task<bool> AreNodesAliveAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        await IsThereAsync(connection, null, "heartbeats", cancel) && await ScalarAsync<long>(connection, null, LiveSql, cancel) > 0;

    private async Task<int> StepAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Migration migration, CancellationToken cancel)
    {
        var plan = await LookAsync(connection, transaction, cancel);
        plan.EnsureUsable();
        if (!plan.Pending.Contains(migration)) return 0; // Another node was first.
        await RunAsync(connection, transaction, migration.Postgres ?? PostgresWords.Of(migration.Sql), cancel);
        await RunAsync(
            connection, transaction, "INSERT INTO aos_migrations (room, number, name, checksum, breaks, build) VALUES ($1, $2, $3, $4, $5, $6)", cancel,
            migration.Room, migration.Number, migration.Name, MigrationPlan.Checksum(Dialect.Postgres, migration), migration.Breaks, ThisBuild.Version);
        return 1;
    }

    private async Task LockedAsync(NpgsqlConnection connection, Func<NpgsqlTransaction, Task> step, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                await RunAsync(connection, transaction, "SELECT pg_advisory_xact_lock(1634693989, 1)", cancel);
                await RunAsync(connection, transaction, Manners, cancel);
                await step(transaction);
                await transaction.CommitAsync(cancel);
                return;
            }
            catch (PostgresException e) when (tries < TriesMax && e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 * tries), clock, cancel);
            }
        }
    }

    private async Task<MigrationPlan> LookAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancel) => new(
        Dialect.Postgres, migrations, await IsThereAsync(connection, transaction, "aos_migrations", cancel) ? await AppliedAsync(connection, transaction, cancel) : []);

    private static async Task<List<AppliedMigration>> AppliedAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancel)
    {
        await using var select = new NpgsqlCommand("SELECT room, number, name, checksum, breaks FROM aos_migrations", connection, transaction);
        await using var reader = await select.ExecuteReaderAsync(cancel);
        var applied = new List<AppliedMigration>();
        while (await reader.ReadAsync(cancel))
            applied.Add(new AppliedMigration(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetBoolean(4)));
        return applied;
    }

    private static Task<bool> IsThereAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string table, CancellationToken cancel) =>
        ScalarAsync<bool>(connection, transaction, $"SELECT to_regclass('{table}') IS NOT NULL", cancel);

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task RunAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, CancellationToken cancel, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(cancel);
    }
}
