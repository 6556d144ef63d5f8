using Aos.Contracts;
using Aos.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>An embedded store in a folder of its own, to be closed, damaged and opened again.</summary>
internal sealed class SqliteHouse : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TimeProvider clock;
    private readonly Action<IServiceCollection>? more;
    private ServiceProvider? services;

    internal SqliteHouse(TimeProvider? clock = null, Action<IServiceCollection>? more = null)
    {
        this.clock = clock ?? TimeProvider.System;
        this.more = more;
        Open();
    }

    internal IJournal Journal => Get<IJournal>();

    internal string Folder => folder.Path;

    internal string File => Path.Combine(folder.Path, "aos.db");

    internal T Get<T>()
        where T : notnull => services!.GetRequiredService<T>();

    internal void Open()
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddSingleton(clock);
        new AosBuilder(collection, new ConfigurationBuilder().Build()).AddStorage(new StorageOptions { Data = folder.Path });
        more?.Invoke(collection);
        services = collection.BuildServiceProvider();
    }

    internal async Task CloseAsync()
    {
        if (services is { } open) await open.DisposeAsync();
        services = null;
    }

    /// <summary>Writes behind the store's back.</summary>
    internal void Tamper(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    internal SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        folder.Dispose();
    }
}
