using System.Data.Common;
using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteDatabase(SqliteStore store) : IDatabase
{
    public Dialect Dialect => Dialect.Sqlite;

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

    private sealed class Written<T>(Func<DbConnection, DbTransaction, T> write) : SqliteStore.Work
    {
        private readonly TaskCompletionSource<T> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;

        internal Task<T> Reply => reply.Task;

        internal override void Apply(SqliteConnection connection, SqliteTransaction transaction)
        {
            transaction.Save("room");
            try
            {
                result = write(connection, transaction);
            }
            catch
            {
                transaction.Rollback("room");
                throw;
            }

            transaction.Release("room");
        }

        internal override void Done() => reply.TrySetResult(result);

        internal override void Fail(Exception e) => reply.TrySetException(e);
    }
}
