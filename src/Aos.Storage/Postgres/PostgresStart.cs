using Aos.Contracts;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Aos.Storage;

/// <summary>Opens the database of a starting node: waits a while for one that is not up yet, and brings its tables up to date.</summary>
internal sealed partial class PostgresStart(StorageOptions options, IEnumerable<Migration> migrations, ILogger<PostgresStart> logger)
{
    /// <summary>Oldest server version.</summary>
    internal const int VersionMin = 13;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Throws <see cref="StoreRefusedException"/> when it will never work so, and <see cref="JournalUnavailableException"/> when
    /// nobody answers within <see cref="StorageOptions.Patience"/>.
    /// </summary>
    internal async Task<PostgresPool> OpenAsync(CancellationToken cancel)
    {
        var pool = new PostgresPool(options);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    await EnsureVersionAsync(pool, cancel);
                    if (await new PostgresMigrator(pool.Source, [.. migrations], TimeProvider.System).UpAsync(cancel) is var ran and > 0) Migrated(ran, pool.Address);
                    return pool;
                }
                catch (Exception e) when (PostgresRefusal.Of(e, pool.Address) is JournalUnavailableException && TimeProvider.System.GetElapsedTime(started) < options.Patience)
                {
                    Waiting(pool.Address, e.Message);
                    await Task.Delay(Pause, TimeProvider.System, cancel);
                }
            }
        }
        catch (Exception e)
        {
            await pool.DisposeAsync();
            if (PostgresRefusal.Of(e, pool.Address) is { } refusal) throw refusal;
            throw;
        }
    }

    private static async Task EnsureVersionAsync(PostgresPool pool, CancellationToken cancel)
    {
        await using var connection = await pool.OpenAsync(cancel);
        if (connection.PostgreSqlVersion.Major < VersionMin)
            throw new StoreRefusedException($"The server {pool.Address} is PostgreSQL {connection.PostgreSqlVersion}; AOS needs {VersionMin} or newer. Upgrade it, or choose another one.");
    }

    [LoggerMessage(EventId = 3400, Level = LogLevel.Information, Message = "Ran {Count} migration(s) on {Address}.")]
    private partial void Migrated(int count, string address);

    [LoggerMessage(EventId = 3401, Level = LogLevel.Warning, Message = "The database {Address} does not answer yet: {Why}")]
    private partial void Waiting(string address, string why);
}
