using Aos.Contracts;
using Aos.Storage;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>A PostgreSQL database without any table, and any number of pools on it as if of several nodes.</summary>
internal sealed class EmptyDatabase : IAsyncDisposable
{
    private readonly List<PostgresPool> pools = [];
    private readonly string name = $"t_{Guid.NewGuid():N}";
    private readonly string server;

    private EmptyDatabase(string server) => this.server = server;

    /// <param name="variable">AOS_TEST_POSTGRES or AOS_TEST_PGBOUNCER.</param>
    internal static async Task<EmptyDatabase> MakeAsync(string variable)
    {
        var made = new EmptyDatabase(Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set. Use ./test, or: eval \"$(tests/servers start FOLDER)\""));
        await AdminAsync($"CREATE DATABASE {made.name}");
        return made;
    }

    internal string Url => new UriBuilder(server) { Path = name }.Uri.ToString();

    internal PostgresPool Pool()
    {
        var pool = new PostgresPool(new StorageOptions { DatabaseUrl = Url });
        pools.Add(pool);
        return pool;
    }

    /// <summary>What one node's start does.</summary>
    internal Task<int> UpAsync(params Migration[] migrations) => new PostgresMigrator(Pool().Source, migrations, TimeProvider.System).UpAsync(CancellationToken.None);

    internal async Task<List<string>> ListAsync(string sql)
    {
        await using var command = Pool().Source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        return rows;
    }

    internal async Task RunAsync(string sql)
    {
        await using var command = Pool().Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in pools) await pool.DisposeAsync();
        await AdminAsync($"DROP DATABASE {name} WITH (FORCE)");
    }

    private static async Task AdminAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresUrl.Read(Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES")!).ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
