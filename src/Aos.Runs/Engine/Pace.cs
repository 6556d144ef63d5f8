using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// How somebody who watches a run waits until it is worth another look: at each change of a run that is driven here, without a
/// query; of any other run after 50 ms, then twice as long each time up to 500 ms.
/// </summary>
internal sealed class Pace(Engine engine, RunId run)
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(500);
    private TimeSpan pause = PauseMin;

    /// <summary>Something happened: more may follow soon.</summary>
    internal void Moved() => pause = PauseMin;

    /// <summary>Returns when <paramref name="change"/> is there, when it is time to look at the store, or after <paramref name="atMost"/>.</summary>
    internal async Task WaitAsync(Task change, TimeSpan atMost, CancellationToken cancel)
    {
        if (!engine.Cluster.IsShared)
        {
            await OneAsync(change, atMost, cancel);
            return;
        }

        var started = engine.Clock.GetTimestamp();
        while (atMost - engine.Clock.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            var wasHere = engine.IsHere(run);
            var step = wasHere ? PauseMax : pause;
            await OneAsync(change, step < left ? step : left, cancel);
            if (!wasHere) pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
            if (change.IsCompleted || !wasHere || !engine.IsHere(run)) return;
        }
    }

    private async Task OneAsync(Task change, TimeSpan atMost, CancellationToken cancel)
    {
        await change.WaitAsync(atMost, engine.Clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancel.ThrowIfCancellationRequested();
    }
}
