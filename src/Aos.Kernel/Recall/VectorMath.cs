using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Aos.Kernel;

/// <summary>
/// Products of vectors. The order in which numbers are added is fixed, 32 sums side by side, so a product has the same bits on every machine,
/// whatever the width of its registers.
/// </summary>
public static class VectorMath
{
    private const int Lanes = 8;
    private const int Block = 4 * Lanes;

    /// <summary>The scalar product; of vectors of length 1 their cosine similarity, -1 to 1. Both are equally long.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"Vectors of {a.Length} and {b.Length} numbers have no product.");
        ref var x = ref MemoryMarshal.GetReference(a);
        ref var y = ref MemoryMarshal.GetReference(b);
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint at = 0;
        for (var end = (nuint)(a.Length / Block * Block); at < end; at += Block)
        {
            s0 += Vector256.LoadUnsafe(ref x, at) * Vector256.LoadUnsafe(ref y, at);
            s1 += Vector256.LoadUnsafe(ref x, at + Lanes) * Vector256.LoadUnsafe(ref y, at + Lanes);
            s2 += Vector256.LoadUnsafe(ref x, at + (2 * Lanes)) * Vector256.LoadUnsafe(ref y, at + (2 * Lanes));
            s3 += Vector256.LoadUnsafe(ref x, at + (3 * Lanes)) * Vector256.LoadUnsafe(ref y, at + (3 * Lanes));
        }

        var lanes = s0 + s1 + (s2 + s3);
        var sum = 0f;
        for (var i = 0; i < Lanes; i++) sum += lanes.GetElement(i);
        for (var i = (int)at; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Divides by the length; a vector of zeros stays one.</summary>
    public static void Normalise(Span<float> vector)
    {
        var square = 0d;
        foreach (var number in vector) square += (double)number * number;
        if (square == 0) return;
        var length = Math.Sqrt(square);
        foreach (ref var number in vector) number = (float)(number / length);
    }
}
