using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Vectors of length 1 of one kind, one beside the other, and their sketches.</summary>
internal sealed class VectorPlane(int dimensions, int capacity)
{
    private float[] vectors = new float[capacity * dimensions];
    private sbyte[] numbers = new sbyte[capacity * dimensions];
    private VectorSketch[] sketches = new VectorSketch[capacity];

    internal int Dimensions => dimensions;

    internal long Bytes => vectors.Length * (long)(sizeof(float) + sizeof(sbyte));

    internal ReadOnlySpan<float> this[int slot] => vectors.AsSpan(slot * dimensions, dimensions);

    internal void Put(int slot, ReadOnlySpan<float> vector)
    {
        vector.CopyTo(vectors.AsSpan(slot * dimensions, dimensions));
        sketches[slot] = VectorSketch.Of(vector, numbers.AsSpan(slot * dimensions, dimensions));
    }

    /// <summary>What the product with a question is at most.</summary>
    internal float AtMost(SketchedQuestion question, int slot) => sketches[slot].AtMost(question.Sketch, VectorSketch.Dot(question.Numbers, numbers.AsSpan(slot * dimensions, dimensions)));

    internal void Grow(int to)
    {
        Array.Resize(ref vectors, to * dimensions);
        Array.Resize(ref numbers, to * dimensions);
        Array.Resize(ref sketches, to);
    }
}

/// <summary>A question's vector, of length 1, and its sketch.</summary>
internal sealed class SketchedQuestion
{
    internal SketchedQuestion(float[] vector)
    {
        Vector = vector;
        Numbers = new sbyte[vector.Length];
        Sketch = VectorSketch.Of(vector, Numbers);
    }

    internal float[] Vector { get; }

    internal sbyte[] Numbers { get; }

    internal VectorSketch Sketch { get; }
}
