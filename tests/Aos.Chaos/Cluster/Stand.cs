using Aos.Testing;
using Npgsql;

namespace Aos.Chaos;

/// <summary>What a proof of several nodes stands on: a database and a folder of its own, a receiver, and the nodes. All of it goes at the end.</summary>
internal sealed class Stand : IAsyncDisposable
{
    private readonly string way;
    private readonly string database = $"chaos_{Guid.NewGuid():N}";
    private readonly string folder = Directory.CreateTempSubdirectory("aos-cluster-").FullName;
    private readonly NpgsqlDataSource admin;
    private readonly List<Node> nodes = [];

    private Stand(string direct, string way)
    {
        this.way = way;
        admin = NpgsqlDataSource.Create(Connection(new Uri(direct), null));
        Source = NpgsqlDataSource.Create(Connection(new Uri(direct), database));
        Evidence = new Evidence(Source);
    }

    /// <summary>The way to the database that never goes through PgBouncer or a wire.</summary>
    internal NpgsqlDataSource Source { get; }

    internal Evidence Evidence { get; }

    internal Receiver Receiver { get; private set; } = null!;

    internal IReadOnlyList<Node> Nodes => nodes;

    /// <summary>Null: no server's address is set, which is said.</summary>
    /// <param name="slowest">An answer of the receiver takes at most so many milliseconds.</param>
    internal static async Task<Stand?> OpenAsync(bool bouncer, int slowest)
    {
        var direct = Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES");
        var way = bouncer ? Environment.GetEnvironmentVariable("AOS_TEST_PGBOUNCER") : direct;
        if (direct is null || way is null)
        {
            await Console.Error.WriteLineAsync("AOS_TEST_POSTGRES or AOS_TEST_PGBOUNCER is not set. Run it by ./test chaos or ./test upgrade, or start the servers: eval \"$(tests/servers start DIR)\".");
            return null;
        }

        var stand = new Stand(direct, way);
        await stand.ExecuteAsync($"CREATE DATABASE {stand.database}");
        stand.Receiver = await Receiver.StartAsync(slowest);
        return stand;
    }

    /// <summary>One node more; it is not started yet.</summary>
    internal Node Add(string binary, string? limits = null, bool clockJumps = false)
    {
        var wire = FaultyWire.To(new UriBuilder(way) { Path = database }.Uri.AbsoluteUri);
        nodes.Add(new Node(binary, folder, wire, Receiver.Origin, nodes.Count + 1) { Limits = limits, ClockJumps = clockJumps });
        return nodes[^1];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            node.Dispose();
            await node.Wire.DisposeAsync();
        }

        await Receiver.DisposeAsync();
        await Source.DisposeAsync();
        admin.Clear(); // Its connections may be to a server that was killed.
        await ExecuteAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        await admin.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static string Connection(Uri url, string? database)
    {
        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host, Port = url.Port, Database = database ?? url.AbsolutePath.TrimStart('/'), Username = Uri.UnescapeDataString(user[0]),
            Password = Uri.UnescapeDataString(user[1]), ApplicationName = "chaos", MaxPoolSize = 8,
        }.ConnectionString;
    }
}
