using Aos.Contracts;
using Microsoft.Extensions.Hosting;

namespace Aos.Storage;

/// <summary>
/// Does the chores of the whole cluster: each is a row that one node at a time claims, so that there is no leader. Heartbeats claim
/// them and write down how they went, so nobody polls; a chore that finds nothing to do comes less and less often, down to a sixty-fourth.
/// </summary>
internal sealed class SharedChores(IEnumerable<IChore> chores, ICluster cluster, PostgresPool pool, ChoreSlot slot, ChoreLog log) : BackgroundService, ILater
{
    private readonly Dictionary<string, IChore> byName = chores.Where(chore => !chore.IsLocal).ToDictionary(chore => chore.Name, StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (byName.Count == 0) return;
        string[] names = [.. byName.Keys];
        try
        {
            await ListAsync(stoppingToken);
            while (true)
            {
                var claim = await slot.TakeAsync(names, stoppingToken);
                await RunAsync(byName[claim.Name], claim, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The house closes. What it was about to do is free again when its claim is over.
        }
    }

    /// <summary>Tells the cluster of the chores this build knows.</summary>
    private async Task ListAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await ChoreStatements.ListAsync(pool, byName.Values, cluster.Now, stop);
                return;
            }
            catch (JournalUnavailableException e)
            {
                await Task.Delay(e.RetryAfter, TimeProvider.System, stop);
            }
        }
    }

    private async Task RunAsync(IChore chore, ChoreClaim claim, CancellationToken stop)
    {
        var done = 0;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop, cluster.Lease.Lost);
        var keeping = KeepAsync(claim, ended.Token);
        try
        {
            done = await chore.PassAsync(ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            stop.ThrowIfCancellationRequested(); // Else the lease is over: whoever finds the claim over too does it again.
        }
        catch (Exception e)
        {
            log.Failed(chore.Name, e);
        }

        await ended.CancelAsync();
        await keeping;
        slot.Finish(new ChoreDone(claim, done == 0, cluster.Now, chore.Interval));
    }

    /// <summary>A long pass keeps its claim.</summary>
    private async Task KeepAsync(ChoreClaim claim, CancellationToken until)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ChoreStatements.Claim / 3, TimeProvider.System, until);
                await ChoreStatements.KeepAsync(pool, claim, until);
            }
        }
        catch (OperationCanceledException)
        {
            return; // The pass is over.
        }
        catch (JournalUnavailableException e)
        {
            log.Failed(claim.Name, e); // Another node may begin it again: chores may be done twice, not at once for long.
        }
    }
}
