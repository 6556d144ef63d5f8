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

    /// <summary>What the follower goes along: each run costs it one entry, when it ends. Its name comes behind that of the room whose table it is over.</summary>
    internal static Migration Migration { get; } = new("storage-ends", 1, "runs by their end", "CREATE INDEX runs_by_end ON runs (ended_at, id) WHERE ended_at IS NOT NULL");

    private bool IsPostgres => database.Dialect == Dialect.Postgres;

    /// <summary>Runs behind the one that was read last, in one statement.</summary>
    /// <param name="oldest">Those that ended before are left out.</param>
    /// <param name="until">Exclusive.</param>
    internal Task<IReadOnlyList<EndedRun>> NextAsync(DateTimeOffset oldest, DateTimeOffset until, int max, CancellationToken cancel)
    {
        var read = "FROM costsim_cursors c WHERE c.name = @name";
        return ReadAsync(
            $"(coalesce((SELECT c.ended_at {read}), 0), coalesce((SELECT {Id("c.run")} {read}), {Id("@none")})) AND ended_at >= @oldest",
            new { name = Actuals, none = Guid.Empty.ToString("N"), oldest = oldest.UtcTicks, until = until.UtcTicks, max = (long)max }, cancel);
    }

    /// <summary>Runs behind another one.</summary>
    /// <param name="until">Exclusive.</param>
    /// <param name="tenant">Null: of all.</param>
    internal Task<IReadOnlyList<EndedRun>> AfterAsync(EndCursor after, DateTimeOffset until, TenantId? tenant, int max, CancellationToken cancel) => ReadAsync(
        $"(@at, {Id("@run")}){(tenant is null ? "" : " AND tenant_id = @tenant")}",
        new { at = after.EndedAt, run = after.Run.Value.ToString("N"), until = until.UtcTicks, tenant = tenant?.Value, max = (long)max }, cancel);

    /// <summary>Goes on, never back: of two who read at once the one that came further counts.</summary>
    internal Task<int> MoveAsync(EndCursor to, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO costsim_cursors (name, ended_at, run) VALUES (@name, @at, @run)
            ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, run = excluded.run WHERE (costsim_cursors.ended_at, costsim_cursors.run) < (excluded.ended_at, excluded.run)
            """,
            new { name = Actuals, at = to.EndedAt, run = to.Run.Value.ToString("N") }, transaction),
        cancel);

    private string Id(string text) => IsPostgres ? $"CAST({text} AS uuid)" : $"unhex({text})";

    private Task<IReadOnlyList<EndedRun>> ReadAsync(string after, object values, CancellationToken cancel)
    {
        var id = IsPostgres ? "replace(CAST(id AS text), '-', '')" : "lower(hex(id))";
        return database.ForHouse.ReadAsync(
            async (connection, token) =>
            {
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                    $"SELECT {id}, tenant_id, ended_at FROM runs WHERE ended_at IS NOT NULL AND (ended_at, id) > {after} AND ended_at < @until ORDER BY ended_at, id LIMIT @max",
                    values, cancellationToken: token));
                var found = new List<EndedRun>();
                while (await rows.ReadAsync(token))
                    found.Add(new EndedRun(new RunId(Guid.ParseExact(rows.GetString(0), "N")), new TenantId(rows.GetString(1)), new DateTimeOffset(rows.GetInt64(2), TimeSpan.Zero)));
                return (IReadOnlyList<EndedRun>)found;
            },
            cancel);
    }
}
