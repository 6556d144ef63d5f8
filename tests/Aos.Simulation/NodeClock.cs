namespace Aos.Simulation;

/// <summary>The clock of one machine: its time of day may be wrong and jump, what it measures is right. Its timers fire on its process.</summary>
internal sealed class NodeClock(Timeline time, NodeScheduler? process) : TimeProvider
{
    /// <summary>What its time of day is ahead of the true one.</summary>
    internal TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => time.Utc + Ahead;

    public override long GetTimestamp() => time.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new NodeTimer(time, process!, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class NodeTimer(Timeline time, NodeScheduler process, TimerCallback callback, object? state) : ITimer
    {
        private Timeline.Happening? next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Dispose();
            if (dueTime < TimeSpan.Zero) return true;
            next = time.After(dueTime, () =>
            {
                if (process.IsDead) return;
                process.Post(() => callback(state));
                if (period > TimeSpan.Zero) Change(period, period);
            });
            return true;
        }

        public void Dispose()
        {
            if (next is { } set) set.IsOff = true;
            next = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
