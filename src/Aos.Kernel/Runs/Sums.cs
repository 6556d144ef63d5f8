namespace Aos.Kernel;

/// <summary>How many calls of a step stand where, and when the first of them is tried again.</summary>
public readonly struct CallSum : ISum<CallState, CallSum>
{
    /// <summary>UTC ticks from the other end, so that nothing is 0 and the soonest is the greatest.</summary>
    private long Soon { get; init; }

    public int Ready { get; private init; }
    public int Started { get; private init; }
    public int Delayed { get; private init; }
    public int Unknown { get; private init; }
    public int Failed { get; private init; }

    /// <summary>When the first delayed call is due; null: none is.</summary>
    public DateTimeOffset? RetryAt => Ticks.Time(Soon);

    /// <summary>Succeeded or failed.</summary>
    /// <param name="calls">Number of all.</param>
    internal int Over(int calls) => calls - Ready - Started - Delayed - Unknown;

    public static CallSum Of(CallState element) => new()
    {
        Ready = element.Status == CallStatus.Ready ? 1 : 0,
        Started = element.Status == CallStatus.Started ? 1 : 0,
        Delayed = element.Status == CallStatus.Delayed ? 1 : 0,
        Unknown = element.Status == CallStatus.Unknown ? 1 : 0,
        Failed = element.Status == CallStatus.Failed ? 1 : 0,
        Soon = element.Status == CallStatus.Delayed ? Ticks.Of(element.RetryAt) : 0,
    };

    public static CallSum Add(in CallSum left, in CallSum right) => new()
    {
        Ready = left.Ready + right.Ready,
        Started = left.Started + right.Started,
        Delayed = left.Delayed + right.Delayed,
        Unknown = left.Unknown + right.Unknown,
        Failed = left.Failed + right.Failed,
        Soon = Math.Max(left.Soon, right.Soon),
    };
}

/// <summary>How many steps stand where. Of a list plan it is asked of the open steps only.</summary>
public readonly struct StepSum : ISum<StepState, StepSum>
{
    private long Soon { get; init; }

    /// <summary>Neither over nor a fallback that nobody asked for.</summary>
    public int Open { get; private init; }

    /// <summary>Pending, and nothing it waits for is open.</summary>
    public int Ready { get; private init; }

    /// <summary>Running or waiting.</summary>
    public int Busy { get; private init; }

    /// <summary>Of the busy ones those that do nothing themselves: another step stands in for them.</summary>
    public int StoodInFor { get; private init; }

    /// <summary>With calls under way or about to be.</summary>
    public int Working { get; private init; }

    /// <summary>That wait for time, a person or the world.</summary>
    public int Waiting { get; private init; }

    /// <summary>With calls that wait for their next try.</summary>
    public int Delayed { get; private init; }

    /// <summary>That may want money now and have no share to themselves.</summary>
    public int Sharing { get; private init; }

    /// <summary>Failed, which ends the run.</summary>
    public int Ending { get; private init; }

    /// <summary>Calls under way, whether or not their step is over.</summary>
    public int Started { get; private init; }

    /// <summary>Calls nobody knows the outcome of.</summary>
    public int Unknown { get; private init; }

    /// <summary>The first due time of an open step; null: none has one.</summary>
    public DateTimeOffset? WakeAt => Ticks.Time(Soon);

    public static StepSum Of(StepState element)
    {
        ref readonly var calls = ref element.Calls.Sum;
        if (!element.IsOpen)
            return new StepSum { Ending = element.EndsRun ? 1 : 0, Started = calls.Started, Unknown = calls.Unknown };
        var runs = element is { Status: StepStatus.Running, Fallback: null };
        var (ready, busy) = (element.IsReady, element.Status is StepStatus.Running or StepStatus.Waiting);
        return new StepSum
        {
            Open = 1,
            Ready = ready ? 1 : 0,
            Busy = busy ? 1 : 0,
            StoodInFor = busy && element.Fallback is not null ? 1 : 0,
            Working = runs && calls.Started + calls.Ready > 0 ? 1 : 0,
            Waiting = element.Status == StepStatus.Waiting || (runs && calls.Unknown > 0) ? 1 : 0,
            Delayed = runs && calls.Delayed > 0 ? 1 : 0,
            Sharing = (ready || busy) && element is { Fallback: null, Wait: null or { Granted: null } } ? 1 : 0,
            Started = calls.Started,
            Unknown = calls.Unknown,
            Soon = Math.Max(Ticks.Of(element.WakeAt), Ticks.Of(calls.RetryAt)),
        };
    }

    public static StepSum Add(in StepSum left, in StepSum right) => new()
    {
        Open = left.Open + right.Open,
        Ready = left.Ready + right.Ready,
        Busy = left.Busy + right.Busy,
        StoodInFor = left.StoodInFor + right.StoodInFor,
        Working = left.Working + right.Working,
        Waiting = left.Waiting + right.Waiting,
        Delayed = left.Delayed + right.Delayed,
        Sharing = left.Sharing + right.Sharing,
        Ending = left.Ending + right.Ending,
        Started = left.Started + right.Started,
        Unknown = left.Unknown + right.Unknown,
        Soon = Math.Max(left.Soon, right.Soon),
    };
}

/// <summary>Times as numbers of which the soonest is the greatest and 0 is none.</summary>
internal static class Ticks
{
    internal static long Of(DateTimeOffset? at) => at is { } time ? long.MaxValue - time.UtcTicks : 0;

    internal static DateTimeOffset? Time(long soon) => soon == 0 ? null : new DateTimeOffset(long.MaxValue - soon, TimeSpan.Zero);
}
