using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Aos.Kernel;

/// <summary>
/// A vector in a quarter of its bytes: whole numbers from -127 to 127, a factor, and how far at most they are from the vector. It tells what the
/// product of two vectors cannot be above, so an exact search reads the vectors themselves only where that is enough to matter.
/// </summary>
/// <param name="Scale">The number that 1 stands for.</param>
/// <param name="Error">Length of what is lost: the vector less its sketch.</param>
public readonly record struct VectorSketch(float Scale, float Error)
{
    private const int Most = 127;
    private const int Block = 32;

    /// <summary>For what rounding of floats adds to sums of vectors of length 1.</summary>
    private const float Slack = 1e-4f;

    /// <summary>Writes the numbers of a sketch.</summary>
    /// <param name="numbers">As long as the vector.</param>
    public static VectorSketch Of(ReadOnlySpan<float> vector, Span<sbyte> numbers)
    {
        var largest = 0f;
        foreach (var number in vector) largest = Math.Max(largest, Math.Abs(number));
        if (largest == 0)
        {
            numbers.Clear();
            return default;
        }

        var (scale, square) = (largest / Most, 0d);
        for (var i = 0; i < vector.Length; i++)
        {
            numbers[i] = (sbyte)Math.Clamp(MathF.Round(vector[i] / scale), -Most, Most);
            var lost = vector[i] - (numbers[i] * (double)scale);
            square += lost * lost;
        }

        return new VectorSketch(scale, (float)Math.Sqrt(square));
    }

    /// <summary>
    /// What the product of two vectors of length 1 is at most, told by their sketches. With <c>x = sq + e</c> and <c>y = tp + f</c> it is
    /// <c>st·pq + f·sq + y·e</c>, of which the last two are at most <c>|f|·(1 + |e|) + |e|</c>.
    /// </summary>
    /// <param name="dot">Of their numbers: <see cref="Dot"/>.</param>
    public float AtMost(VectorSketch other, int dot) => (Scale * other.Scale * dot) + (other.Error * (1 + Error)) + Error + Slack;

    /// <summary>The scalar product of two sketches' numbers, equally many; exact.</summary>
    public static int Dot(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"Sketches of {a.Length} and {b.Length} numbers have no product.");
        ref var x = ref MemoryMarshal.GetReference(a);
        ref var y = ref MemoryMarshal.GetReference(b);
        Vector256<int> sums = default;
        nuint at = 0;
        for (var end = (nuint)(a.Length / Block * Block); at < end; at += Block)
        {
            var (xLow, xHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref x, at));
            var (yLow, yHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref y, at));
            // Two products of 127 · 127 fit into 16 bits.
            var (low, high) = Vector256.Widen((xLow * yLow) + (xHigh * yHigh));
            sums += low + high;
        }

        var sum = Vector256.Sum(sums);
        for (var i = (int)at; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
