using Npgsql;
using NpgsqlTypes;

namespace Aos.Skills;

/// <summary>
/// Asks the server's own catalog about the functions that a query names. One that it says is volatile, and that is written in C, in the server itself or in
/// another language that it does not trust, can do what no read-only transaction undoes. Functions that the database's people wrote in SQL or PL/pgSQL are theirs to answer for.
/// </summary>
internal static class FunctionRule
{
    /// <summary>
    /// A name behind a dot can only be a function that one value is enough for, and that is found without its schema. Names come as texts: the server cuts
    /// them where it cuts those of the query.
    /// </summary>
    private const string Asked =
        """
        SELECT p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE p.provolatile = 'v' AND NOT l.lanpltrusted AND (p.proname = ANY ($1::name[])
          OR p.proname = ANY ($2::name[]) AND p.pronargs > 0 AND p.pronargs - p.pronargdefaults <= 1 AND pg_catalog.pg_function_is_visible(p.oid)) LIMIT 1
        """;

    /// <summary>Volatile, because they answer differently each time, and nothing else.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "random", "random_normal", "clock_timestamp", "timeofday", "gen_random_uuid", "gen_random_bytes", "gen_salt", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v1mc",
        "uuid_generate_v4", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_column_size", "pg_relation_size", "pg_table_size", "pg_indexes_size", "pg_total_relation_size",
        "pg_database_size", "pg_tablespace_size", "pg_is_in_recovery", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_last_xact_replay_timestamp", "pg_current_wal_lsn",
        "pg_current_wal_insert_lsn", "pg_current_wal_flush_lsn", "pg_blocking_pids", "pg_lock_status", "pg_postmaster_start_time", "pg_conf_load_time", "time_bucket_gapfill",
        "st_generatepoints",
    };

    /// <summary>Null: nothing has to be asked.</summary>
    internal static NpgsqlBatchCommand? Question(SqlText sql)
    {
        var (calls, attributes) = (Doubtful(sql.Calls), Doubtful(sql.Attributes));
        return calls.Length + attributes.Length == 0 ? null : new NpgsqlBatchCommand(Asked) { Parameters = { Texts(calls), Texts(attributes) } };
    }

    private static string[] Doubtful(IReadOnlyList<string> names) => [.. names.Where(name => !Harmless.Contains(name))];

    private static NpgsqlParameter Texts(string[] names) => new() { Value = names, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
