using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// Limits in a store that all nodes share. While it does not answer, rates are this node's own share and slots are not given; both
/// in process, without a wait for the store.
/// </summary>
internal sealed class SharedLimits : ISharedLimits
{
    /// <summary>When to ask again for what waits until the store is back.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly ILimitStore store;
    private readonly StoreLink link;
    private readonly LocalLimits local;
    private readonly NodeCount nodes;
    private readonly LimitMeter meter;

    public SharedLimits(ILimitStore store, StoreLink link, LocalLimits local, NodeCount nodes, LimitMeter meter)
    {
        (this.store, this.link, this.local, this.nodes, this.meter) = (store, link, local, nodes, meter);
        store.Freed += key => Freed?.Invoke(key);
    }

    public event Action<string>? Freed;

    public async ValueTask<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel)
    {
        // What this node knows to be penalised need not be asked for, and holds whatever becomes of the store.
        if (local.Penalised(wants) is { } penalised) return penalised;
        var (isAnswered, reply) = await AskAsync(token => store.TakeAsync(wants, token), cancel);
        if (!isAnswered) reply = await OwnShareAsync(wants, cancel);
        else if (reply.IsGranted) local.Count(wants, nodes.Known);
        meter.Asked(isAnswered ? store.Name : "share", reply.IsGranted);
        return reply;
    }

    public async ValueTask GiveBackAsync(Want want, CancellationToken cancel)
    {
        await AskAsync(token => Done(store.GiveBackAsync(want, token)), cancel);
        local.GiveBack(want, nodes.Known);
    }

    public async ValueTask<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel)
    {
        var (isAnswered, wait) = await AskAsync(token => store.HoldAsync(slot, token), cancel);
        if (!isAnswered) wait = Again;
        meter.Asked(isAnswered ? store.Name : "share", wait is null);
        return wait;
    }

    public async ValueTask RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel)
    {
        if (slots.Count > 0) await AskAsync(token => Done(store.RenewAsync(slots, token)), cancel);
    }

    /// <summary>What the store does not hear of ends with its lease.</summary>
    public async ValueTask ReleaseAsync(Slot slot, CancellationToken cancel) => await AskAsync(token => Done(store.ReleaseAsync(slot, token)), cancel);

    public async ValueTask PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel)
    {
        await local.PenaliseAsync(key, time, cancel);
        await AskAsync(token => Done(store.PenaliseAsync(key, time, token)), cancel);
    }

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    private async Task<(bool IsAnswered, T? Reply)> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!await link.IsUpAsync()) return (false, default);
        var spell = link.Spell;
        try
        {
            return (true, await ask(cancel));
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            link.Lost(e, spell);
            return (false, default);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new OperationCanceledException(e.Message, e, cancel);
        }
    }

    private async ValueTask<TakeReply> OwnShareAsync(IReadOnlyList<Want> wants, CancellationToken cancel)
    {
        for (var i = 0; i < wants.Count; i++)
        {
            if (wants[i] is { Rate: not null, WhenLost: WhenLost.Wait }) return new TakeReply(i, Again);
        }

        return local.Take(wants, await nodes.NowAsync(cancel));
    }
}
