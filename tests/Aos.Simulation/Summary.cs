namespace Aos.Simulation;

/// <summary>What many schedules came to.</summary>
internal sealed class Summary
{
    private readonly Lock gate = new();

    internal int Schedules { get; private set; }

    internal long Runs { get; private set; }

    internal long Steps { get; private set; }

    internal long Takeovers { get; private set; }

    internal long Fenced { get; private set; }

    /// <summary>The same whatever the order in which they were added.</summary>
    internal ulong Hash { get; private set; }

    internal int[] Hits { get; } = new int[Enum.GetValues<Point>().Length];

    /// <summary>The first schedule that broke a promise.</summary>
    internal Verdict? Found { get; private set; }

    internal void Add(Verdict verdict)
    {
        lock (gate)
        {
            Schedules++;
            Runs += verdict.Runs;
            Steps += verdict.Steps;
            Takeovers += verdict.Takeovers;
            Fenced += verdict.Fenced;
            Hash ^= verdict.Hash * (verdict.Seed | 1);
            for (var i = 0; i < Hits.Length; i++) Hits[i] += verdict.Hits[i];
            if (verdict.Violations.Count > 0 && (Found is null || verdict.Seed < Found.Seed)) Found = verdict;
        }
    }
}
