using System.Net;
using System.Net.Sockets;

namespace Aos.Skills.Tests;

/// <summary>A way to a server of this machine on which its answers stop after so many bytes of a connection, which stays open.</summary>
internal sealed class StallingWire : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly List<Task> ways = [];
    private readonly int target;
    private readonly Task accepting;

    /// <param name="target">The server's port.</param>
    internal StallingWire(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes of answers that a connection lets through; only what begins later is held to a new number.</summary>
    internal long AnswerMax { get; set; } = long.MaxValue;

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        listener.Stop();
        await accepting;
        await Task.WhenAll(ways);
        over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) ways.Add(CarryAsync(await listener.AcceptTcpClientAsync(over.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, target, either.Token);
            var asked = PassAsync(near, far, long.MaxValue, either.Token);
            var answered = PassAsync(far, near, AnswerMax, either.Token);
            await await Task.WhenAny(asked, answered);
            await either.CancelAsync();
            await Task.WhenAll(asked, answered);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return; // One side is gone, and takes the other along.
        }
    }

    private static async Task PassAsync(TcpClient from, TcpClient to, long most, CancellationToken cancel)
    {
        var piece = new byte[64 * 1024];
        for (long passed = 0; passed < most;)
        {
            var got = await from.GetStream().ReadAsync(piece, cancel);
            if (got == 0) return;
            await to.GetStream().WriteAsync(piece.AsMemory(0, got), cancel);
            passed += got;
        }

        await new TaskCompletionSource().Task.WaitAsync(cancel);
    }
}
