using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Aos.Skills;

/// <summary>
/// Vectors without a model: of length 1, made of the text's hash, the same each time and on every machine. They tell texts apart and
/// nothing more: near texts have no near vectors.
/// </summary>
internal static class ScriptedVectors
{
    internal const int DimensionsDefault = 256;

    /// <summary>Number <c>i</c> is drawn from the bytes of SHA-256 of <c>i / 8 : text</c>, between -1 and 1; then all are divided by their length.</summary>
    internal static float[] Of(string text, int dimensions)
    {
        var drawn = new decimal[dimensions];
        var bytes = Encoding.UTF8.GetBytes(text);
        var block = new byte[bytes.Length + 4];
        bytes.CopyTo(block, 4);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (var i = 0; i < dimensions; i++)
        {
            if (i % 8 == 0)
            {
                BinaryPrimitives.WriteInt32BigEndian(block, i / 8);
                SHA256.HashData(block, hash);
            }

            drawn[i] = BinaryPrimitives.ReadInt32BigEndian(hash[(i % 8 * 4)..]) / 2_147_483_648m;
        }

        // The square root of IEEE numbers is the same on every machine.
        var length = (decimal)Math.Sqrt((double)drawn.Sum(number => number * number));
        return [.. drawn.Select(number => (float)(length == 0 ? 0 : number / length))];
    }
}
