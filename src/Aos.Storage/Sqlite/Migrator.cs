using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>Applies numbered migrations to the embedded store, each once, all in one transaction.</summary>
internal static class Migrator
{
    /// <summary>Throws <see cref="StoreRefusedException"/> for a store that this build must not write.</summary>
    internal static void Up(SqliteConnection connection, IEnumerable<Migration> migrations)
    {
        using var transaction = connection.BeginTransaction();
        Run(connection, transaction, "CREATE TABLE IF NOT EXISTS migrations (room TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (room, number)) WITHOUT ROWID");
        if (!KnowsBreaks(connection, transaction)) Run(connection, transaction, "ALTER TABLE migrations ADD COLUMN breaks INTEGER NOT NULL DEFAULT 0");
        var plan = new MigrationPlan(Dialect.Sqlite, migrations, Applied(connection, transaction));
        plan.EnsureUsable();
        foreach (var migration in plan.Pending)
        {
            Run(connection, transaction, migration.Sql);
            Run(
                connection, transaction, "INSERT INTO migrations (room, number, name, checksum, breaks) VALUES ($1, $2, $3, $4, $5)",
                migration.Room, migration.Number, migration.Name, MigrationPlan.Checksum(Dialect.Sqlite, migration), migration.Breaks ? 1 : 0);
        }

        transaction.Commit();
    }

    /// <summary>What the file's migrations come to; nothing is changed.</summary>
    internal static MigrationPlan Look(SqliteConnection connection, IEnumerable<Migration> migrations)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        using var select = Command(connection, transaction, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'");
        var isThere = (long)select.ExecuteScalar()! == 1;
        return new MigrationPlan(Dialect.Sqlite, migrations, isThere ? Applied(connection, transaction) : []);
    }

    /// <summary>Stores of the first builds have no such column.</summary>
    private static bool KnowsBreaks(SqliteConnection connection, SqliteTransaction transaction)
    {
        using var select = Command(connection, transaction, "SELECT count(*) FROM pragma_table_info('migrations') WHERE name = 'breaks'");
        return (long)select.ExecuteScalar()! == 1;
    }

    private static List<AppliedMigration> Applied(SqliteConnection connection, SqliteTransaction transaction)
    {
        var breaks = KnowsBreaks(connection, transaction) ? "breaks" : "0";
        using var select = Command(connection, transaction, $"SELECT room, number, name, checksum, {breaks} FROM migrations");
        using var reader = select.ExecuteReader();
        var applied = new List<AppliedMigration>();
        while (reader.Read()) applied.Add(new AppliedMigration(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4) == 1));
        return applied;
    }

    private static void Run(SqliteConnection connection, SqliteTransaction transaction, string sql, params object[] values)
    {
        using var command = Command(connection, transaction, sql);
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, sql);
        return command;
    }
}
