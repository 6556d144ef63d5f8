using Npgsql;

namespace Aos.Storage;

/// <summary>This node's connections to the database. Nothing in it remembers a session: each connection may be another one each time.</summary>
internal sealed class PostgresPool : IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource owner;

    public PostgresPool(StorageOptions options)
    {
        var builder = PostgresUrl.Read(options.DatabaseUrl ?? throw new InvalidOperationException("No database URL is set."));
        var several = builder.Host!.Contains(',', StringComparison.Ordinal);
        (Address, Size) = (several ? $"{builder.Host}/{builder.Database}" : $"{builder.Host}:{builder.Port}/{builder.Database}", builder.MaxPoolSize);
        owner = new NpgsqlDataSourceBuilder(builder.ConnectionString) { Name = Name }.Build();
        Source = owner is NpgsqlMultiHostDataSource hosts ? hosts.WithTargetSession(TargetSessionAttributes.Primary) : owner;
    }

    /// <summary>What the driver calls it in its metrics.</summary>
    internal string Name { get; } = $"aos-{Guid.NewGuid():N}";

    internal NpgsqlDataSource Source { get; }

    /// <summary>Where the database is, for people: host, port and name, no password.</summary>
    internal string Address { get; }

    /// <summary>Most connections at once.</summary>
    internal int Size { get; }

    /// <summary>An open connection; the caller disposes it. Waits while all are in use, at most the connect timeout.</summary>
    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => Source.OpenConnectionAsync(cancel);

    public void Dispose() => owner.Dispose();

    public ValueTask DisposeAsync() => owner.DisposeAsync();
}
