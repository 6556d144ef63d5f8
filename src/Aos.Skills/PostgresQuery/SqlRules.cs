using System.Collections.Frozen;

namespace Aos.Skills;

/// <summary>
/// What a query may be. The server holds it too: a query goes out as a cursor's, which can be nothing but a SELECT, in a transaction that only reads.
/// What the server would let a reader do all the same, because it writes to no table, is kept out here and by <see cref="FunctionRule"/>.
/// </summary>
internal static class SqlRules
{
    private static readonly FrozenSet<string> Reading = FrozenSet.Create(StringComparer.Ordinal, "select", "with", "values", "table");

    /// <summary>EXPLAIN tells the plan of these without carrying them out; with ANALYZE the server refuses them.</summary>
    private static readonly FrozenSet<string> Explained = FrozenSet.Create(StringComparer.Ordinal, "select", "with", "values", "table", "insert", "update", "delete", "merge");

    /// <summary>Functions that run statements they are given, reach out of the database or change something outside of transactions, whatever the server says of them.</summary>
    private static readonly FrozenSet<string> Denied = FrozenSet.Create(
        StringComparer.Ordinal,
        "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "cursor_to_xml", "cursor_to_xmlschema", "ts_stat", "ts_rewrite", "crosstab",
        "crosstab2", "crosstab3", "crosstab4", "connectby", "xpath_table", "set_config", "setval", "nextval", "setseed", "pg_notify", "lowrite", "loread", "pg_stat_file",
        "pg_cancel_backend", "pg_terminate_backend", "pg_reload_conf", "pg_rotate_logfile", "pg_promote", "pg_switch_wal", "pg_switch_xlog", "pg_create_restore_point",
        "pg_export_snapshot", "pg_log_backend_memory_contexts", "pg_stat_statements_reset", "pg_prewarm");

    private static readonly string[] DeniedBeginnings =
    [
        "dblink", "lo_", "pg_read_", "pg_ls_", "pg_file_", "pg_logdir_", "pg_advisory_", "pg_try_advisory_", "pg_logical_", "pg_replication_", "pg_create_", "pg_drop_",
        "pg_copy_", "pg_backup_", "pg_start_backup", "pg_stop_backup", "pg_wal_replay_", "pg_stat_reset", "binary_upgrade_", "postgres_fdw_disconnect",
    ];

    internal static SqlProblem? Problem(IReadOnlyList<SqlToken> tokens)
    {
        var end = End(tokens);
        if (tokens.Skip(end).FirstOrDefault(token => token.Kind != SqlTokenKind.Semicolon) is { End: > 0 } more)
            return Refused("several", "the query holds more than one statement", more);
        var first = SkipOpen(tokens, 0);
        if (first >= end) return new SqlProblem("INVALID_INPUT", "syntax", "the query holds no statement", 1);
        var isExplain = tokens[first] is { Kind: SqlTokenKind.Word, Value: "explain" } && first == 0;
        if (isExplain) first = SkipOptions(tokens, end);
        if (first >= end || tokens[first].Kind != SqlTokenKind.Word || !(isExplain ? Explained : Reading).Contains(tokens[first].Value))
            return Refused("statement", "the query is none that only reads: SELECT, WITH, VALUES, TABLE, or EXPLAIN of a statement", tokens[Math.Min(first, end - 1)]);
        var mayName = isExplain && tokens[first].Value is "insert" or "merge";
        if (!mayName && tokens.FirstOrDefault(token => token is { Kind: SqlTokenKind.Word, Value: "into" }) is { End: > 0 } into)
            return Refused("statement", "INTO writes: a query only reads", into);
        foreach (var (name, token) in Calls(tokens))
        {
            if (Denied.Contains(name) || DeniedBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal)))
                return Refused("function", $"the function {name} does more than read", token);
        }

        return null;
    }

    internal static bool IsExplain(IReadOnlyList<SqlToken> tokens) => tokens[0] is { Kind: SqlTokenKind.Word, Value: "explain" };

    /// <summary>Index of the semicolon behind the statement, or the number of tokens.</summary>
    internal static int End(IReadOnlyList<SqlToken> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind == SqlTokenKind.Semicolon) return i;
        }

        return tokens.Count;
    }

    /// <summary>Every name that a parenthesis follows: functions, and some that are none.</summary>
    internal static IEnumerable<(string Name, SqlToken Token)> Calls(IReadOnlyList<SqlToken> tokens) =>
        from i in Enumerable.Range(1, Math.Max(0, tokens.Count - 1))
        where tokens[i].Kind == SqlTokenKind.Open && tokens[i - 1].Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName
        select (tokens[i - 1].Value, tokens[i - 1]);

    /// <summary>Every name behind a dot. Most are columns; but the server takes <c>x.name</c> and <c>(x).name</c> for <c>name(x)</c> too.</summary>
    internal static IEnumerable<string> Attributes(IReadOnlyList<SqlToken> tokens) =>
        from i in Enumerable.Range(1, Math.Max(0, tokens.Count - 1))
        where tokens[i - 1].Kind == SqlTokenKind.Dot && tokens[i].Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName
        select tokens[i].Value;

    private static int SkipOpen(IReadOnlyList<SqlToken> tokens, int from)
    {
        while (from < tokens.Count && tokens[from].Kind == SqlTokenKind.Open) from++;
        return from;
    }

    /// <summary>The first word of what is explained.</summary>
    private static int SkipOptions(IReadOnlyList<SqlToken> tokens, int end)
    {
        var i = 1;
        while (i < end && tokens[i] is { Kind: SqlTokenKind.Word, Value: "analyze" or "analyse" or "verbose" }) i++;
        var inner = SkipOpen(tokens, i);
        if (inner == i || (inner < end && Reading.Contains(tokens[inner].Value))) return inner;
        var depth = 0;
        do depth += tokens[i++].Kind switch { SqlTokenKind.Open => 1, SqlTokenKind.Close => -1, _ => 0 };
        while (i < end && depth > 0);
        return SkipOpen(tokens, i);
    }

    private static SqlProblem Refused(string reason, string message, SqlToken token) => new("PERMISSION_DENIED", reason, message, token.Start + 1);
}
