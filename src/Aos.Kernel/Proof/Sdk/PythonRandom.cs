using System.Text;
using System.Globalization;

namespace Aos.Kernel;

/// <summary>
/// The generator behind Python's <c>random.Random(seed)</c>: MT19937 (Matsumoto and Nishimura 1998) keyed by the seed's
/// 32-bit words, least significant first. The Python SDK's runtime context draws from it.
/// </summary>
public sealed class PythonRandom
{
    private const int Size = 624;
    private const int Shift = 397;
    private readonly uint[] words = new uint[Size];
    private int index = Size;

    public PythonRandom(ulong seed)
    {
        uint[] key = seed > uint.MaxValue ? [(uint)seed, (uint)(seed >> 32)] : [(uint)seed];
        words[0] = 19_650_218;
        for (var i = 1; i < Size; i++) words[i] = (1_812_433_253 * (words[i - 1] ^ (words[i - 1] >> 30))) + (uint)i;
        int at = 1, j = 0;
        for (var k = 0; k < Size; k++)
        {
            words[at] = (words[at] ^ ((words[at - 1] ^ (words[at - 1] >> 30)) * 1_664_525)) + key[j] + (uint)j;
            Step(ref at);
            j = (j + 1) % key.Length;
        }

        for (var k = 0; k < Size - 1; k++)
        {
            words[at] = (words[at] ^ ((words[at - 1] ^ (words[at - 1] >> 30)) * 1_566_083_941)) - (uint)at;
            Step(ref at);
        }

        words[0] = 0x8000_0000;
    }

    /// <summary>The next 32 bits.</summary>
    public uint Next()
    {
        if (index >= Size) Twist();
        var y = words[index++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        return y ^ (y >> 18);
    }

    /// <summary>From 0 (inclusive) to 1 (exclusive), 53 bits.</summary>
    public double Random()
    {
        var high = Next() >> 5;
        var low = Next() >> 6;
        return ((high * 67_108_864.0) + low) / 9_007_199_254_740_992.0;
    }

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both inclusive, at most 2³² values apart.</summary>
    public long RandInt(long low, long high) => low + Below(checked((ulong)(high - low) + 1));

    public T Choice<T>(IReadOnlyList<T> items) => items[(int)Below((ulong)items.Count)];

    /// <summary>In place, from the end, as Python does it.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = (int)Below((ulong)i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The SDK's uuid: 16 draws of 0 to 255 as 8-4-4-4-12, without version bits.</summary>
    public string Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)RandInt(0, 255);
        var hex = Convert.ToHexStringLower(bytes);
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }

    /// <summary>The SDK's <c>rng_state</c>: 16 hex digits of SHA-256 of the state triple <c>[3, [624 words, index], null]</c>.</summary>
    public string State()
    {
        var text = new StringBuilder("[3, [");
        foreach (var word in words) text.Append(CultureInfo.InvariantCulture, $"{word}, ");
        text.Append(CultureInfo.InvariantCulture, $"{index}], null]");
        return PythonJson.Sha(text.ToString())[..16];
    }

    private long Below(ulong count)
    {
        if (count is 0 or > 1UL << 32) throw new ArgumentOutOfRangeException(nameof(count), count, "1 to 2^32 values.");
        var bits = 64 - System.Numerics.BitOperations.LeadingZeroCount(count);
        while (true)
        {
            // 33 bits (2^32 values) take two words, the low one first, as Python's getrandbits does.
            var draw = bits <= 32 ? Next() >> (32 - bits) : Next() | ((ulong)(Next() >> (64 - bits)) << 32);
            if (draw < count) return (long)draw;
        }
    }

    private void Step(ref int at)
    {
        at++;
        if (at < Size) return;
        words[0] = words[Size - 1];
        at = 1;
    }

    private void Twist()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (words[i] & 0x8000_0000) | (words[(i + 1) % Size] & 0x7FFF_FFFF);
            words[i] = words[(i + Shift) % Size] ^ (y >> 1) ^ ((y & 1) * 0x9908_B0DF);
        }

        index = 0;
    }
}

/// <summary>The JavaScript SDK's generator: xorshift32 (Marsaglia 2003; 13, 17, 5). Seed 0 gives only zeros, as it does there.</summary>
public sealed class JsRandom(ulong seed)
{
    private readonly ulong seed = seed;
    private uint state = (uint)seed;

    /// <summary>From 0 (inclusive) to 1 (exclusive).</summary>
    public double Random()
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state / 4_294_967_296.0;
    }

    public long RandInt(long low, long high) => (long)Math.Floor(Random() * (high - low + 1)) + low;

    /// <summary>The SDK's <c>rngState</c>: 16 hex digits of SHA-256 of <c>{"state":…,"seed":…}</c>.</summary>
    public string State() =>
        PythonJson.Sha(string.Create(CultureInfo.InvariantCulture, $"{{\"state\":{state},\"seed\":{seed}}}"))[..16];
}
