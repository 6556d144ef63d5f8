using Aos.Storage;
using Npgsql;

namespace Aos.Bench;

/// <summary>
/// Fills a database with ended runs: copies of one real run under other ids, spread over months, with chains of their own, so that each
/// can be read, verified and archived.
/// </summary>
internal sealed class GrowthFill(NpgsqlDataSource source)
{
    internal const int Months = 6;

    private const int BatchMax = 50_000;

    /// <summary>Ids are UUIDv7 of evenly spread times; the rest of their bits is made from the number, so that no two are the same.</summary>
    private const string Sql = """
        CREATE TEMP TABLE fresh ON COMMIT DROP AS
        SELECT (lpad(to_hex(@from_ms + (@to_ms - @from_ms) * i / @total), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid AS id
        FROM generate_series(@first::bigint, @last::bigint) AS i;
        INSERT INTO runs SELECT (jsonb_populate_record(r, jsonb_build_object('id', f.id))).* FROM fresh f, runs r WHERE r.id = @model;
        INSERT INTO journal (run_id, seq, kind, at, body, chain)
        WITH RECURSIVE bodies AS (
          SELECT f.id, j.seq, j.kind, j.at, convert_to(replace(convert_from(j.body, 'UTF8'), @model::text, f.id::text), 'UTF8') AS body
          FROM fresh f, journal j WHERE j.run_id = @model
        ), whole AS (SELECT id, array_agg(body ORDER BY seq) AS bodies, array_agg(kind ORDER BY seq) AS kinds, array_agg(at ORDER BY seq) AS ats FROM bodies GROUP BY id
        ), chained AS (
          SELECT id, 1 AS seq, kinds[1] AS kind, ats[1] AS at, bodies[1] AS body, sha256(decode(repeat('00', 32), 'hex') || bodies[1]) AS chain, bodies, kinds, ats FROM whole
          UNION ALL
          SELECT id, seq + 1, kinds[seq + 1], ats[seq + 1], bodies[seq + 1], sha256(chain || bodies[seq + 1]), bodies, kinds, ats FROM chained WHERE seq < array_length(bodies, 1)
        )
        SELECT id, seq, kind, at, body, chain FROM chained;
        """;

    /// <summary>The months the runs are spread over, as they are there when nodes were at work all the time.</summary>
    internal async Task PartitionAsync(DateTimeOffset now)
    {
        for (var month = Months; month > 0; month--) await new JournalPartitions(source).MakeAsync(now.AddMonths(-month), CancellationToken.None);
    }

    /// <summary>Adds runs number <paramref name="first"/> to <paramref name="last"/> of <paramref name="total"/>.</summary>
    internal async Task AddAsync(Guid model, long first, long last, long total, DateTimeOffset now)
    {
        for (var from = first; from <= last; from += BatchMax)
        {
            await using var connection = await source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            foreach (var statement in Sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                await using var command = new NpgsqlCommand(statement, connection, transaction) { CommandTimeout = 0 };
                void Add(string name, object value)
                {
                    if (statement.Contains('@' + name, StringComparison.Ordinal)) command.Parameters.AddWithValue(name, value);
                }

                Add("model", model);
                Add("first", from);
                Add("last", Math.Min(from + BatchMax - 1, last));
                Add("total", total);
                Add("from_ms", now.AddMonths(-Months).ToUnixTimeMilliseconds());
                Add("to_ms", now.ToUnixTimeMilliseconds());
                await command.ExecuteNonQueryAsync();
            }

            await transaction.CommitAsync();
        }

        await ExecuteAsync("VACUUM (ANALYZE) runs");
        await ExecuteAsync("VACUUM (ANALYZE) journal");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
