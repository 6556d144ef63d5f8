using System.Buffers.Binary;
using System.Numerics;

namespace Aos.Kernel;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): spreads one seed over a larger state.</summary>
public struct SplitMix64(ulong seed)
{
    private ulong state = seed;

    public ulong Next()
    {
        state += 0x9E37_79B9_7F4A_7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}

/// <summary>
/// The chance of a step: xoshiro256** (Blackman and Vigna 2018), its four words drawn by <see cref="SplitMix64"/> from
/// the step's seed. Specified so that any language can draw the same numbers; docs/traces.md has the vectors.
/// </summary>
public sealed class Chance
{
    private ulong a, b, c, d;

    public Chance(ulong seed)
    {
        var mix = new SplitMix64(seed);
        (a, b, c, d) = (mix.Next(), mix.Next(), mix.Next(), mix.Next());
    }

    internal Chance(ulong a, ulong b, ulong c, ulong d) => (this.a, this.b, this.c, this.d) = (a, b, c, d);

    /// <summary>The chance of a step of a run: seeded by <see cref="Seeds.Step"/>.</summary>
    public static Chance OfStep(ulong runSeed, int step) => new(Seeds.Step(runSeed, step));

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        var result = BitOperations.RotateLeft(b * 5, 7) * 9;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <summary>A whole number from 0 (inclusive) to <paramref name="count"/> (exclusive), without bias: draws beyond the last full multiple are thrown away.</summary>
    public ulong Below(ulong count)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        var limit = ulong.MaxValue - (ulong.MaxValue % count);
        while (true)
        {
            var draw = Next();
            if (draw < limit) return draw % count;
        }
    }

    /// <summary>16 hex digits of SHA-256 of the four state words, little endian: what a trace writes before a step.</summary>
    public string State()
    {
        Span<byte> bytes = stackalloc byte[32];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, a);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], b);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], c);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], d);
        return ContentHash.Hex(bytes)[..16];
    }
}
