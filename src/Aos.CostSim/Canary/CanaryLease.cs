using System.Collections.Immutable;
using System.Data.Common;
using Aos.Contracts;
using Dapper;

namespace Aos.CostSim;

/// <summary>Who runs the canary now.</summary>
/// <param name="Fence">Grows with each holder: what an older one wrote is refused.</param>
internal sealed record CanaryLease(string Run, string Holder, long Fence, DateTimeOffset Until);

/// <summary>
/// One row says which node runs the canary, until when. Each step is one transaction without anything of a session, so it holds through a pooler; a node that died holds it until its time is
/// over, and one that comes back after that can neither store its report nor end the run of another.
/// </summary>
internal sealed class CanaryLeases(IDatabase database)
{
    private const string Name = "canary";

    /// <summary>The lease; or the one of whoever has it.</summary>
    internal Task<(CanaryLease? Mine, CanaryLease? Other)> TakeAsync(string run, string holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancel) =>
        database.ForHouse.WriteAsync<(CanaryLease?, CanaryLease?)>(
            (connection, transaction) =>
            {
                var standing = Hold(connection, transaction);
                if (standing is { Holder: not "" } && standing.Until > now) return (null, standing);
                var mine = new CanaryLease(run, holder, (standing?.Fence ?? 0) + 1, until);
                connection.Execute(
                    """
                    INSERT INTO costsim_canary_leases (name, fence, holder, canary, until) VALUES (@Name, @Fence, @Holder, @Run, @until)
                    ON CONFLICT (name) DO UPDATE SET fence = excluded.fence, holder = excluded.holder, canary = excluded.canary, until = excluded.until
                    """,
                    new { Name, mine.Fence, mine.Holder, mine.Run, until = until.UtcTicks }, transaction);
                return (mine, null);
            },
            cancel);

    /// <summary>Stores the report and gives the lease back, in one transaction. False: another one has it by now, and nothing was stored.</summary>
    internal Task<bool> CloseAsync(CanaryLease lease, CanaryReport report, ImmutableArray<(string Name, byte[] Text)> artifacts, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            if (Hold(connection, transaction) is not { Holder: not "" } standing || standing.Fence != lease.Fence) return false;
            CanaryTable.Insert(connection, transaction, report, artifacts);
            Free(connection, transaction, lease);
            return true;
        },
        cancel);

    /// <summary>Gives it back without a report.</summary>
    internal Task ReleaseAsync(CanaryLease lease, CancellationToken cancel) => database.ForHouse.WriteAsync((connection, transaction) => Free(connection, transaction, lease), cancel);

    private static int Free(DbConnection connection, DbTransaction transaction, CanaryLease lease) =>
        connection.Execute("UPDATE costsim_canary_leases SET holder = NULL WHERE name = @Name AND fence = @Fence", new { Name, lease.Fence }, transaction);

    private CanaryLease? Hold(DbConnection connection, DbTransaction transaction)
    {
        database.Lock(connection, transaction, "costsim-canary");
        using var row = (DbDataReader)connection.ExecuteReader("SELECT canary, holder, fence, until FROM costsim_canary_leases WHERE name = @Name", new { Name }, transaction);
        return row.Read() ? new CanaryLease(row.GetString(0), row.IsDBNull(1) ? "" : row.GetString(1), row.GetInt64(2), new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero)) : null;
    }
}
