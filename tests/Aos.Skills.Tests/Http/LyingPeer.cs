using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Aos.Skills.Tests.Http;

/// <summary>One request as it came, and the wire to answer it on.</summary>
/// <param name="Head">Request line and headers.</param>
/// <param name="Number">From 1 among all requests.</param>
internal sealed record Asked(string Head, string Body, int Number, Stream Wire, CancellationToken Stop)
{
    internal async Task SayAsync(string latin) => await Wire.WriteAsync(Encoding.Latin1.GetBytes(latin), Stop);

    internal async Task SayAsync(byte[] bytes) => await Wire.WriteAsync(bytes, Stop);
}

/// <summary>A server on loopback that says, byte by byte, what a test wants, be it HTTP or not.</summary>
internal sealed class LyingPeer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Asked> asked = new();
    private readonly ConcurrentDictionary<Task, bool> talks = [];
    private readonly Func<Asked, Task<bool>> talk;
    private readonly Task serving;
    private int count;

    /// <param name="talk">Answers a request; false: then the connection is closed.</param>
    internal LyingPeer(Func<Asked, Task<bool>> talk)
    {
        this.talk = talk;
        listener.Start(512);
        serving = ServeAsync();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    internal string Authority => $"127.0.0.1:{Port}";

    internal string Origin => $"http://{Authority}";

    internal IReadOnlyList<Asked> Asked => [.. asked];

    /// <summary>Says the same to everyone, in the encoding whose bytes are its characters.</summary>
    internal static LyingPeer Saying(string answer, bool keep = false) => new(async one =>
    {
        await one.SayAsync(answer);
        return keep;
    });

    /// <summary>Says this, then some more every few milliseconds, without end.</summary>
    internal static LyingPeer Dripping(string beginning, string again) => new(async one =>
    {
        using var drops = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        await one.SayAsync(beginning);
        while (await drops.WaitForNextTickAsync(one.Stop)) await one.SayAsync(again);
        return false;
    });

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        await Task.WhenAll(talks.Keys);
        stop.Dispose();
        listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                talks.TryAdd(TalkAsync(client), true);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException) // It was stopped in between.
        {
            return;
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                var wire = client.GetStream();
                while (await ReadAsync(wire) is { } one)
                {
                    asked.Enqueue(one);
                    if (!await talk(one)) break;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                return; // Who is lied to hangs up.
            }
        }
    }

    private async Task<Asked?> ReadAsync(NetworkStream wire)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (!EndsHead(bytes))
        {
            if (await wire.ReadAsync(one, stop.Token) == 0) return null;
            bytes.Add(one[0]);
        }

        var head = Encoding.Latin1.GetString([.. bytes]);
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line
            ? int.Parse(line[15..], System.Globalization.CultureInfo.InvariantCulture)
            : 0;
        var body = new byte[length];
        await wire.ReadExactlyAsync(body, stop.Token);
        return new Asked(head, Encoding.UTF8.GetString(body), Interlocked.Increment(ref count), wire, stop.Token);
    }

    private static bool EndsHead(List<byte> bytes) => bytes is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];
}
