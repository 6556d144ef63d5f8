using System.Buffers;

namespace Aos.App.Server;

/// <summary>A growing buffer of rented memory: an answer is written once and copied nowhere.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] rented = ArrayPool<byte>.Shared.Rent(4096);
    private int used;

    internal ReadOnlyMemory<byte> Written => rented.AsMemory(0, used);

    public void Advance(int count) => used += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return rented.AsMemory(used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return rented.AsSpan(used);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(rented);

    private void Grow(int sizeHint)
    {
        var free = rented.Length - used;
        if (free >= Math.Max(sizeHint, 1)) return;
        var next = ArrayPool<byte>.Shared.Rent(Math.Max(rented.Length * 2, used + sizeHint));
        rented.AsSpan(0, used).CopyTo(next);
        ArrayPool<byte>.Shared.Return(rented);
        rented = next;
    }
}
