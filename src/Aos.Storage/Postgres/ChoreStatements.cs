using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>The statements by which nodes share chores. Claims compare with the database's clock, due times with the node's.</summary>
internal static class ChoreStatements
{
    /// <summary>How long a claim holds that nobody keeps.</summary>
    internal static readonly TimeSpan Claim = TimeSpan.FromSeconds(60);


    /// <summary>
    /// Parts of a heartbeat: the last chore is written down and the next one taken, if this node lives. Parameters from $4 on: names, the claim's
    /// length in ms, now, the last chore's name, node, whether it was empty, when it ended, its interval.
    /// </summary>
    internal const string OfBeat = $"""
        d AS (
          UPDATE chores SET claimed_by = NULL, claimed_until = NULL, quiet = CASE WHEN $9 THEN least(quiet + 1, {Quiets}) ELSE 0 END,
            due_at = $10 + $11 * CASE WHEN $9 THEN 1 << least(quiet + 1, {Quiets}) ELSE 1 END
          WHERE name = $7 AND claimed_by = $8),
        c AS (
          UPDATE chores SET claimed_by = $1, claimed_until = clock_timestamp() + $5 * interval '1 millisecond' WHERE name = (
            SELECT name FROM chores WHERE name = ANY($4) AND name IS DISTINCT FROM $7 AND due_at <= $6
              AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) AND EXISTS (SELECT 1 FROM b)
            ORDER BY due_at, name LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING name)
        """;

    /// <summary>How often the pause of a chore doubles that finds nothing.</summary>
    private const string Quiets = "6";

    internal static void AddTo(NpgsqlCommand command, ChoreAsk ask, DateTimeOffset now)
    {
        var done = ask.Done;
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ask.Names });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (long)Claim.TotalMilliseconds });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.UtcTicks });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = done?.Claim.Name });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = done?.Claim.Node.Value ?? Guid.Empty });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = done?.WasEmpty ?? false });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = done?.At.UtcTicks ?? 0 });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = done?.Interval.Ticks ?? 0 });
    }

    internal static Task ListAsync(PostgresPool pool, IReadOnlyCollection<IChore> chores, DateTimeOffset now, CancellationToken cancel) => pool.QueryAsync(
        """
        INSERT INTO chores (name, due_at) SELECT t.name, t.due_at FROM unnest($1::text[], $2::bigint[]) AS t(name, due_at) ORDER BY 1
        ON CONFLICT (name) DO NOTHING RETURNING 1
        """,
        [chores.Select(chore => chore.Name).ToArray(), chores.Select(chore => (now + chore.Interval).UtcTicks).ToArray()], r => r.GetInt32(0), cancel);

    internal static Task KeepAsync(PostgresPool pool, ChoreClaim claim, CancellationToken cancel) => pool.QueryAsync(
        "UPDATE chores SET claimed_until = clock_timestamp() + $3::bigint * interval '1 millisecond' WHERE name = $1 AND claimed_by = $2 RETURNING 1",
        [claim.Name, claim.Node.Value, (long)Claim.TotalMilliseconds], r => r.GetInt32(0), cancel);
}
