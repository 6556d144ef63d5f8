using System.Security.Cryptography;
using System.Text;

namespace Aos.Kernel;

/// <summary>
/// Id of a child run: a UUIDv7 with the time of the wait and the rest from the effect, so that starting it again after a
/// crash starts nothing twice.
/// </summary>
internal static class ChildId
{
    internal static RunId Of(RunId parent, EffectId effect, DateTimeOffset at)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"child:{parent}:{effect}"));
        Span<byte> id = stackalloc byte[16];
        hash.AsSpan(0, 16).CopyTo(id);
        var milliseconds = at.ToUnixTimeMilliseconds();
        for (var i = 0; i < 6; i++) id[i] = (byte)(milliseconds >> (8 * (5 - i)));
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new RunId(new Guid(id, bigEndian: true));
    }
}
