using Aos.Contracts;
using Microsoft.Extensions.Hosting;

namespace Aos.Storage;

/// <summary>
/// Does the chores of the whole cluster: each is a row that one node at a time claims, so that there is no leader. A chore that finds
/// nothing to do comes less and less often, down to a sixty-fourth; heartbeats tell when one is due, so nobody polls.
/// </summary>
internal sealed class SharedChores(IEnumerable<IChore> chores, ICluster cluster, PostgresPool pool, ChoreLog log) : BackgroundService, ILater
{
    private const int QuietMax = 6;
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, IChore> byName = chores.Where(chore => !chore.IsLocal).ToDictionary(chore => chore.Name, StringComparer.Ordinal);
    private readonly SemaphoreSlim due = new(0, 1);

    public override void Dispose()
    {
        base.Dispose();
        due.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        cluster.Pulsed += Look;
        try
        {
            await ListAsync(stoppingToken);
            while (true)
            {
                await due.WaitAsync(stoppingToken);
                while (await RunNextAsync(stoppingToken))
                {
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The house closes.
        }
        finally
        {
            cluster.Pulsed -= Look;
        }
    }

    private void Look(Pulse pulse)
    {
        if (pulse.NextChore > cluster.Now || pulse.NextChore is null || cluster.IsDraining || due.CurrentCount > 0) return;
        due.Release(); // Heartbeats come one after another: nobody else releases.
    }

    /// <summary>Tells the cluster of the chores this build knows.</summary>
    private async Task ListAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await pool.QueryAsync(
                    """
                    INSERT INTO chores (name, due_at) SELECT t.name, t.due_at FROM unnest($1::text[], $2::bigint[]) AS t(name, due_at) ORDER BY 1
                    ON CONFLICT (name) DO NOTHING RETURNING 1
                    """,
                    [byName.Keys.ToArray(), byName.Values.Select(chore => (cluster.Now + chore.Interval).UtcTicks).ToArray()], r => r.GetInt32(0), stop);
                return;
            }
            catch (JournalUnavailableException e)
            {
                await Task.Delay(e.RetryAfter, TimeProvider.System, stop);
            }
        }
    }

    /// <summary>False: nothing is due, or another node has it.</summary>
    private async Task<bool> RunNextAsync(CancellationToken stop)
    {
        try
        {
            var node = cluster.Lease.Node;
            var claimed = await pool.FindAsync(
                $"""
                UPDATE chores SET claimed_by = $1, claimed_until = clock_timestamp() + $4::bigint * interval '1 millisecond' WHERE name = (
                  SELECT name FROM chores WHERE name = ANY($2) AND due_at <= $3 AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
                    AND EXISTS ({PostgresLease.Fence})
                  ORDER BY due_at, name LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING name
                """,
                [node.Value, byName.Keys.ToArray(), cluster.Now.UtcTicks, (long)Claim.TotalMilliseconds], r => r.GetString(0), stop);
            if (claimed is null) return false;
            await RunAsync(byName[claimed], node, stop);
            return true;
        }
        catch (JournalUnavailableException e)
        {
            log.Failed("chores", e);
            return false;
        }
    }

    private async Task RunAsync(IChore chore, NodeId node, CancellationToken stop)
    {
        var done = 0;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop, cluster.Lease.Lost);
        var keeping = KeepAsync(chore, node, ended.Token);
        try
        {
            done = await chore.PassAsync(ended.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.Failed(chore.Name, e);
        }

        await ended.CancelAsync();
        await keeping;
        await pool.QueryAsync(
            $"""
            UPDATE chores SET claimed_by = NULL, claimed_until = NULL, quiet = CASE WHEN $3 THEN least(quiet + 1, {QuietMax}) ELSE 0 END,
              due_at = $4 + $5::bigint * CASE WHEN $3 THEN 1 << least(quiet + 1, {QuietMax}) ELSE 1 END
            WHERE name = $1 AND claimed_by = $2 RETURNING 1
            """,
            [chore.Name, node.Value, done == 0, cluster.Now.UtcTicks, chore.Interval.Ticks], r => r.GetInt32(0), stop);
    }

    /// <summary>A long pass keeps its claim.</summary>
    private async Task KeepAsync(IChore chore, NodeId node, CancellationToken until)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Claim / 3, TimeProvider.System, until);
                await pool.QueryAsync(
                    "UPDATE chores SET claimed_until = clock_timestamp() + $3::bigint * interval '1 millisecond' WHERE name = $1 AND claimed_by = $2 RETURNING 1",
                    [chore.Name, node.Value, (long)Claim.TotalMilliseconds], r => r.GetInt32(0), until);
            }
        }
        catch (OperationCanceledException)
        {
            return; // The pass is over.
        }
        catch (JournalUnavailableException e)
        {
            log.Failed(chore.Name, e); // Another node may begin it again: chores may be done twice, not at once for long.
        }
    }
}
