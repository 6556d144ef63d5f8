namespace Aos.Simulation;

/// <summary>Virtual time, and what happens when.</summary>
internal sealed class Timeline
{
    private readonly PriorityQueue<Happening, (long At, long Number)> queue = new();
    private long number;

    /// <summary>Begins at a round moment, so that what is minted from it is the same in every run.</summary>
    internal static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Ticks since the start.</summary>
    internal long Now { get; private set; }

    /// <summary>What was done in which order, as one number.</summary>
    internal ulong Hash { get; private set; } = 14695981039346656037;

    internal DateTimeOffset Utc => Start.AddTicks(Now);

    internal void Note(ulong what)
    {
        unchecked
        {
            Hash = (Hash ^ what) * 1099511628211;
            Hash = (Hash ^ (ulong)Now) * 1099511628211;
        }
    }

    internal Happening After(TimeSpan wait, Action what)
    {
        var happening = new Happening(what);
        queue.Enqueue(happening, (Now + Math.Max(wait.Ticks, 0), ++number));
        return happening;
    }

    /// <summary>Goes to what comes next and does it. False: nothing will ever happen again.</summary>
    internal bool Step()
    {
        while (queue.TryDequeue(out var next, out var when))
        {
            if (next.IsOff) continue;
            Now = when.At;
            Note((ulong)when.Number);
            next.Do();
            return true;
        }

        return false;
    }

    internal sealed class Happening(Action what)
    {
        internal bool IsOff { get; set; }

        internal void Do() => what();
    }
}
