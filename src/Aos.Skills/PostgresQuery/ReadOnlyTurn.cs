using System.Data;
using System.Globalization;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Skills;

/// <summary>
/// One query in one transaction that only reads and is rolled back. All settings are the transaction's, nothing is prepared by name: behind PgBouncer
/// nothing of it stays. The query is a cursor's, so the server's own grammar lets nothing but a SELECT in, and rows come as they are asked for: what is
/// not wanted is never sent.
/// </summary>
internal sealed class ReadOnlyTurn(NpgsqlConnection connection, SqlText sql, TimeSpan time)
{
    internal const int BytesMax = 8 * 1024 * 1024;

    /// <summary>Before the query is sent: one of its names has a character that the database cannot write.</summary>
    private const string DataException = "22";

    private const string Cursor = "DECLARE aos_rows NO SCROLL CURSOR WITHOUT HOLD FOR ";

    /// <summary>How long the server lets a lock keep a query waiting.</summary>
    private static readonly TimeSpan LockMax = TimeSpan.FromSeconds(5);

    /// <summary>How long the server waits for a node that has gone silent in the middle.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(15);

    private const string Settings =
        """
        SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), set_config('idle_in_transaction_session_timeout', $3, true),
          set_config('standard_conforming_strings', 'on', true), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
          set_config('IntervalStyle', 'iso_8601', true), set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '3', true),
          set_config('cursor_tuple_fraction', '1', true)
        """;

    /// <summary>True once the server has answered: what breaks before may be a connection that was closed long ago.</summary>
    internal bool IsUnderWay { get; private set; }

    internal async Task<(QueryRows? Rows, Failure? Failure)> RunAsync(IReadOnlyList<NpgsqlParameter> values, int rowsMax, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            var denied = await BeginAsync(cancel);
            IsUnderWay = true;
            if (denied is not null) return (null, PostgresFailures.Told("PERMISSION_DENIED", "function", $"query: the function {denied} does more than read."));
            var rows = new QueryRows(rowsMax, BytesMax);
            if (sql.IsExplain) await ExplainAsync(rows, values, cancel);
            else await FetchAsync(rows, values, cancel);
            await transaction.RollbackAsync(cancel);
            return rows.IsTooLarge ? (null, FailureCatalog.Fail("RESPONSE_TOO_LARGE", $"A row of the query is longer than {BytesMax} bytes.")) : (rows, null);
        }
        catch (PostgresException e) when (IsUnderWay || e.SqlState.StartsWith(DataException, StringComparison.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            return (null, PostgresFailures.Of(e, sql, sql.IsExplain ? 0 : Cursor.Length));
        }
    }

    /// <summary>Makes the transaction one that reads; gives the name of a function that the server says does more.</summary>
    private async Task<string?> BeginAsync(CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET TRANSACTION READ ONLY"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Settings) { Parameters = { Milliseconds(time), Milliseconds(LockMax < time ? LockMax : time), Milliseconds(SilenceMax) } });
        if (FunctionRule.Question(sql) is not { } question)
        {
            await batch.ExecuteNonQueryAsync(cancel);
            return null;
        }

        batch.BatchCommands.Add(question);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        return await reader.ReadAsync(cancel) ? reader.GetString(0) : null;
    }

    private async Task FetchAsync(QueryRows rows, IReadOnlyList<NpgsqlParameter> values, CancellationToken cancel)
    {
        await using (var batch = One(Cursor + sql.Text, values)) await batch.ExecuteNonQueryAsync(cancel);
        while (rows.Cut is null)
        {
            var wanted = rows.Wanted;
            // The server's own text of every value: it is there for every type.
            var text = string.Create(CultureInfo.InvariantCulture, $"FETCH FORWARD {wanted} FROM aos_rows");
            await using var command = new NpgsqlCommand(text, connection) { AllResultTypesAreUnknown = true, CommandTimeout = 0 };
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
            if (await ReadAsync(rows, reader, cancel) < wanted) return;
        }
    }

    /// <summary>A plan is text, JSON or XML, and these are the same in either form that the server sends.</summary>
    private async Task ExplainAsync(QueryRows rows, IReadOnlyList<NpgsqlParameter> values, CancellationToken cancel)
    {
        await using var batch = One(sql.Text, values);
        await using var reader = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
        await ReadAsync(rows, reader, cancel);
    }

    /// <summary>The query goes out in a batch and never as a command: the driver cuts commands at semicolons, and reads some names and comments otherwise than the server does.</summary>
    private NpgsqlBatch One(string text, IReadOnlyList<NpgsqlParameter> values)
    {
        var one = new NpgsqlBatchCommand(text);
        foreach (var value in values) one.Parameters.Add(value);
        return new NpgsqlBatch(connection) { Timeout = 0, BatchCommands = { one } };
    }

    private static async Task<int> ReadAsync(QueryRows rows, NpgsqlDataReader reader, CancellationToken cancel)
    {
        var read = await rows.ReadAsync(reader, cancel);
        // What is left goes by here, where the call can be called off: the reader's own end would wait for it as long as the server likes.
        await reader.NextResultAsync(cancel);
        return read;
    }

    private static NpgsqlParameter Milliseconds(TimeSpan time) =>
        new() { NpgsqlDbType = NpgsqlDbType.Text, Value = Math.Max(1, (long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) };
}
