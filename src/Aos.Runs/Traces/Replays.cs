using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>Replays that were made: which run, up to which event, how it went. What they show is read from the run's journal.</summary>
internal sealed class Replays(IDatabase database)
{
    internal Task AddAsync(TenantId tenant, RunId id, int seq, ReplayOf replay, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO replays (tenant_id, id, run_id, seq, mode, verify_parity, status, at)
            VALUES (@tenant, @id, @run, @seq, @mode, @parity, @status, @at)
            """,
            new
            {
                tenant = tenant.Value, id = id.ToString(), run = replay.Run.ToString(), seq = (long)seq, mode = (long)replay.Mode, parity = replay.VerifyParity ? 1L : 0L,
                status = replay.Status, at = replay.At.UtcTicks,
            },
            transaction),
        cancel);

    internal Task<(ReplayOf Replay, int Seq)?> FindAsync(TenantId tenant, RunId id, CancellationToken cancel) => database.For(tenant).ReadAsync<(ReplayOf, int)?>(
        async (connection, token) =>
        {
            using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT run_id, seq, mode, verify_parity, status, at FROM replays WHERE tenant_id = @tenant AND id = @id",
                new { tenant = tenant.Value, id = id.ToString() }, cancellationToken: token));
            if (!await rows.ReadAsync(token) || !RunId.TryParse(rows.GetString(0), out var run)) return null;
            var replay = new ReplayOf(run, new DateTimeOffset(rows.GetInt64(5), TimeSpan.Zero), (ReplayMode)rows.GetInt32(2), rows.GetInt64(3) == 1, rows.GetString(4));
            return (replay, rows.GetInt32(1));
        },
        cancel);
}
