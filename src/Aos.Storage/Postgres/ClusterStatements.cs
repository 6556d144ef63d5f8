using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>What a heartbeat reads beside renewing itself; one statement, so that an idle node costs one in its interval.</summary>
/// <param name="Chore">Taken for this node to do.</param>
internal sealed record Beat(bool Held, DateTimeOffset At, NodeState? State, bool HasExpired, bool HasDead, Pulse Pulse, string? Chore);

/// <summary>The statements by which nodes know of one another. Leases compare with the database's clock.</summary>
internal static class ClusterStatements
{
    /// <summary>Letters told of in one heartbeat; the rest in the next.</summary>
    private const int MailMax = 500;

    private const string Expired =
        "SELECT n.id FROM nodes n JOIN heartbeats h ON h.node = n.id WHERE n.epoch = 1 AND h.renewed_at + h.ttl_ms * interval '1 millisecond' < clock_timestamp()";

    internal static Task JoinAsync(PostgresPool pool, NodeId node, string? address, TimeSpan ttl, CancellationToken cancel) => pool.QueryAsync(
        """
        WITH n AS (
          INSERT INTO nodes (id, epoch, address, build, max_rule, state, joined_at) VALUES ($1, 1, $2::text, $3, $4, 0, clock_timestamp())
          ON CONFLICT (id) DO NOTHING)
        INSERT INTO heartbeats (node, renewed_at, ttl_ms) VALUES ($1, clock_timestamp(), $5)
        ON CONFLICT (node) DO UPDATE SET renewed_at = excluded.renewed_at, ttl_ms = excluded.ttl_ms
        RETURNING 1
        """,
        [node.Value, address, ThisBuild.Version, ThisBuild.MaxRule, (int)ttl.TotalMilliseconds], r => r.GetInt32(0), cancel);

