using System.Data.Common;
using Aos.Contracts;
using Dapper;

namespace Aos.Storage;

/// <summary>Deletes what has had its time: idempotency keys of requests, runs and steps that no longer hold, and deliveries that were given up long ago.</summary>
internal sealed class ExpiredRows(IDatabase database, ICluster cluster, StorageOptions options) : IChore
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchMax = 5_000;

    /// <summary>Batches of one table and pass; what is left is due at the next.</summary>
    private const int BatchesMax = 200;

    public string Name => "expired-rows";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var (now, old) = (cluster.Now.UtcTicks, (cluster.Now - options.DeadLettersKept).UtcTicks);
        if (!await HasAnyAsync(now, old, cancel)) return 0;
        return await DeleteAsync("idempotency", "tenant_id, scope, key", "expires_at <= @before", now, cancel)
            + await DeleteAsync("step_keys", "tenant_id, key, run_id, effect", "expires_at <= @before", now, cancel)
            + await DeleteAsync("outbox", "seq", "state = 1 AND due_at <= @before", old, cancel);
    }

    /// <summary>Most passes find nothing: they cost one statement.</summary>
    private Task<bool> HasAnyAsync(long now, long old, CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT EXISTS (SELECT 1 FROM idempotency WHERE expires_at <= @now) OR EXISTS (SELECT 1 FROM step_keys WHERE expires_at <= @now) OR EXISTS (SELECT 1 FROM outbox WHERE state = 1 AND due_at <= @old)",
            new { now, old }, cancellationToken: token)),
        cancel);

    /// <summary>A row that changes meanwhile is judged again as it is then.</summary>
    private async Task<int> DeleteAsync(string table, string key, string condition, long before, CancellationToken cancel)
    {
        var deleted = 0;
        for (var batch = 0; batch < BatchesMax; batch++)
        {
            var few = await database.ForHouse.WriteAsync(
                (connection, transaction) => connection.Execute(
                    $"DELETE FROM {table} WHERE {condition} AND ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT @max)", new { before, max = BatchMax }, transaction),
                cancel);
            deleted += few;
            if (few < BatchMax) break;
        }

        return deleted;
    }
}
