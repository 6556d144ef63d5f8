namespace Aos.Testing;

/// <summary>What is wrong with a wire now.</summary>
internal sealed class WireState(TimeProvider clock)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? frozen;
    private TaskCompletionSource? cut;
    private WireWay cutWay;
    private long left;
    private long late;

    internal bool IsSwallowing { get; private set; }

    internal TimeSpan Late
    {
        get => new(Volatile.Read(ref late));
        set => Volatile.Write(ref late, value.Ticks);
    }

    internal TimeProvider Clock => clock;

    internal Task WhenOpen
    {
        get
        {
            lock (gate) return frozen?.Task ?? Task.CompletedTask;
        }
    }

    internal void Freeze()
    {
        lock (gate) frozen ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal void Swallow()
    {
        lock (gate) IsSwallowing = true;
        Thaw();
    }

    internal Task CutAfter(long bytes, WireWay way)
    {
        lock (gate)
        {
            cut?.TrySetCanceled();
            cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (left, cutWay) = (bytes, way);
            return cut.Task;
        }
    }

    /// <summary>How many of so many bytes may pass, and what to complete when the connection was reset because of the rest.</summary>
    internal (int Pass, TaskCompletionSource? Cut) Take(int bytes, WireWay way)
    {
        lock (gate)
        {
            if (cut is null || cutWay != way) return (bytes, null);
            if (bytes <= left)
            {
                left -= bytes;
                return (bytes, null);
            }

            var done = cut;
            cut = null;
            return ((int)left, done);
        }
    }

    internal void Heal()
    {
        lock (gate)
        {
            IsSwallowing = false;
            cut?.TrySetCanceled();
            cut = null;
        }

        Late = TimeSpan.Zero;
        Thaw();
    }

    private void Thaw()
    {
        lock (gate)
        {
            frozen?.TrySetResult();
            frozen = null;
        }
    }
}
