namespace Aos.Testing;

/// <summary>
/// A clock that stands still until it is told to go on. Timers fire, in the order of their due times, inside
/// <see cref="Advance"/> and <see cref="GoTo"/>; delays and timeouts that take a <see cref="TimeProvider"/> follow it.
/// </summary>
public sealed class ManualClock(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan skew; // What the wall clock says beyond the time that goes by.
    private DateTimeOffset now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now + skew;
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (gate) return now.UtcTicks;
    }

    /// <summary>Somebody sets the wall clock: it says another time from now on, while timers, delays and timestamps go on as they were.</summary>
    /// <param name="by">Negative: back.</param>
    public void Step(TimeSpan by)
    {
        lock (gate) skew += by;
    }

    /// <summary>When the next timer is due, or null: none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (gate) return timers.Count == 0 ? null : timers.Min(timer => timer.Due) + skew;
        }
    }

    /// <summary>Ends when a timer is set, ends or is taken back next. Take it before you look at <see cref="NextDue"/>.</summary>
    public Task Changed
    {
        get
        {
            lock (gate) return changed.Task;
        }
    }

    public void Advance(TimeSpan by) => GoTo(GetUtcNow() + by);

    /// <summary>Goes forward to a time, firing on the way what is due. An earlier time changes nothing.</summary>
    public void GoTo(DateTimeOffset time)
    {
        lock (gate) time -= skew;
        while (true)
        {
            ManualTimer? due;
            lock (gate)
            {
                due = timers.Where(timer => timer.Due <= time).MinBy(timer => timer.Due);
                if (due is null)
                {
                    if (time > now) now = time;
                    return;
                }

                if (due.Due > now) now = due.Due.Value;
                due.Rearm();
            }

            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Call it under the gate.</summary>
    private void Note()
    {
        changed.TrySetResult();
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        internal DateTimeOffset? Due { get; private set; }

        internal void Fire() => callback(state);

        internal void Rearm()
        {
            Due = period > TimeSpan.Zero ? Due + period : null;
            if (Due is null) clock.timers.Remove(this);
            clock.Note();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool isDueNow;
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                this.period = period;
                isDueNow = dueTime == TimeSpan.Zero;
                Due = dueTime < TimeSpan.Zero || (isDueNow && period <= TimeSpan.Zero) ? null : clock.now + (isDueNow ? period : dueTime);
                if (Due is not null) clock.timers.Add(this);
                clock.Note();
            }

            if (isDueNow) ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                Due = null;
                clock.Note();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
