using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>Reads the status history out of the journal.</summary>
internal sealed class StatusHistory(IDatabase database) : IStatusHistory
{
    public Task<(IReadOnlyList<StatusChange> Items, long Total)> ListAsync(
        StatusFilter filter, bool oldestFirst, int limit, int offset, CancellationToken cancel) => database.For(filter.Tenant).ReadAsync<(IReadOnlyList<StatusChange>, long)>(
        async (connection, stop) =>
        {
            if (QueryOf(filter) is not { } query) return ([], 0);
            var items = new List<StatusChange>();
            await using (var page = query.Page(connection, oldestFirst, limit, offset))
            {
                await using var reader = await page.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop)) items.Add(query.Of(reader));
            }

            await using var count = query.Count(connection);
            return (items, Convert.ToInt64(await count.ExecuteScalarAsync(stop), CultureInfo.InvariantCulture));
        },
        cancel);

    public Task<long> ReadAsync(StatusFilter filter, Func<StatusChange, ValueTask<bool>> take, CancellationToken cancel) => database.For(filter.Tenant).ReadAsync(
        async (connection, stop) =>
        {
            if (QueryOf(filter) is not { } query) return 0L;
            await using var all = query.All(connection);
            await using var reader = await all.ExecuteReaderAsync(stop);
            var taken = 0L;
            while (await reader.ReadAsync(stop) && await take(query.Of(reader))) taken++;
            return taken;
        },
        cancel);

    public Task<StatusCounts> CountAsync(StatusFilter filter, CancellationToken cancel) => database.For(filter.Tenant).ReadAsync(
        async (connection, stop) =>
        {
            var (byActor, byStatus) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
            var (total, oldest, newest) = (0L, long.MaxValue, long.MinValue);
            if (QueryOf(filter) is { } query)
            {
                await using var counts = query.Counts(connection);
                await using var reader = await counts.ExecuteReaderAsync(stop);
                while (await reader.ReadAsync(stop))
                {
                    var (actor, status, count) = (reader.GetString(0), reader.GetString(1), reader.GetInt64(2));
                    byActor[actor] = byActor.GetValueOrDefault(actor) + count;
                    byStatus[status] = byStatus.GetValueOrDefault(status) + count;
                    (total, oldest, newest) = (total + count, Math.Min(oldest, reader.GetInt64(3)), Math.Max(newest, reader.GetInt64(4)));
                }
            }

            var byType = new SortedDictionary<string, long>(StringComparer.Ordinal);
            if (total > 0) byType["run"] = total;
            return new StatusCounts(total, byType, byActor, byStatus, total == 0 ? null : Columns.Time(oldest), total == 0 ? null : Columns.Time(newest));
        },
        cancel);

    /// <summary>Null: nothing can match, because only runs have a history here.</summary>
    private StatusQuery? QueryOf(StatusFilter filter)
    {
        if (filter.EntityType is not (null or "run")) return null;
        if (filter.EntityId is null) return new StatusQuery(database.Dialect, filter, null);
        return RunId.TryParse(filter.EntityId, out var run) ? new StatusQuery(database.Dialect, filter, run) : null;
    }
}
