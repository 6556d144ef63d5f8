using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>A database of its own, and any number of nodes on it.</summary>
internal sealed class PostgresNodes : IAsyncDisposable
{
    private readonly List<ServiceProvider> nodes = [];
    private readonly TestStore store;

    private PostgresNodes(TestStore store) => this.store = store;

    internal string Url => store.Url!;

    /// <summary>The same database without PgBouncer in between.</summary>
    internal string Direct => store.Direct;

    /// <param name="variable">AOS_TEST_POSTGRES or AOS_TEST_PGBOUNCER.</param>
    internal static async Task<PostgresNodes> OpenAsync(string variable) => new(await Task.Run(() => TestStore.Open(
        (services, options) => new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options),
        variable == "AOS_TEST_PGBOUNCER" ? TestStoreKind.PgBouncer : TestStoreKind.Postgres)));

    /// <summary>A session that ends when it is closed.</summary>
    internal static async Task<NpgsqlConnection> ConnectAsync(string url)
    {
        var settings = PostgresUrl.Read(url);
        settings.Pooling = false;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

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
        await store.DisposeAsync();
    }
}
