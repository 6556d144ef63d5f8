using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>The rooms' tables in the embedded store, which has no row-level security: here the statements' own text holds tenants apart.</summary>
internal sealed class SqliteDatabase(SqliteStore store) : IDatabase, ITables
{
    public Dialect Dialect => Dialect.Sqlite;

    public ITables ForHouse => this;

    public ITables For(TenantId tenant) => this;

    public async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        await using var connection = store.Reader();
        return await read(connection, cancel);
    }

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, T> write, CancellationToken cancel)
    {
        var work = new Written<T>(write);
        await store.EnqueueAsync(work, cancel);
        return await work.Reply;
    }

    public void Lock(DbConnection connection, DbTransaction transaction, string name)
    {
        // There is one writer: nobody else is about.
    }

    private sealed class Written<T>(Func<DbConnection, DbTransaction, T> write) : SqliteStore.Work
    {
        private readonly TaskCompletionSource<T> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;
        private Exception? failure;

        internal Task<T> Reply => reply.Task;

        // A room's own mistake stays its own: the rest of the batch goes on. An outage is the whole batch's.
        internal override void Apply(SqliteConnection connection, SqliteTransaction transaction)
        {
            failure = null;
            transaction.Save("room");
            try
            {
                result = write(connection, transaction);
            }
            catch (Exception e) when (!SqliteStore.IsOutage(e))
            {
                failure = e;
                transaction.Rollback("room");
            }

            transaction.Release("room");
        }

        internal override void Done()
        {
            if (failure is { } why) reply.TrySetException(why);
            else reply.TrySetResult(result);
        }

        internal override void Fail(Exception e) => reply.TrySetException(e);
    }
}
