namespace Aos.Runs;

/// <summary>
/// One line of waiting calls for each key. Only the first of a line asks for what all of them wait for, when it can be had at the
/// earliest; the others cost nothing but their place. A line that nobody stands in is forgotten.
/// </summary>
internal sealed class WaitLines(TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);

    /// <summary>The key of a line that is waited in, of these; null: there is none.</summary>
    internal string? Busy(CallNeeds needs)
    {
        lock (gate)
        {
            if (lines.Count == 0) return null;
            foreach (var slot in needs.Slots)
            {
                if (lines.ContainsKey(slot.Key.Value)) return slot.Key.Value;
            }

            foreach (var want in needs.Wants)
            {
                if (lines.ContainsKey(want.Key.Value)) return want.Key.Value;
            }

            return null;
        }
    }

    /// <summary>Takes the last place of a line; leave it by disposing it.</summary>
    internal Line.Place Join(string key)
    {
        lock (gate)
        {
            if (!lines.TryGetValue(key, out var line)) lines[key] = line = new Line(this, key);
            line.Count++;
            return new Line.Place(line);
        }
    }

    /// <summary>What the line waits for may be there now.</summary>
    internal void Pulse(string key)
    {
        lock (gate)
        {
            if (lines.TryGetValue(key, out var line)) line.Pulse();
        }
    }

    internal sealed class Line(WaitLines all, string key)
    {
        private readonly SemaphoreSlim turn = new(1, 1);
        private TaskCompletionSource? alarm;

        internal int Count { get; set; }

        /// <summary>Grows with each pulse, so that one between an answer and the pause after it is not missed.</summary>
        internal int Pulses { get; private set; }

        internal void Pulse()
        {
            Pulses++;
            alarm?.TrySetResult();
        }

        internal sealed class Place(Line line) : IDisposable
        {
            private bool isFirst;

            internal string Key { get; } = line.Key;

            internal int Pulses
            {
                get
                {
                    lock (line.All.gate) return line.Pulses;
                }
            }

            /// <summary>Waits until this is the first place.</summary>
            internal async Task TurnAsync(CancellationToken cancel)
            {
                await line.turn.WaitAsync(cancel);
                isFirst = true;
            }

            /// <summary>Waits so long, or until there was another pulse than the caller knew of.</summary>
            internal async Task PauseAsync(TimeSpan time, int known, CancellationToken cancel)
            {
                var wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (line.All.gate)
                {
                    if (line.Pulses != known) return;
                    line.alarm = wake;
                }

                var whole = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(1, time.TotalMilliseconds)));
                await using var timer = line.All.Clock.CreateTimer(static wake => ((TaskCompletionSource)wake!).TrySetResult(), wake, whole, Timeout.InfiniteTimeSpan);
                await wake.Task.WaitAsync(cancel);
            }

            public void Dispose()
            {
                if (isFirst) line.turn.Release();
                lock (line.All.gate)
                {
                    if (--line.Count == 0) line.All.lines.Remove(line.Key);
                }
            }
        }

        private string Key { get; } = key;

        private WaitLines All { get; } = all;
    }

    private TimeProvider Clock { get; } = clock;
}
