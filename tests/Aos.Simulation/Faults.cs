namespace Aos.Simulation;

/// <summary>What goes wrong in one schedule: at which point, for the how manieth time somebody comes there, and what it is.</summary>
internal sealed class Faults
{
    private static readonly Point[] AfterCommit =
    [
        Point.AfterStartBeforeAnswer, Point.AfterChildStartBeforeAnswer, Point.AfterAppendBeforeAnswer, Point.AfterParkBeforeAnswer, Point.AfterDueClaimBeforeAnswer,
        Point.AfterClaimBeforeAnswer, Point.BetweenEpochBumpAndClaims, Point.InTheMiddleOfClaims, Point.BetweenMailAndPoke, Point.DuringHeartbeat,
    ];

    private readonly World world;
    private readonly List<Fault> planned = [];
    private readonly int[] seen = new int[Enum.GetValues<Point>().Length];

    internal Faults(World world, ulong seed)
    {
        this.world = world;
        var chance = new Chance(seed ^ 0xFA17);
        Plan((Point)(seed % (ulong)seen.Length), chance);
        for (var more = chance.Below(3); more > 0; more--) Plan((Point)chance.Below(seen.Length), chance);
    }

    /// <summary>How often each point was hit.</summary>
    internal int[] Hits { get; } = new int[Enum.GetValues<Point>().Length];

    /// <summary>A node comes by a point. Killing, freezing and cutting are done by then.</summary>
    internal Deed At(Point point, SimNode node)
    {
        var times = ++seen[(int)point];
        foreach (var fault in planned)
        {
            if (fault.Point != point || fault.Times != times) continue;
            Hits[(int)point]++;
            world.Tell($"{fault.Deed} of {node} at {point}");
            if (fault.Deed == Deed.Kill) world.Kill(node);
            else if (fault.Deed == Deed.Freeze) world.Freeze(node, fault.Time);
            else if (fault.Deed == Deed.Cut) world.Cut(node, fault.Time);
            return fault.Deed;
        }

        return Deed.None;
    }

    private void Plan(Point point, Chance chance)
    {
        planned.Add(new Fault(point, 1 + (chance.OneIn(2) ? 0 : chance.Below(4)), DeedAt(point, chance), chance.Between(200, chance.OneIn(2) ? 3_000 : 12_000)));
        switch (point)
        {
            case Point.BeforeEpochBump or Point.BetweenEpochBumpAndClaims or Point.BeforeOrphanClaim or Point.InTheMiddleOfClaims or Point.BeforeMailIsStored or Point.BetweenMailAndPoke:
                var victim = chance.Below(world.Size);
                var time = chance.Between(6_000, 14_000);
                var isDeath = chance.OneIn(2);
                world.Time.After(chance.Between(100, 3_000), () => world.Strike(victim, isDeath ? null : time));
                break;
            case Point.DuringDrain or Point.BeforeLeaving or Point.WhileJoining:
                var leaver = chance.Below(world.Size);
                world.Time.After(chance.Between(100, 3_000), () => world.Drain(leaver));
                break;
            case Point.DuringHeartbeat when chance.OneIn(3):
                var down = chance.Between(200, 8_000);
                world.Time.After(chance.Between(100, 4_000), () => world.RestartStore(down));
                break;
            case Point.WhileReadingAJournal when chance.OneIn(3):
                var (late, by) = (chance.Below(world.Size), chance.Between(-20_000, 20_000));
                world.Time.After(chance.Between(100, 4_000), () => world.JumpClock(late, by));
                break;
        }
    }

    private static Deed DeedAt(Point point, Chance chance)
    {
        if (point is Point.AfterOrderBeforeCall) return Deed.Kill; // Standing still between the last look at the lease and the call is beyond any fence.
        if (point is Point.DuringCall or Point.AfterEffectBeforeOutcome) return chance.OneIn(2) ? Deed.Kill : Deed.Freeze;
        var isAfter = AfterCommit.Contains(point);
        return chance.Below(8) switch
        {
            0 or 1 or 2 => Deed.Kill,
            3 or 4 => Deed.Freeze,
            5 => Deed.Cut,
            _ when isAfter => Deed.LoseAnswer,
            6 => Deed.CommitLate,
            _ => Deed.Refuse,
        };
    }

    private sealed record Fault(Point Point, int Times, Deed Deed, TimeSpan Time);
}
