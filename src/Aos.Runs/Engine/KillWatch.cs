using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Ends what a kill switch covers. A run in memory is ended where it is, one that nobody drives by whichever node comes first; one that
/// comes into memory later meets the switch there, and every call meets it before it goes out.
/// </summary>
/// <param name="switches">Null: there are none here.</param>
internal sealed class KillWatch(Engine engine, IRunRows rows, RunLog log, IKillSwitches? switches)
{
    /// <summary>A node that has runs looks so often; what it sees is at most half a second older.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>While a switch is engaged: what a node left behind that died is ended by another.</summary>
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(5);

    private const int PageMax = 200;

    /// <summary>Runs of a page that are ended at once.</summary>
    private const int AtOnceMax = 16;

    /// <summary>Runs above one another that are looked at.</summary>
    private const int DepthMax = 64;

    private readonly Bell bell = new();
    private Task loop = Task.CompletedTask;
    private KillSet swept = KillSet.None;
    private long sweptAt;

    /// <summary>Nothing is stopped, as far as this node knows.</summary>
    internal bool IsIdle => switches is null || switches.Known.IsEmpty;

    internal async Task StartAsync(CancellationToken cancel)
    {
        if (switches is null) return;
        await engine.InsistAsync(() => switches.NowAsync(cancel).AsTask());
        switches.Changed += bell.Ring;
        loop = LoopAsync(switches);
    }

    internal Task EndAsync()
    {
        if (switches is not null) switches.Changed -= bell.Ring;
        bell.Ring();
        return loop;
    }

    /// <summary>A run has come into memory where there was none.</summary>
    internal void Arrived()
    {
        if (switches is { IsShared: true }) bell.Ring();
    }

    /// <summary>Why such a run may not begin or go on, by what holds on all nodes now; or null.</summary>
    internal async ValueTask<Failure?> RefusalAsync(TenantId tenant, string? workflow, CancellationToken cancel)
    {
        if (switches is null) return null;
        var now = await switches.NowAsync(cancel);
        return now.IsEmpty ? null : now.For(tenant, workflow)?.Why();
    }

    /// <summary>The same for a run that there is, with the runs above it.</summary>
    internal async ValueTask<Failure?> RefusalAsync(RunRow row, CancellationToken cancel)
    {
        if (switches is null) return null;
        var now = await switches.NowAsync(cancel);
        return now.IsEmpty ? null : await WhyAsync(row, now, cancel);
    }

    /// <summary>Why a run does nothing more, as this node knows it, without a look into the store but for the runs above it; or null.</summary>
    internal ValueTask<Failure?> WhyAsync(RunRow row, CancellationToken cancel) => IsIdle ? default : WhyAsync(row, switches!.Known, cancel);

    /// <summary>
    /// Ends those above a run that is about to be ended, from the top, where a switch covers them too: else they would hear first that
    /// their child failed.
    /// </summary>
    internal async Task EndAboveAsync(RunRow row, CancellationToken cancel)
    {
        if (engine.IsDraining || row.Parent is not { } parent || await rows.GetAsync(row.Tenant, parent, cancel) is not { } above || above.Status.IsOver()) return;
        if (await WhyAsync(above, cancel) is not { } why) return;
        await EndAboveAsync(above, cancel);
        try
        {
            await engine.CommandAsync(above.Tenant, above.Id, new StopRun(why), cancel);
        }
        catch (Exception e) when (e is JournalCorruptException or RunLostException)
        {
            log.NotLoaded(above.Id, e.Message); // It does nothing anyway, or another node has it.
        }
    }

    private async ValueTask<Failure?> WhyAsync(RunRow row, KillSet set, CancellationToken cancel)
    {
        var above = row;
        for (var depth = 0; depth < DepthMax; depth++)
        {
            if (set.For(row.Tenant, Name(above)) is { } one) return one.Why();
            if (above.Parent is not { } parent || !set.HasWorkflows(row.Tenant)) return null;
            if (engine.Live(parent)?.Row is { } here) above = here;
            else if (await rows.GetAsync(row.Tenant, parent, cancel) is { } stored) above = stored;
            else return null;
        }

        return null;
    }

    private static string? Name(RunRow row) => row.Workflow is { } pin && pin.LastIndexOf('@') is > 0 and var at ? pin[..at] : row.Workflow;

    private async Task LoopAsync(IKillSwitches watched)
    {
        while (!engine.IsStopping)
        {
            try
            {
                await PassAsync(watched);
            }
            catch (OperationCanceledException) when (engine.IsStopping)
            {
                return;
            }
            catch (Exception e)
            {
                // The last catch of the watch: a switch must hold even after a bad pass.
                if (e is not JournalUnavailableException) log.TaskBroke(e);
                swept = KillSet.None;
                await bell.WaitAsync(LookEvery, engine.Clock, engine.Stopping);
            }
        }
    }

    private async Task PassAsync(IKillSwitches watched)
    {
        var now = await watched.NowAsync(engine.Stopping);
        if (!now.IsEmpty && (!ReferenceEquals(now, swept) || engine.Clock.GetElapsedTime(sweptAt) >= SweepEvery))
        {
            await SweepAsync(now);
            sweptAt = engine.Clock.GetTimestamp();
        }

        swept = now;
        var wait = watched.IsShared && engine.LiveCount > 0 ? LookEvery : now.IsEmpty ? Timeout.InfiniteTimeSpan : SweepEvery;
        await bell.WaitAsync(wait, engine.Clock, engine.Stopping);
    }

    private async Task SweepAsync(KillSet set)
    {
        foreach (var run in engine.All)
        {
            if (await WhyAsync(run.Row, set, engine.Stopping) is not { } why) continue;
            await EndAboveAsync(run.Row, engine.Stopping);
            run.Post(new Letter(new StopRun(why), 0, null));
            if (engine.IsDraining) await run.CallOffAsync(); // It decides nothing more here: whoever drives it next ends it.
        }

        TenantId?[] tenants = set.All.Any(one => one.Tenant is null) ? [null] : [.. set.All.Select(one => one.Tenant).Distinct()];
        foreach (var tenant in tenants)
        {
            for (RunId? after = null; ;)
            {
                var page = await rows.IdleAsync(tenant, after, PageMax, engine.Stopping);
                foreach (var some in page.Chunk(AtOnceMax)) await Task.WhenAll(some.Select(row => EndAsync(row, set)));
                if (page.Count < PageMax) break;
                after = page[^1].Id;
            }
        }
    }

    private async Task EndAsync(RunRow row, KillSet set)
    {
        try
        {
            if (await WhyAsync(row, set, engine.Stopping) is not { } why) return;
            await EndAboveAsync(row, engine.Stopping);
            await engine.CommandAsync(row.Tenant, row.Id, new StopRun(why), engine.Stopping);
        }
        catch (Exception e) when (e is JournalCorruptException or RunLostException)
        {
            log.NotLoaded(row.Id, e.Message); // It does nothing anyway, or another node has it.
        }
    }
}
