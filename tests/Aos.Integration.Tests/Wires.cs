using System.Net;
using System.Net.Sockets;
using Aos.Testing;

namespace Aos.Integration.Tests;

/// <summary>What a wire does on command, seen from both ends of it.</summary>
[Trait("store", "none")]
public sealed class Wires : IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private readonly TcpListener target = new(IPAddress.Loopback, 0);
    private readonly ManualClock clock = new();
    // Held until the end: a socket that nothing refers to any more is reset when it is collected.
    private readonly List<Socket> open = [];
    private FaultyWire wire = null!;

    public ValueTask InitializeAsync()
    {
        target.Start();
        wire = FaultyWire.To("127.0.0.1", ((IPEndPoint)target.LocalEndpoint).Port, clock);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await wire.DisposeAsync();
        target.Dispose();
        foreach (var socket in open) socket.Dispose();
    }

    [Fact]
    public async Task Bytes_and_ends_pass_both_ways()
    {
        var (client, server) = await ConnectAsync();

        await client.SendAsync(new byte[] { 1, 2 });
        Assert.Equal([1, 2], await ReadAsync(server, 2));
        await server.SendAsync(new byte[] { 3 });
        Assert.Equal([3], await ReadAsync(client, 1));
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadAsync(server, 1));
        await server.SendAsync(new byte[] { 4 });
        Assert.Equal([4], await ReadAsync(client, 1));
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadAsync(client, 1));
        Assert.Equal(1, wire.Accepted);
    }

    [Fact]
    public async Task Much_passes_unharmed()
    {
        var (client, server) = await ConnectAsync();
        var sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);

        var sending = client.SendAsync(sent);
        Assert.Equal(sent, await ReadAsync(server, sent.Length));
        Assert.Equal(sent.Length, await sending);
    }

    [Fact]
    public async Task Refusing_keeps_the_port_and_what_is_open()
    {
        var (client, server) = await ConnectAsync();
        var port = wire.Port;

        wire.Refuse();
        var refused = await Assert.ThrowsAsync<SocketException>(() => DialAsync());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ReadAsync(server, 1));

        wire.Heal();
        Assert.Equal(port, wire.Port);
        await ConnectAsync();
    }

    [Fact]
    public async Task Dropping_resets_both_sides()
    {
        var (client, server) = await ConnectAsync();
        await client.SendAsync(new byte[] { 1 });
        await ReadAsync(server, 1);

        wire.Drop();

        await AssertResetAsync(client);
        await AssertResetAsync(server);
        await ConnectAsync();
    }

    [Fact]
    public async Task What_is_frozen_arrives_later()
    {
        var (client, server) = await ConnectAsync();

        wire.Freeze();
        await client.SendAsync(new byte[] { 1 });
        await server.SendAsync(new byte[] { 2 });
        var (there, back) = (ReadAsync(server, 1), ReadAsync(client, 1));
        var (other, _) = await ConnectAsync();
        Assert.False(there.IsCompleted || back.IsCompleted);

        wire.Heal();
        Assert.Equal([1], await there);
        Assert.Equal([2], await back);
        Assert.True(other.Connected);
    }

    [Fact]
    public async Task What_is_swallowed_never_arrives_and_healing_resets_who_lost_it()
    {
        var (client, server) = await ConnectAsync();
        var (quiet, itsServer) = await ConnectAsync();

        wire.Swallow();
        await client.SendAsync(new byte[] { 1 });
        var there = ReadAsync(server, 1);
        await UntilAsync(() => wire.Losers == 1);
        Assert.False(there.IsCompleted);

        wire.Heal();
        await Assert.ThrowsAsync<SocketException>(() => there);
        await AssertResetAsync(client);
        await quiet.SendAsync(new byte[] { 5 });
        Assert.Equal([5], await ReadAsync(itsServer, 1));
    }

    [Fact]
    public async Task A_delay_is_the_clocks()
    {
        var (client, server) = await ConnectAsync();

        wire.Delay(TimeSpan.FromMinutes(1));
        await client.SendAsync(new byte[] { 1 });
        var there = ReadAsync(server, 1);
        await UntilAsync(() => clock.NextDue is not null);
        Assert.False(there.IsCompleted);

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1], await there);
    }

    [Theory]
    [InlineData(WireWay.ToTarget)]
    [InlineData(WireWay.ToClient)]
    public async Task A_way_ends_and_the_other_goes_on(WireWay way)
    {
        var (client, server) = await ConnectAsync();
        var (from, to) = way == WireWay.ToTarget ? (client, server) : (server, client);
        await from.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ReadAsync(to, 1));

        wire.HalfClose(way);

        Assert.Empty(await ReadAsync(to, 1));
        await from.SendAsync(new byte[] { 2 });
        await to.SendAsync(new byte[] { 3 });
        Assert.Equal([3], await ReadAsync(from, 1));
    }

    [Fact]
    public async Task A_cut_lets_through_what_it_says_and_happens_once()
    {
        var (client, server) = await ConnectAsync();

        var cut = wire.CutAfter(3, WireWay.ToClient);
        await client.SendAsync(new byte[] { 1, 2, 3, 4, 5 });
        Assert.Equal([1, 2, 3, 4, 5], await ReadAsync(server, 5));
        await server.SendAsync(new byte[] { 6, 7, 8, 9 });

        await cut.WaitAsync(Cancel);
        Assert.Equal([6, 7, 8], await ReadAsync(client, 3));
        await AssertResetAsync(client);
        await AssertResetAsync(server);
        var (again, itsServer) = await ConnectAsync();
        await itsServer.SendAsync(new byte[] { 1, 2, 3, 4 });
        Assert.Equal([1, 2, 3, 4], await ReadAsync(again, 4));
    }

    [Fact]
    public async Task Healing_calls_a_cut_off()
    {
        var cut = wire.CutAfter(0, WireWay.ToTarget);
        wire.Heal();

        await Assert.ThrowsAsync<TaskCanceledException>(() => cut);
        var (client, server) = await ConnectAsync();
        await client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ReadAsync(server, 1));
    }

    [Fact]
    public async Task A_target_that_is_gone_resets_the_client()
    {
        target.Stop();

        var reset = await Assert.ThrowsAsync<SocketException>(async () => await ReadAsync(await DialAsync(), 1));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task An_address_leads_through_the_wire()
    {
        await using var through = FaultyWire.To("postgres://me:p%40ss@127.0.0.1:5432/db?sslmode=disable");

        Assert.Equal($"postgres://me:p%40ss@127.0.0.1:{through.Port}/db?sslmode=disable", through.Url);
        Assert.Throws<ArgumentException>(() => FaultyWire.To("postgres://me@127.0.0.1/db"));
    }

    private async Task<Socket> DialAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        open.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, wire.Port, Cancel);
        return client;
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var client = await DialAsync();
        open.Add(await target.AcceptSocketAsync(Cancel));
        return (client, open[^1]);
    }

    private static async Task<byte[]> ReadAsync(Socket from, int count)
    {
        var bytes = new byte[count];
        var read = 0;
        while (read < count && await from.ReceiveAsync(bytes.AsMemory(read), Cancel) is > 0 and var more) read += more;
        return bytes[..read];
    }

    private static async Task AssertResetAsync(Socket socket)
    {
        var reset = await Assert.ThrowsAsync<SocketException>(() => ReadAsync(socket, 1));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    private static async Task UntilAsync(Func<bool> seen)
    {
        while (!seen())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
