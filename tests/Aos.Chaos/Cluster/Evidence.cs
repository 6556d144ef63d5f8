using System.Globalization;
using Npgsql;

namespace Aos.Chaos;

/// <summary>What stands in the database, read beside the nodes and not through them.</summary>
internal sealed class Evidence(NpgsqlDataSource source)
{
    private const string Over = "6, 7, 8";

    internal async Task<long> InFlightAsync() => (long)(await ScalarAsync($"SELECT count(*) FROM runs WHERE status NOT IN ({Over})"))!;

    /// <summary>Runs by status of those that are over.</summary>
    internal async Task<Dictionary<Guid, int>> OverAsync() =>
        (await RowsAsync($"SELECT id, status FROM runs WHERE status IN ({Over})", r => (Id: r.GetGuid(0), Status: (int)r.GetInt16(1)))).ToDictionary(row => row.Id, row => row.Status);

    /// <summary>Runs that the node at a port drives.</summary>
    internal Task<List<Guid>> OwnedAsync(int port) => RowsAsync(
        "SELECT r.id FROM runs r JOIN nodes n ON n.id = r.owner WHERE n.address LIKE '%:' || $1::text", r => r.GetGuid(0), port.ToString(CultureInfo.InvariantCulture));

    /// <summary>How long after a moment each of the runs went on; those that did not are left out.</summary>
    internal Task<List<double>> ResumedAsync(List<Guid> runs, DateTimeOffset since) => RowsAsync(
        "SELECT (min(at) - $2) / 10000000.0 FROM journal WHERE run_id = ANY($1) AND at > $2 GROUP BY run_id ORDER BY 1", r => (double)r.GetDecimal(0), runs, since.UtcTicks);

    internal async Task<long> EventsAsync() => (long)(await ScalarAsync("SELECT count(*) FROM journal"))!;

    /// <summary>Runs that are not over and need more than the first rules, as they stand.</summary>
    internal Task<List<(Guid Run, int Seq, bool Owned)>> NewerAsync() => RowsAsync(
        $"SELECT id, last_seq, owner IS NOT NULL FROM runs WHERE min_rule > 1 AND status NOT IN ({Over}) ORDER BY id", r => (r.GetGuid(0), r.GetInt32(1), r.GetBoolean(2)));

    /// <summary>Runs that stand still until a person decides, with how long they have done so.</summary>
    internal Task<List<(Guid Run, DateTimeOffset Since)>> WaitingAsync() => RowsAsync(
        "SELECT id, updated_at FROM runs WHERE status = 2 AND owner IS NULL AND wake_at IS NULL", r => (r.GetGuid(0), new DateTimeOffset(r.GetInt64(1), TimeSpan.Zero)));

    /// <summary>Runs whose events are not numbered from 1 without gaps, or not as many as their row says.</summary>
    internal Task<List<Guid>> BrokenAsync() => RowsAsync(
        """
        SELECT r.id FROM runs r LEFT JOIN (SELECT run_id, count(*) AS n, min(seq) AS low, max(seq) AS high FROM journal GROUP BY run_id) j ON j.run_id = r.id
        WHERE j.n IS NULL OR j.low <> 1 OR j.high <> j.n OR j.high <> r.last_seq
        """,
        r => r.GetGuid(0));

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        await using var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.AddWithValue(value);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }
}
