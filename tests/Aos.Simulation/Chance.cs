namespace Aos.Simulation;

/// <summary>Chance from a seed alone: the same on every machine and in every version.</summary>
internal sealed class Chance(ulong seed)
{
    private ulong state = seed;

    internal ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    internal int Below(int below) => (int)(Next() % (uint)below);

    /// <summary>True once in <paramref name="times"/> times.</summary>
    internal bool OneIn(int times) => Below(times) == 0;

    internal TimeSpan Between(double milliseconds, double most) =>
        TimeSpan.FromTicks((long)((milliseconds + ((most - milliseconds) * (Next() >> 11) / (1UL << 53))) * TimeSpan.TicksPerMillisecond));

    internal T Of<T>(IReadOnlyList<T> all) => all[Below(all.Count)];

    internal Guid Guid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Next());
        BitConverter.TryWriteBytes(bytes[8..], Next());
        return new Guid(bytes);
    }
}
