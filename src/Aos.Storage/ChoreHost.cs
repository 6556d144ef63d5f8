using Aos.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

internal sealed partial class ChoreLog(ILogger<ChoreLog> logger)
{
    [LoggerMessage(EventId = 3200, Level = LogLevel.Error, Message = "The chore {Chore} failed; it is tried again in its turn.")]
    internal partial void Failed(string chore, Exception why);
}

/// <summary>Does the chores of this process, in an embedded store all there are, each in its own interval, never two passes of one at once.</summary>
internal sealed class ChoreHost(IEnumerable<IChore> chores, ICluster cluster, TimeProvider clock, ChoreLog log) : BackgroundService, ILater
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(chores.Where(chore => chore.IsLocal || !cluster.IsShared).Select(chore => RepeatAsync(chore, stoppingToken)));

    private async Task RepeatAsync(IChore chore, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(chore.Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await PassAsync(chore, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return; // The house closes.
        }
    }

    private async Task PassAsync(IChore chore, CancellationToken stop)
    {
        try
        {
            await chore.PassAsync(stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.Failed(chore.Name, e);
        }
    }
}
