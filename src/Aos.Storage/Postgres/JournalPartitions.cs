using Npgsql;

namespace Aos.Storage;

/// <summary>
/// The journal's partitions, one a month, made before anybody writes to them. Each step is a short transaction that gives up soon
/// where it meets somebody's lock: what is left is made in the next pass, and rows of a month without a partition lie in the rest
/// meanwhile. A month of which rows lie there already stays there: it is never moved under running nodes.
/// </summary>
internal sealed class JournalPartitions(NpgsqlDataSource source)
{
    /// <summary>Months that have a partition before they begin.</summary>
    internal const int MonthsAhead = 2;

    /// <summary>Months that keep an empty partition after they are over: a run that began in one may still write.</summary>
    internal const int MonthsKept = 1;

    /// <summary>Up to this size, bytes, the rest is looked through while it is locked; that takes milliseconds.</summary>
    private const long SmallRestMax = 8 << 20;

    private const string Manners = "SELECT pg_advisory_xact_lock(1634693989, 2); SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0;";

    /// <summary>Makes what is missing and drops what is bygone and empty. Mostly there is nothing to do, which one look shows.</summary>
    internal async Task<(int Made, int Dropped)> TendAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        var there = await MonthsAsync(connection, cancel);
        return (await MakeAsync(connection, there, now, cancel), await DropAsync(connection, there, now, cancel));
    }

    /// <summary>Makes what is missing from this month to the last one ahead. Replies how many.</summary>
    internal async Task<int> MakeAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return await MakeAsync(connection, await MonthsAsync(connection, cancel), now, cancel);
    }

    private static async Task<int> MakeAsync(NpgsqlConnection connection, List<JournalMonth> there, DateTimeOffset now, CancellationToken cancel)
    {
        var made = 0;
        foreach (var month in Missing(there, now))
        {
            if (await HasRowsAsync(connection, "journal_rest", month, cancel)) continue;
            var isAhead = month.Begin > now + TimeSpan.FromDays(1);
            var isSmall = await ScalarAsync<long>(connection, "SELECT pg_relation_size('journal_rest')", cancel) <= SmallRestMax;
            if (!isSmall && !isAhead) continue; // Appends of this month would be refused while the rest is held against it.
            if (!isSmall) await ProveAsync(connection, month, cancel);
            made += await AttachAsync(connection, month, cancel);
        }

        return made;
    }

    /// <summary>Months from this one to the last one ahead that have no partition.</summary>
    internal static async Task<IReadOnlyList<JournalMonth>> MissingAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancel) =>
        Missing(await MonthsAsync(connection, cancel), now);

    private static IReadOnlyList<JournalMonth> Missing(List<JournalMonth> there, DateTimeOffset now)
    {
        var months = new List<JournalMonth> { JournalMonth.Of(now) };
        while (months.Count <= MonthsAhead) months.Add(months[^1].Next);
        return [.. months.Where(month => !there.Contains(month))];
    }

    /// <summary>Drops partitions of bygone months of which no row is left. Replies how many.</summary>
    internal async Task<int> DropAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        return await DropAsync(connection, await MonthsAsync(connection, cancel), now, cancel);
    }

    private static async Task<int> DropAsync(NpgsqlConnection connection, List<JournalMonth> there, DateTimeOffset now, CancellationToken cancel)
    {
        var kept = JournalMonth.Of(now);
        for (var i = 0; i < MonthsKept; i++) kept = kept.Before;
        var dropped = 0;
        foreach (var month in await EmptyAsync(connection, [.. there.Where(month => month.CompareTo(kept) < 0)], cancel))
        {
            await RunAsync(
                connection,
                $"""
                {Manners}
                LOCK TABLE ONLY journal IN SHARE ROW EXCLUSIVE MODE;
                DO $$ BEGIN
                  IF to_regclass('{month.Table}') IS NOT NULL AND NOT EXISTS (SELECT FROM {month.Table}) THEN DROP TABLE {month.Table}; END IF;
                END $$
                """,
                cancel);
            dropped++;
        }

        return dropped;
    }

    /// <summary>
    /// Has the rest say that it holds no row of a month that has not begun, so that it need not be looked through under the lock that
    /// attaching takes: it is looked through before, while nodes go on writing.
    /// </summary>
    private static async Task ProveAsync(NpgsqlConnection connection, JournalMonth month, CancellationToken cancel)
    {
        var name = ConstraintOf(month);
        await RunAsync(
            connection,
            $"""
            {Manners}
            ALTER TABLE journal_rest DROP CONSTRAINT IF EXISTS {name};
            ALTER TABLE journal_rest ADD CONSTRAINT {name} CHECK (run_id < '{month.From}' OR run_id >= '{month.Next.From}') NOT VALID
            """,
            cancel);
        await RunAsync(connection, $"{Manners} ALTER TABLE journal_rest VALIDATE CONSTRAINT {name}", cancel);
    }

    /// <summary>The lock on the journal keeps an append from choosing the rest for a row that belongs to the month by the time it is written.</summary>
    private static async Task<int> AttachAsync(NpgsqlConnection connection, JournalMonth month, CancellationToken cancel)
    {
        await RunAsync(
            connection,
            $"""
            {Manners}
            LOCK TABLE ONLY journal IN SHARE ROW EXCLUSIVE MODE;
            CREATE TABLE IF NOT EXISTS {month.Table} (LIKE journal INCLUDING ALL);
            DO $$ BEGIN
              IF NOT (SELECT relispartition FROM pg_class WHERE oid = '{month.Table}'::regclass) THEN
                ALTER TABLE journal ATTACH PARTITION {month.Table} FOR VALUES FROM ('{month.From}') TO ('{month.Next.From}');
              END IF;
              ALTER TABLE journal_rest DROP CONSTRAINT IF EXISTS {ConstraintOf(month)};
            END $$
            """,
            cancel);
        return 1;
    }

    private static string ConstraintOf(JournalMonth month) => $"journal_rest_without_{month.Table}";

    private static async Task<List<JournalMonth>> MonthsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('journal') ORDER BY 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var months = new List<JournalMonth>();
        while (await reader.ReadAsync(cancel))
        {
            if (JournalMonth.Of(reader.GetString(0)) is { } month) months.Add(month);
        }

        return months;
    }

    private static async Task<List<JournalMonth>> EmptyAsync(NpgsqlConnection connection, List<JournalMonth> months, CancellationToken cancel)
    {
        if (months.Count == 0) return [];
        var empty = await ScalarAsync<string[]>(
            connection, $"SELECT ARRAY({string.Join(" UNION ALL ", months.Select(month => $"SELECT '{month.Table}' WHERE NOT EXISTS (SELECT FROM {month.Table})"))})", cancel);
        return months.FindAll(month => empty.Contains(month.Table, StringComparer.Ordinal));
    }

    private static Task<bool> HasRowsAsync(NpgsqlConnection connection, string table, JournalMonth month, CancellationToken cancel) => ScalarAsync<bool>(
        connection, $"SELECT EXISTS (SELECT 1 FROM {table} WHERE run_id >= '{month.From}' AND run_id < '{month.Next.From}')", cancel);

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>A whole transaction; the simple protocol takes several statements without any state of a session.</summary>
    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
    }
}
