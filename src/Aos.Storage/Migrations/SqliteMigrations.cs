using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteMigrations(StorageOptions options, IEnumerable<Migration> migrations) : IMigrations
{
    private string File => Path.Combine(Path.GetFullPath(options.Data), "aos.db");

    public Task<IReadOnlyList<MigrationLine>> LookAsync(CancellationToken cancel)
    {
        if (!System.IO.File.Exists(File)) return Task.FromResult(new MigrationPlan(Dialect.Sqlite, migrations, []).Lines);
        using var connection = Reading(File);
        return Task.FromResult(Migrator.Look(connection, migrations).Lines);
    }

    public async Task<int> UpAsync(CancellationToken cancel)
    {
        using var directory = DataDirectory.Open(options.Data);
        var pending = (await LookAsync(cancel)).Count(line => line.State == MigrationState.Pending);
        await using var connection = SqliteStore.Open(directory.DatabaseFile);
        Migrator.Up(connection, migrations);
        return pending;
    }

    /// <summary>Reads beside whoever holds the data directory.</summary>
    internal static SqliteConnection Reading(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
