using Aos.Contracts;
using Aos.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>A database of its own, and any number of nodes on it.</summary>
internal sealed class PostgresNodes : IAsyncDisposable
{
    private readonly List<ServiceProvider> nodes = [];
    private readonly string name = $"t_{Guid.NewGuid():N}";
    private readonly string url;

    private PostgresNodes(string url) => this.url = url;

    /// <param name="variable">AOS_TEST_POSTGRES or AOS_TEST_PGBOUNCER.</param>
    internal static async Task<PostgresNodes> OpenAsync(string variable)
    {
        var made = new PostgresNodes(Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set. Start the servers: tests/servers start DIR"));
        await made.AdminAsync($"CREATE DATABASE {made.name}");
        await using var pool = new PostgresPool(new StorageOptions { DatabaseUrl = made.Url });
        foreach (var migration in PostgresSchema.Migrations) await pool.QueryAsync(migration.Sql, [], r => 0, CancellationToken.None);
        return made;
    }

    internal string Url => new UriBuilder(url) { Path = name }.Uri.ToString();

    /// <summary>A node that has joined.</summary>
    internal async Task<IServiceProvider> JoinAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new StorageOptions { DatabaseUrl = Url });
        services.AddSingleton<PostgresPool>();
        services.AddSingleton<OutboxSignal>();
        PostgresWiring.AddJournal(services);
        var node = services.BuildServiceProvider();
        nodes.Add(node);
        await node.GetRequiredService<ICluster>().JoinAsync(CancellationToken.None);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await AdminAsync($"DROP DATABASE {name} WITH (FORCE)");
    }

    private async Task AdminAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresUrl.Read(Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES")!).ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
