using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>Applies numbered migrations, each once, and refuses a store that a newer or changed build has written.</summary>
internal static class Migrator
{
    internal static void Up(SqliteConnection connection, IEnumerable<Migration> migrations)
    {
        using var transaction = connection.BeginTransaction();
        Run(connection, transaction, "CREATE TABLE IF NOT EXISTS migrations (room TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (room, number)) WITHOUT ROWID");
        var applied = Applied(connection, transaction);
        foreach (var migration in migrations.OrderBy(m => m.Room, StringComparer.Ordinal).ThenBy(m => m.Number))
        {
            var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(migration.Sql)));
            if (applied.Remove((migration.Room, migration.Number), out var stored))
            {
                if (stored != checksum)
                    throw new InvalidOperationException($"Migration {migration.Room} {migration.Number} was changed after it was applied. Use the build that wrote this store.");
                continue;
            }

            Run(connection, transaction, migration.Sql);
            using var insert = connection.CreateCommand();
            insert.Transaction = transaction;
            insert.CommandText = "INSERT INTO migrations (room, number, name, checksum) VALUES ($1, $2, $3, $4)";
            insert.Parameters.AddWithValue("$1", migration.Room);
            insert.Parameters.AddWithValue("$2", migration.Number);
            insert.Parameters.AddWithValue("$3", migration.Name);
            insert.Parameters.AddWithValue("$4", checksum);
            insert.ExecuteNonQuery();
        }

        if (applied.Count > 0)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"A newer build has written this store (migration {applied.Keys.First().Room} {applied.Keys.First().Number}). Use that build."));
        transaction.Commit();
    }

    private static Dictionary<(string Room, int Number), string> Applied(SqliteConnection connection, SqliteTransaction transaction)
    {
        using var select = connection.CreateCommand();
        select.Transaction = transaction;
        select.CommandText = "SELECT room, number, checksum FROM migrations";
        using var reader = select.ExecuteReader();
        var applied = new Dictionary<(string, int), string>();
        while (reader.Read()) applied[(reader.GetString(0), reader.GetInt32(1))] = reader.GetString(2);
        return applied;
    }

    private static void Run(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
