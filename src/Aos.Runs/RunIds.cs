using System.Buffers.Binary;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Mints the ids of runs: UUIDv7 that ascend within a process, also within a millisecond, so that lists by id are lists by start. The 12
/// bits after the milliseconds are the finer time (RFC 9562, section 6.2, method 3), or one more than the last id's.
/// </summary>
internal sealed class RunIds
{
    /// <summary>When the clock was set back by more than this, ids go back with it.</summary>
    private static readonly long BackMax = Moment(DateTimeOffset.UnixEpoch.AddSeconds(10));

    private long last;

    internal RunId Next(DateTimeOffset now)
    {
        var moment = Ascending(Moment(now));
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(moment >> 28));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(moment >> 12));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | (moment & 0xFFF)));
        return new RunId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>Milliseconds and 1/4096 of one.</summary>
    private static long Moment(DateTimeOffset time)
    {
        var (whole, rest) = Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks, TimeSpan.TicksPerMillisecond);
        return (whole << 12) | (rest * 4096 / TimeSpan.TicksPerMillisecond);
    }

    private long Ascending(long moment)
    {
        while (true)
        {
            var seen = Volatile.Read(ref last);
            var next = moment > seen || seen - moment > BackMax ? moment : seen + 1;
            if (Interlocked.CompareExchange(ref last, next, seen) == seen) return next;
        }
    }
}
