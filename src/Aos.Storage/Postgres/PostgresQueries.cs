using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Statements that may be repeated: reads, and claims whose rows a lost answer leaves with this node, which looks for them again.
/// A connection that died in the pool is not the caller's trouble: it is tried again, shortly.
/// </summary>
internal static class PostgresQueries
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400)];
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Rows of one statement with the parameters $1, $2, ...; throws <see cref="JournalUnavailableException"/>.</summary>
    internal static Task<List<T>> QueryAsync<T>(
        this PostgresPool pool, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancel) => InsistAsync(async () =>
    {
        await using var command = Command(pool.Source, sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await RowsAsync(reader, read, cancel);
    }, cancel);

    /// <summary>The same on behalf of one tenant, still in one round trip.</summary>
    internal static Task<List<T>> QueryAsync<T>(
        this PostgresPool pool, TenantId tenant, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancel) => pool.BatchAsync(
        [(TenantRows.HoldSql, [tenant.Value]), (sql, values)],
        async reader =>
        {
            await reader.NextResultAsync(cancel);
            return await RowsAsync(reader, read, cancel);
        },
        cancel);

    /// <summary>Several statements in one transaction and one round trip, each of which sees what was committed when it begins.</summary>
    internal static Task<T> BatchAsync<T>(
        this PostgresPool pool, IReadOnlyList<(string Sql, object?[] Values)> statements, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancel) => InsistAsync(async () =>
    {
        await using var batch = pool.Source.CreateBatch();
        foreach (var (sql, values) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
            batch.BatchCommands.Add(command);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var result = await read(reader);
        while (await reader.NextResultAsync(cancel))
        {
            // The commit's own errors come with the end of the answer.
        }

        return result;
    }, cancel);

    internal static async Task<List<T>> RowsAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel)) rows.Add(read(reader));
        return rows;
    }

    private static async Task<T> InsistAsync<T>(Func<Task<T>> ask, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await ask();
            }
            catch (Exception e) when (!cancel.IsCancellationRequested && (PostgresFailures.IsOutage(e) || PostgresFailures.IsRace(e)))
            {
                if (attempt == Pauses.Length) throw new JournalUnavailableException($"The database cannot be reached now: {e.Message}", RetryAfter, e);
                await Task.Delay(Pauses[attempt], TimeProvider.System, cancel);
            }
        }
    }

    /// <summary>The one row of a statement, or null.</summary>
    internal static async Task<T?> FindAsync<T>(
        this PostgresPool pool, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
        where T : class => await pool.QueryAsync(sql, values, read, cancel) is [var row, ..] ? row : null;

    /// <summary>The same on behalf of one tenant.</summary>
    internal static async Task<T?> FindAsync<T>(
        this PostgresPool pool, TenantId tenant, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
        where T : class => await pool.QueryAsync(tenant, sql, values, read, cancel) is [var row, ..] ? row : null;

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object?[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }
}
