using Aos.Contracts;

namespace Aos.Skills;

/// <summary>How long one call of a provider may take, in the spellings that its parameters know.</summary>
internal static class CallTime
{
    internal const string Problem = "timeout is more than 0 and at most 10 minutes.";

    private static readonly TimeSpan Max = TimeSpan.FromMinutes(10);

    /// <summary>As given, milliseconds before seconds; else the step's, as far as it goes. Null: <see cref="Problem"/>.</summary>
    internal static TimeSpan? Of(int? milliseconds, decimal? seconds, SkillCall call)
    {
        if ((milliseconds is { } ms ? ms / 1000m : seconds) is not { } given) return call.Timeout < Max ? call.Timeout : Max;
        var time = TimeSpan.FromTicks((long)(Math.Clamp(given, -1, 1_000_000) * TimeSpan.TicksPerSecond));
        return time > TimeSpan.Zero && time <= Max ? time : null;
    }
}
