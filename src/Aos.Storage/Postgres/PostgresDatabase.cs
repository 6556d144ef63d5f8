using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>The rooms' tables on PostgreSQL. Writes of several nodes run at once; who must not meet another takes a lock by name.</summary>
internal sealed class PostgresDatabase(PostgresPool pool) : IDatabase, IDisposable
{
    /// <summary>Rooms' writes of this node at once: each stands on a thread and a connection.</summary>
    private const int WritesMax = 4;

    private const int TriesMax = 5;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(20);
    private readonly WriterThreads threads = new(WritesMax, "aos rooms");

    public Dialect Dialect => Dialect.Postgres;

    public ITables ForHouse => new Tables(this, null);

    public ITables For(TenantId tenant) => new Tables(this, tenant);

    private async Task<T> ReadAsync<T>(TenantId? tenant, Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            await using var connection = await pool.OpenAsync(cancel);
            if (tenant is not { } one) return await read(connection, cancel);
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            using (var hold = TenantRows.Hold(connection, one)) await hold.ExecuteNonQueryAsync(cancel);
            var result = await read(connection, cancel);
            await transaction.CommitAsync(cancel);
            return result;
        }
        catch (Exception e) when (PostgresFailures.IsOutage(e))
        {
            throw Unavailable(e);
        }
    }

    private async Task<T> WriteAsync<T>(TenantId? tenant, Func<DbConnection, DbTransaction, T> write, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var isCommitting = false;
            try
            {
                await using var connection = await pool.OpenAsync(cancel);
                return await Task.Factory.StartNew(() => Transact(connection, tenant, write, ref isCommitting), CancellationToken.None, TaskCreationOptions.DenyChildAttach, threads);
            }
            catch (Exception e) when (tries < TriesMax && (PostgresFailures.IsRace(e) || (PostgresFailures.IsOutage(e) && !isCommitting)))
            {
                await Task.Delay(PauseFirst * tries * tries, TimeProvider.System, cancel);
            }
            catch (Exception e) when (PostgresFailures.IsOutage(e) || PostgresFailures.IsRace(e))
            {
                throw Unavailable(e);
            }
        }
    }

    public void Lock(DbConnection connection, DbTransaction transaction, string name)
    {
        using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (NpgsqlConnection)connection, (NpgsqlTransaction)transaction)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = name } },
        };
        command.ExecuteNonQuery();
    }

    public void Dispose() => threads.Dispose();

    /// <param name="isCommitting">True from when the outcome may be unknown: such a write must not be done again.</param>
    private static T Transact<T>(NpgsqlConnection connection, TenantId? tenant, Func<DbConnection, DbTransaction, T> write, ref bool isCommitting)
    {
        using var transaction = connection.BeginTransaction();
        if (tenant is { } one)
        {
            using var hold = TenantRows.Hold(connection, one);
            hold.ExecuteNonQuery();
        }

        var result = write(connection, transaction);
        isCommitting = true;
        transaction.Commit();
        return result;
    }

    private static JournalUnavailableException Unavailable(Exception why) => new($"The database cannot be used now: {why.Message}", RetryAfter, why);

    private sealed class Tables(PostgresDatabase database, TenantId? tenant) : ITables
    {
        public Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel) => database.ReadAsync(tenant, read, cancel);

        public Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, T> write, CancellationToken cancel) => database.WriteAsync(tenant, write, cancel);
    }
}