    internal static async Task<Beat> BeatAsync(
        NpgsqlConnection connection, NodeId node, TimeSpan ttl, ChoreAsk chores, DateTimeOffset now, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"""
            WITH b AS (
              UPDATE heartbeats SET renewed_at = clock_timestamp(), ttl_ms = $2
              WHERE node = $1 AND EXISTS (SELECT 1 FROM nodes WHERE id = $1 AND epoch = 1) RETURNING 1),
            {ChoreStatements.OfBeat}
            SELECT EXISTS (SELECT 1 FROM b), clock_timestamp(), (SELECT state FROM nodes WHERE id = $1), EXISTS ({Expired}),
              EXISTS (SELECT 1 FROM nodes n WHERE n.epoch > 1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.owner = n.id)),
              EXISTS (SELECT 1 FROM runs WHERE owner IN (SELECT id FROM nodes WHERE epoch > 1) AND min_rule <= $3),
              (SELECT wake_at FROM runs WHERE owner IS NULL AND wake_at IS NOT NULL AND min_rule <= $3 ORDER BY wake_at LIMIT 1),
              ARRAY(SELECT id FROM runs WHERE owner = $1 AND inbox_head > inbox_read LIMIT {MailMax}),
              (SELECT min(due_at) FROM outbox WHERE state = 0), (SELECT name FROM c),
              EXISTS (SELECT 1 FROM runs WHERE {QueueStatements.InLine} AND min_rule <= $3)
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = node.Value }, new NpgsqlParameter<int> { TypedValue = (int)ttl.TotalMilliseconds },
                new NpgsqlParameter<int> { TypedValue = ThisBuild.MaxRule },
            },
        };
        ChoreStatements.AddTo(command, chores, now);
        await using var r = await command.ExecuteReaderAsync(cancel);
        await r.ReadAsync(cancel);
        var pulse = new Pulse(Time(r, 6), r.GetBoolean(5), [.. r.GetFieldValue<Guid[]>(7).Select(id => new Kernel.RunId(id))], Time(r, 8), r.GetBoolean(10));
        return new Beat(
            r.GetBoolean(0), new DateTimeOffset(r.GetDateTime(1).ToUniversalTime(), TimeSpan.Zero), r.IsDBNull(2) ? null : (NodeState)r.GetInt16(2), r.GetBoolean(3),
            r.GetBoolean(4), pulse, r.IsDBNull(9) ? null : r.GetString(9));
    }

    /// <summary>
    /// Declares dead whoever has not renewed in time, and commits that before anybody claims a run: from then on no statement of a
    /// dead node writes. A client that stands still in the middle of a statement would hold the fence for ever: its session is ended.
    /// </summary>
    internal static async Task<int> TakeOverAsync(PostgresPool pool, CancellationToken cancel)
    {
        await using var connection = await pool.Source.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var begin = new NpgsqlCommand("SET LOCAL lock_timeout = '4s'; SELECT pg_backend_pid()", connection, transaction);
        var backend = (int)(await begin.ExecuteScalarAsync(cancel))!;
        await using var bump = new NpgsqlCommand(
            $"UPDATE nodes SET epoch = epoch + 1, state = {(int)NodeState.Dead} WHERE epoch = 1 AND id IN ({Expired})", connection, transaction);
        var bumping = bump.ExecuteNonQueryAsync(cancel);
        if (await Task.WhenAny(bumping, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancel)) != bumping)
            await pool.QueryAsync("SELECT pg_terminate_backend(pid) FROM unnest(pg_blocking_pids($1)) AS pid WHERE pid > 0", [backend], r => r.GetBoolean(0), cancel);
        var dead = await bumping;
        await transaction.CommitAsync(cancel);
        return dead;
    }

    /// <summary>Forgets the dead of whom no run is left.</summary>
    internal static Task BuryAsync(PostgresPool pool, CancellationToken cancel) => pool.QueryAsync(
        """
        WITH d AS (DELETE FROM nodes n WHERE n.epoch > 1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.owner = n.id) RETURNING id)
        DELETE FROM heartbeats WHERE node IN (SELECT id FROM d) OR node NOT IN (SELECT id FROM nodes) RETURNING 1
        """,
        [], r => r.GetInt32(0), cancel);

    internal static Task LeaveAsync(PostgresPool pool, NodeId node, CancellationToken cancel) => pool.QueryAsync(
        """
        WITH d AS (DELETE FROM nodes WHERE id = $1 AND epoch = 1 AND NOT EXISTS (SELECT 1 FROM runs WHERE owner = $1) RETURNING id)
        DELETE FROM heartbeats WHERE node IN (SELECT id FROM d) RETURNING 1
        """,
        [node.Value], r => r.GetInt32(0), cancel);

    /// <summary>False: there is no such live node.</summary>
    internal static async Task<bool> DrainAsync(PostgresPool pool, NodeId node, CancellationToken cancel) => (await pool.QueryAsync(
        $"UPDATE nodes SET state = {(int)NodeState.Draining} WHERE id = $1 AND epoch = 1 RETURNING 1", [node.Value], r => r.GetInt32(0), cancel)).Count == 1;

    internal static Task AnnounceAsync(PostgresPool pool, NodeId node, string? address, CancellationToken cancel) => pool.QueryAsync(
        "UPDATE nodes SET address = $2::text WHERE id = $1 AND epoch = 1 RETURNING 1", [node.Value, address], r => r.GetInt32(0), cancel);

    internal static Task<List<NodeRow>> NodesAsync(PostgresPool pool, CancellationToken cancel) => pool.QueryAsync(
        """
        SELECT n.id, n.address, n.build, n.max_rule, n.state, n.joined_at, coalesce(h.renewed_at, n.joined_at), coalesce(h.ttl_ms, 0),
          (SELECT count(*) FROM runs r WHERE r.owner = n.id)
        FROM nodes n LEFT JOIN heartbeats h ON h.node = n.id ORDER BY n.joined_at, n.id
        """,
        [],
        r => new NodeRow(
            new NodeId(r.GetGuid(0)), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.GetInt32(3), (NodeState)r.GetInt16(4), r.GetFieldValue<DateTimeOffset>(5),
            r.GetFieldValue<DateTimeOffset>(6), TimeSpan.FromMilliseconds(r.GetInt32(7)), r.GetInt64(8)),
        cancel);

    private static DateTimeOffset? Time(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : Columns.Time(r.GetInt64(column));
}
