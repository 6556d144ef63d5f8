using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>What a seed draws: the same on every machine and in every version.</summary>
internal sealed class Draw(ulong seed)
{
    private readonly Chance chance = new(seed);

    internal ulong Next() => chance.Next();

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    internal int Below(int count) => (int)chance.Below((ulong)count);

    /// <summary>True once in <paramref name="times"/> times.</summary>
    internal bool OneIn(int times) => Below(times) == 0;

    internal T Of<T>(params IReadOnlyList<T> all) => all[Below(all.Count)];

    internal Guid Guid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Next());
        BitConverter.TryWriteBytes(bytes[8..], Next());
        return new Guid(bytes);
    }
}
