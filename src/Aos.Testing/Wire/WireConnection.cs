using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Aos.Testing;

/// <summary>One client's connection through a wire: two sockets and a lane each way.</summary>
internal sealed class WireConnection(Socket client, WireState state)
{
    private readonly Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource ended = new();
    private readonly Lock gate = new();
    private readonly bool[] finished = new bool[2];
    private bool over;
    private volatile bool hasLost;

    /// <summary>Bytes were swallowed: what comes after them must never arrive.</summary>
    internal bool HasLost => hasLost;

    internal async Task RunAsync(DnsEndPoint target, CancellationToken cancel)
    {
        try
        {
            client.NoDelay = true;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, ended.Token);
            await server.ConnectAsync(target, either.Token);
            await Task.WhenAll(LaneAsync(client, server, WireWay.ToTarget, either), LaneAsync(server, client, WireWay.ToClient, either));
            Close(orderly: true);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or ChannelClosedException)
        {
            Reset(); // A lane whose reader was reset may end by its queue first.
        }
    }

    /// <summary>Both sides learn that the connection is gone: a reset, not an end.</summary>
    internal void Reset() => Close(orderly: false);

    internal void Finish(WireWay way)
    {
        Volatile.Write(ref finished[(int)way], true);
        try
        {
            (way == WireWay.ToTarget ? server : client).Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was over already.
        }
    }

    private void Close(bool orderly)
    {
        lock (gate)
        {
            if (over) return;
            over = true;
            ended.Cancel();
        }

        foreach (var socket in new[] { client, server })
        {
            try
            {
                if (!orderly) socket.LingerState = new LingerOption(true, 0);
            }
            catch (ObjectDisposedException)
            {
                // The other side was quicker.
            }

            socket.Dispose();
        }
    }

    /// <summary>Reading and writing are apart, so that what is late does not hold up what comes behind it.</summary>
    private async Task LaneAsync(Socket from, Socket to, WireWay way, CancellationTokenSource either)
    {
        var queue = Channel.CreateBounded<Piece>(16);
        try
        {
            await Task.WhenAll(ReadAsync(from, queue.Writer, either.Token), WriteAsync(queue.Reader, to, way, either.Token));
        }
        catch
        {
            // The other lane must not go on alone.
            Reset();
            throw;
        }
    }

    private async Task ReadAsync(Socket from, ChannelWriter<Piece> queue, CancellationToken cancel)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, cancel);
                await queue.WriteAsync(new Piece(buffer.AsSpan(0, count).ToArray(), state.Clock.GetTimestamp(), state.Late), cancel);
                if (count == 0) return;
            }
        }
        catch (Exception e)
        {
            queue.TryComplete(e);
            throw;
        }
    }

    private async Task WriteAsync(ChannelReader<Piece> queue, Socket to, WireWay way, CancellationToken cancel)
    {
        while (true)
        {
            var piece = await queue.ReadAsync(cancel);
            var wait = piece.Late - state.Clock.GetElapsedTime(piece.Since);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, state.Clock, cancel);
            await state.WhenOpen.WaitAsync(cancel);
            if (!IsLost(way) && !await PassAsync(piece.Bytes, to, way, cancel)) return;
            if (piece.Bytes.Length == 0) return;
        }
    }

    private bool IsLost(WireWay way)
    {
        if (state.IsSwallowing) hasLost = true;
        else if (hasLost) Reset();
        return hasLost || Volatile.Read(ref finished[(int)way]);
    }

    /// <summary>False: the connection was cut.</summary>
    private async Task<bool> PassAsync(byte[] bytes, Socket to, WireWay way, CancellationToken cancel)
    {
        if (bytes.Length == 0)
        {
            to.Shutdown(SocketShutdown.Send);
            return true;
        }

        var (pass, cut) = state.Take(bytes.Length, way);
        for (var sent = 0; sent < pass;) sent += await to.SendAsync(bytes.AsMemory(sent, pass - sent), cancel);
        if (cut is null) return true;
        Reset();
        cut.TrySetResult();
        return false;
    }

    /// <summary>No bytes: the sender has sent its last.</summary>
    private readonly record struct Piece(byte[] Bytes, long Since, TimeSpan Late);
}
