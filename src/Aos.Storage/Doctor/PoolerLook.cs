using Npgsql;

namespace Aos.Storage;

/// <summary>Whether something like PgBouncer stands between, and in which mode.</summary>
internal static class PoolerLook
{
    private const int TriesMax = 5;

    internal static async Task AtAsync(Looks looks, PostgresPool pool, CancellationToken cancel)
    {
        await using var one = await pool.OpenAsync(cancel);
        // A pooler makes up the process number that it tells its clients.
        if (await BackendAsync(one, cancel) == one.ProcessID)
        {
            looks.Ok("pooler", "Direct connection, no pooler in between.");
            return;
        }

        if (!await TakesTransactionsAsync(one, cancel))
        {
            looks.Problem("pooler", "The pooler is in statement mode: it refuses transactions, and nodes do not work.", "Set pool_mode = transaction.");
            return;
        }

        await using var other = await pool.OpenAsync(cancel);
        for (var i = 0; i < TriesMax; i++)
        {
            // Clients that stand open at once have the same server connection only when it is lent by the transaction.
            if (await BackendAsync(one, cancel) != await BackendAsync(other, cancel)) continue;
            looks.Ok("pooler", "A pooler in transaction mode.");
            return;
        }

        looks.Warn(
            "pooler", "A pooler in session mode, as it seems: each of a node's connections holds one of the server's, so it saves nothing.",
            "Set pool_mode = transaction; AOS needs no session.");
    }

    private static Task<int> BackendAsync(NpgsqlConnection connection, CancellationToken cancel) => ServerLooks.ScalarAsync<int>(connection, "SELECT pg_backend_pid()", cancel);

    private static async Task<bool> TakesTransactionsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await BackendAsync(connection, cancel);
            await transaction.CommitAsync(cancel);
            return true;
        }
        catch (PostgresException e) when (e.MessageText.Contains("statement pooling", StringComparison.Ordinal))
        {
            return false;
        }
    }
}
