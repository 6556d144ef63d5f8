using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Aos.Testing;

/// <summary>One way over a <see cref="FaultyWire"/>.</summary>
public enum WireWay
{
    /// <summary>What the client sends.</summary>
    ToTarget,

    /// <summary>What the target answers.</summary>
    ToClient,
}

/// <summary>
/// A TCP proxy on a free loopback port that breaks on command: a database or a web server behind it can be refused, cut off,
/// silenced or slowed down while the server itself stays as it is. Commands hold for all connections, from any thread.
/// </summary>
/// <example>
/// <code>
/// await using var wire = FaultyWire.To("postgres://user:secret@127.0.0.1:5432/app");
/// await using var data = NpgsqlDataSource.Create(ConnectionOf(wire.Url));
/// var cut = wire.CutAfter(0, WireWay.ToClient);   // the next statement is carried out, its answer is lost
/// </code>
/// </example>
public sealed class FaultyWire : IAsyncDisposable
{
    private readonly ConcurrentDictionary<WireConnection, Task> connections = new();
    private readonly DnsEndPoint target;
    private readonly Uri? url;
    // Bound and never listening: nobody else gets the port while connections are refused.
    private readonly Socket keeper = Bound(0);
    private readonly Lock gate = new();
    private readonly CancellationTokenSource over = new();
    private Socket? listener;
    private Task accepting = Task.CompletedTask;
    private int accepted;

    private FaultyWire(DnsEndPoint target, Uri? url, TimeProvider clock)
    {
        this.target = target;
        this.url = url;
        State = new WireState(clock);
        Listen();
    }

    /// <summary>The loopback port that clients connect to; the same one as long as the wire lives.</summary>
    public int Port => ((IPEndPoint)keeper.LocalEndPoint!).Port;

    /// <summary>The address of the target with this wire's host and port in it.</summary>
    /// <exception cref="InvalidOperationException">The wire was not made from an address.</exception>
    public string Url => url is null
        ? throw new InvalidOperationException("This wire was made from a host and a port: use Port.")
        : new UriBuilder(url) { Host = "127.0.0.1", Port = Port }.Uri.AbsoluteUri;

    /// <summary>Connections that are open now.</summary>
    public int Open => connections.Count;

    /// <summary>Connections ever accepted.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Open connections that lost something to <see cref="Swallow"/>.</summary>
    public int Losers => connections.Keys.Count(connection => connection.HasLost);

    internal WireState State { get; }

    /// <summary>A wire to the host and port of an address, such as <c>postgres://user:secret@127.0.0.1:5432/app</c>.</summary>
    /// <param name="url">An absolute address with a port.</param>
    /// <param name="clock">Times <see cref="Delay"/>; the system's clock by default.</param>
    /// <exception cref="ArgumentException">The address names no port.</exception>
    public static FaultyWire To(string url, TimeProvider? clock = null)
    {
        var address = new Uri(url, UriKind.Absolute);
        if (address.Port <= 0) throw new ArgumentException("The address must name its port.", nameof(url));
        return new FaultyWire(new DnsEndPoint(address.IdnHost, address.Port), address, clock ?? TimeProvider.System);
    }

    /// <summary>A wire to a host and a port.</summary>
    public static FaultyWire To(string host, int port, TimeProvider? clock = null) => new(new DnsEndPoint(host, port), null, clock ?? TimeProvider.System);

    /// <summary>New connections are refused, as by a machine on which nothing listens. Open ones stay.</summary>
    public void Refuse()
    {
        lock (gate)
        {
            listener?.Dispose();
            listener = null;
        }
    }

    /// <summary>Resets all open connections, to both sides.</summary>
    public void Drop()
    {
        foreach (var connection in connections.Keys) connection.Reset();
    }

    /// <summary>Nothing arrives any more, either way, and nothing is lost: it arrives after <see cref="Heal"/>. Connecting works.</summary>
    public void Freeze() => State.Freeze();

    /// <summary>
    /// What is sent is lost without a word, either way. A connection that lost something is reset by <see cref="Heal"/>, because
    /// TCP never leaves out bytes.
    /// </summary>
    public void Swallow() => State.Swallow();

    /// <summary>Every piece arrives so much later, each way; zero: at once. Pieces on their way keep their time.</summary>
    public void Delay(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        State.Late = time;
    }

    /// <summary>Ends one way of all open connections, as a side does that has sent its last; the other way goes on.</summary>
    public void HalfClose(WireWay way)
    {
        foreach (var connection in connections.Keys) connection.Finish(way);
    }

    /// <summary>
    /// Lets through <paramref name="bytes"/> more bytes one way, counted over all connections, and resets the connection whose piece
    /// goes beyond, once. With 0 and <see cref="WireWay.ToClient"/> the target does what it is asked and its answer gets lost.
    /// </summary>
    /// <returns>Completes when the connection was reset; cancelled by <see cref="Heal"/>.</returns>
    public Task CutAfter(long bytes, WireWay way)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return State.CutAfter(bytes, way);
    }

    /// <summary>Ends every fault: listens again, lets go what was frozen, resets what has lost bytes, no delay, no cut.</summary>
    public void Heal()
    {
        State.Heal();
        foreach (var connection in connections.Keys.Where(connection => connection.HasLost)) connection.Reset();
        lock (gate)
        {
            if (listener is null && !over.IsCancellationRequested) Listen();
        }
    }

    /// <summary>Stops listening and resets what is open.</summary>
    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        Refuse();
        await accepting;
        Drop();
        State.Heal();
        await Task.WhenAll(connections.Values);
        keeper.Dispose();
        over.Dispose();
    }

    private static Socket Bound(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private void Listen()
    {
        listener = Bound(Port);
        listener.Listen(512);
        accepting = Task.WhenAll(accepting, AcceptAsync(listener));
    }

    private async Task AcceptAsync(Socket from)
    {
        while (!over.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await from.AcceptAsync(over.Token);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            Interlocked.Increment(ref accepted);
            Begin(new WireConnection(client, State));
        }
    }

    private void Begin(WireConnection connection)
    {
        var begun = new TaskCompletionSource();
        connections[connection] = RunAsync();
        begun.SetResult();

        async Task RunAsync()
        {
            await begun.Task;
            await connection.RunAsync(target, over.Token);
            connections.TryRemove(connection, out _);
        }
    }
}
