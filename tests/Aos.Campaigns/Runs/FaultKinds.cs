using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>One kind of fault, as it strikes a world.</summary>
/// <param name="Arm">Has it strike at the append or call of this number.</param>
/// <param name="IsHealed">A run it strikes comes out as one that it does not strike; else as another one that it strikes at the same place.</param>
internal sealed record FaultKind(string Name, Action<World, int> Arm, bool IsHealed = true)
{
    /// <summary>Those that a world can show; the two of the disk are in <see cref="DiskFaults"/>.</summary>
    internal static IReadOnlyList<FaultKind> InWorlds { get; } =
    [
        new("killed before an append", (world, at) => Append(world, at, 1, Fault.CrashBefore)), new("killed after an append", (world, at) => Append(world, at, 1, Fault.CrashAfter)),
        new("slow store", (world, _) => Append(world, 0, int.MaxValue, Fault.Slow)), new("store outage", (world, at) => Append(world, at, 5, Fault.UnavailableBefore)),
        new("lost answer of the store", (world, at) => Append(world, at, 2, Fault.UnavailableAfter)), new("answer delivered twice", (world, _) => Calls(world, 0, int.MaxValue, Behaviour.Twice)),
        new("clock set back an hour", (world, at) => ClockBack(world, at)), new("skill times out", (world, at) => Calls(world, at, 1, Behaviour.ThenNever)),
        new("skill fails, then not", (world, at) => Calls(world, at, 2, Behaviour.Fail)), new("skill fails for good", (world, at) => Calls(world, at, 1, Behaviour.Refuse), IsHealed: false),
    ];

    private static void Append(World world, int from, int count, Fault fault)
    {
        var appends = -1;
        world.Faults = () => Interlocked.Increment(ref appends) is var at && at >= from && at - from < count ? fault : Fault.None;
    }

    /// <summary>Strikes calls of idempotent skills alone, by the number of the step: which call comes first is not always the same.</summary>
    private static void Calls(World world, int at, int tries, Behaviour behaviour)
    {
        var calls = new Dictionary<string, int>(StringComparer.Ordinal);
        world.Skills.Behave = call =>
        {
            lock (calls)
            {
                var step = $"{call.Call.Run} {call.Call.StepId}";
                var number = calls[step] = calls.GetValueOrDefault(step) + 1;
                if (behaviour == Behaviour.Twice) return Behaviour.Twice;
                return call.Call.StepId == $"s{at % FaultPlans.Steps}" && call.Skill is "put" or "llm_invoke" && number <= tries ? behaviour : Behaviour.Answer;
            }
        };
    }

    private static void ClockBack(World world, int at)
    {
        var appends = -1;
        world.Faults = () =>
        {
            if (Interlocked.Increment(ref appends) == at) world.Clock.Step(TimeSpan.FromHours(-1));
            return Fault.None;
        };
    }
}
