using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>Looks at the tables of AOS on PostgreSQL.</summary>
internal sealed class TableLooks(Looks looks, NpgsqlConnection connection, StorageOptions options)
{
    internal async Task LookAsync(IReadOnlyList<Migration> applied, CancellationToken cancel)
    {
        await looks.TryAsync("indexes", () => PartsAsync(applied, cancel));
        if (applied.Any(one => one.Room == "storage")) await looks.TryAsync("journal", () => JournalAsync(cancel));
        if (applied.Any(one => one.Room == "storage")) await looks.TryAsync("tenants", () => TenantsAsync(applied, cancel));
        if (applied.Any(one => one.Room == "keys")) await looks.TryAsync("master_key", () => KeysAsync(cancel));
    }

    private async Task PartsAsync(IReadOnlyList<Migration> applied, CancellationToken cancel)
    {
        var there = (await ListAsync("SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace", cancel)).ToHashSet(StringComparer.Ordinal);
        var missing = ExpectedParts.Of(applied, one => one.Postgres ?? one.Sql).Where(name => !there.Contains(name)).ToList();
        var invalid = await ListAsync(
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid AND c.relnamespace = current_schema()::regnamespace AND c.relkind = 'i'", cancel);
        if (missing.Count > 0) looks.Problem("indexes", $"Missing: {string.Join(", ", missing)}.", "Restore from a backup, or make them again as the migrations do.");
        if (invalid.Count > 0) looks.Problem("indexes", $"Invalid, so not used: {string.Join(", ", invalid)}.", $"REINDEX INDEX CONCURRENTLY {invalid[0]};");
        if (missing.Count + invalid.Count == 0) looks.Ok("indexes", "All tables and indexes are there and valid.");
    }

    private async Task JournalAsync(CancellationToken cancel)
    {
        var parts = await ListAsync("SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('journal')", cancel);
        if (!parts.Contains("DEFAULT"))
        {
            looks.Problem("journal", "The journal has no partition for what no other holds: appends of such runs fail.", "CREATE TABLE journal_rest PARTITION OF journal DEFAULT;");
            return;
        }

        // The month at hand may lie in the rest: it had begun before there were months.
        var missing = (await JournalPartitions.MissingAsync(connection, TimeProvider.System.GetUtcNow(), cancel)).Where(month => month.Begin > TimeProvider.System.GetUtcNow()).ToList();
        if (missing.Count == 0) looks.Ok("journal", $"{parts.Count} partition(s), one of them for what no other holds.");
        else
            looks.Warn(
                "journal", $"No partition for {string.Join(", ", missing.Select(month => month.Table))}: what is written then lies in journal_rest, where it is deleted row by row.",
                "A running node makes them; aos migrate up does too, with a role that owns the journal.");
    }

    private async Task TenantsAsync(IReadOnlyList<Migration> applied, CancellationToken cancel)
    {
        var unguarded = (await TenantRows.UnguardedAsync(connection, applied, cancel)).ConvertAll(one => one.Table);
        if (unguarded.Count > 0)
            looks.Warn("tenants", $"No row-level security on {string.Join(", ", unguarded)}.", "aos migrate up with the role that owns the tables; it waits for each table's lock for 2 s.");
        else looks.Ok("tenants", "Row-level security holds tenants apart on every table.");
    }

    private async Task KeysAsync(CancellationToken cancel)
    {
        (string, string, byte[])? key = null;
        await using (var command = new NpgsqlCommand("SELECT purpose, id, wrapped FROM keyring WHERE tenant_id = '*' ORDER BY created_at DESC LIMIT 1", connection))
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            if (await reader.ReadAsync(cancel)) key = (reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2));
        }

        KeyLook.At(looks, options, key);
    }

    private async Task<List<string>> ListAsync(string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<string>();
        while (await reader.ReadAsync(cancel)) found.Add(reader.GetString(0));
        return found;
    }
}
