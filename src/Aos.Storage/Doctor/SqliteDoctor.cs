using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>Looks at the embedded store, beside the process that holds it.</summary>
internal sealed class SqliteDoctor(StorageOptions options, IEnumerable<Migration> migrations) : IDoctor
{
    private string File => Path.Combine(Path.GetFullPath(options.Data), "aos.db");

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancel)
    {
        var looks = new Looks();
        if (!System.IO.File.Exists(File)) looks.Ok("store", $"No store in {options.Data} yet: the first run or server makes it.");
        else await looks.TryAsync("store", () => StoreAsync(looks));
        await looks.TryAsync("disk", () => Task.Run(() => NodeLooks.Disk(looks, "disk", options.Data), cancel));
        await NodeLooks.RedisAsync(looks, options, cancel);
        return looks.Findings;
    }

    private Task StoreAsync(Looks looks)
    {
        try
        {
            using var connection = SqliteMigrations.Reading(File);
            if (Texts(connection, "PRAGMA quick_check(1)") is not ["ok"] and var damage)
            {
                looks.Problem("store", $"The file {File} is damaged: {string.Join(' ', damage)}.", "Restore it from a backup; see docs/storage.md.");
                return Task.CompletedTask;
            }

            looks.Ok("store", $"{File} is whole.");
            if (Texts(connection, "PRAGMA journal_mode") is ["wal"]) looks.Ok("durability", "Write-ahead log, synced at every commit.");
            else looks.Warn("durability", "The file is not in WAL mode.", "The next start sets it; do not change it by hand.");
            NodeLooks.Migrations(looks, Migrator.Look(connection, migrations).Lines);
            Parts(looks, connection);
            Keys(looks, connection);
        }
        catch (SqliteException e)
        {
            looks.Problem("store", $"The file {File} cannot be read: {e.Message}", "Restore it from a backup; see docs/storage.md.");
        }

        return Task.CompletedTask;
    }

    private void Parts(Looks looks, SqliteConnection connection)
    {
        var known = Migrator.Look(connection, migrations).Lines.Where(line => line.State == MigrationState.Applied).Select(line => (line.Room, line.Number)).ToHashSet();
        var there = Texts(connection, "SELECT name FROM sqlite_master").ToHashSet(StringComparer.Ordinal);
        var missing = ExpectedParts.Of(migrations.Where(one => known.Contains((one.Room, one.Number))), one => one.Sql).Where(name => !there.Contains(name)).ToList();
        if (missing.Count == 0) looks.Ok("indexes", "All tables and indexes are there.");
        else looks.Problem("indexes", $"Missing: {string.Join(", ", missing)}.", "Restore the store from a backup, or make them again as the migrations do.");
    }

    private void Keys(Looks looks, SqliteConnection connection)
    {
        if (Texts(connection, "SELECT name FROM sqlite_master WHERE name = 'keyring'").Count == 0) return;
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT purpose, id, wrapped FROM keyring WHERE tenant_id = '*' ORDER BY created_at DESC LIMIT 1";
        using var reader = select.ExecuteReader();
        KeyLook.At(looks, options, reader.Read() ? (reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2)) : null);
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var select = connection.CreateCommand();
        select.CommandText = sql;
        using var reader = select.ExecuteReader();
        var found = new List<string>();
        while (reader.Read()) found.Add(reader.GetString(0));
        return found;
    }
}
