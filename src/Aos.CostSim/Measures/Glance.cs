using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>
/// Something of the store as it was a moment ago, for gauges. However many look, one reads, once a second at most; the others go by what is known. What could
/// not be read for a minute is not known any more.
/// </summary>
internal sealed class Glance<T>(Func<CancellationToken, Task<T>> read, TimeProvider clock)
    where T : class
{
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan KnownMax = TimeSpan.FromMinutes(1);

    /// <summary>Longest that whoever looks waits for the store.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private Seen? seen;
    private int taken;

    /// <summary>Null: it is not known.</summary>
    internal T? Known => Volatile.Read(ref seen) is { } last && clock.GetElapsedTime(last.At) < KnownMax ? last.Value : null;

    internal async Task LookAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref seen) is { } last && clock.GetElapsedTime(last.At) < Fresh) return;
        if (Interlocked.CompareExchange(ref taken, 1, 0) != 0) return;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            var began = clock.GetTimestamp();
            Volatile.Write(ref seen, new Seen(await read(enough.Token).WaitAsync(Wait, clock, cancel), began));
        }
        catch (JournalUnavailableException)
        {
            return;
        }
        catch (TimeoutException)
        {
            await enough.CancelAsync();
        }
        finally
        {
            Volatile.Write(ref taken, 0);
        }
    }

    private sealed record Seen(T Value, long At);
}
