using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>A run that is over, at the place in the order of ends where it stands.</summary>
internal sealed record EndedRun(RunId Run, TenantId Tenant, DateTimeOffset EndedAt);

/// <summary>How far the runs that are over have been read: the last of them, by end and id.</summary>
internal readonly record struct EndCursor(long EndedAt, RunId Run);

/// <summary>The runs that are over, in the order of their ends, and how far a reader has come.</summary>
internal sealed class EndedRunList(IDatabase database)
{
    internal const string Actuals = "actuals";

    private bool IsPostgres => database.Dialect == Dialect.Postgres;

    /// <param name="tenant">Null: of all.</param>
    /// <param name="until">Exclusive.</param>
    internal Task<IReadOnlyList<EndedRun>> AfterAsync(EndCursor after, DateTimeOffset until, TenantId? tenant, int max, CancellationToken cancel)
    {
        var id = IsPostgres ? "CAST(@run AS uuid)" : "unhex(@run)";
        var text = IsPostgres ? "replace(CAST(id AS text), '-', '')" : "lower(hex(id))";
        return database.ForHouse.ReadAsync(
            async (connection, token) =>
            {
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                    $"""
                    SELECT {text}, tenant_id, ended_at FROM runs
                    WHERE ended_at IS NOT NULL AND (ended_at, id) > (@at, {id}) AND ended_at < @until{(tenant is null ? "" : " AND tenant_id = @tenant")} ORDER BY ended_at, id LIMIT @max
                    """,
                    new { at = after.EndedAt, run = after.Run.Value.ToString("N"), until = until.UtcTicks, tenant = tenant?.Value, max = (long)max }, cancellationToken: token));
                var found = new List<EndedRun>();
                while (await rows.ReadAsync(token))
                    found.Add(new EndedRun(new RunId(Guid.ParseExact(rows.GetString(0), "N")), new TenantId(rows.GetString(1)), new DateTimeOffset(rows.GetInt64(2), TimeSpan.Zero)));
                return (IReadOnlyList<EndedRun>)found;
            },
            cancel);
    }

    /// <summary>Null: nothing was read yet.</summary>
    internal Task<EndCursor?> CursorAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var row = (DbDataReader)await connection.ExecuteReaderAsync(
                new CommandDefinition("SELECT ended_at, run FROM costsim_cursors WHERE name = @name", new { name = Actuals }, cancellationToken: token));
            return await row.ReadAsync(token) ? new EndCursor(row.GetInt64(0), new RunId(Guid.ParseExact(row.GetString(1), "N"))) : (EndCursor?)null;
        },
        cancel);

    /// <summary>Goes on, never back: of two who read at once the one that came further counts.</summary>
    internal Task<int> MoveAsync(EndCursor to, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO costsim_cursors (name, ended_at, run) VALUES (@name, @at, @run)
            ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, run = excluded.run WHERE (costsim_cursors.ended_at, costsim_cursors.run) < (excluded.ended_at, excluded.run)
            """,
            new { name = Actuals, at = to.EndedAt, run = to.Run.Value.ToString("N") }, transaction),
        cancel);
}
