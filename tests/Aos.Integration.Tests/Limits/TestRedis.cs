using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Aos.Integration.Tests.Limits;

/// <summary>A redis-server of a test's own on a free loopback port, which can be killed and started again.</summary>
internal sealed class TestRedis : IAsyncDisposable
{
    private static readonly Lazy<Task<TestRedis>> Own = new(StartAsync);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("aos-redis-");
    private readonly int port = FreePort();
    private Process? process;

    private TestRedis()
    {
    }

    internal string Url => $"redis://default:pa%23ss@127.0.0.1:{port}/0?timeout_ms=3000"; // Busy machines take their time.

    /// <summary>The Redis that the test run was given, else one for this process.</summary>
    internal static async Task<string> SharedAsync() => Environment.GetEnvironmentVariable("AOS_TEST_REDIS") is { Length: > 0 } given ? given : (await Own.Value).Url;

    internal static async Task<TestRedis> StartAsync()
    {
        var redis = new TestRedis();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => redis.Kill();
        await redis.ResumeAsync();
        return redis;
    }

    /// <summary>Ends it without warning; what it knew is gone.</summary>
    internal void Kill()
    {
        if (process is null) return;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    /// <summary>Starts it (again) on its port and returns when it answers.</summary>
    internal async Task ResumeAsync()
    {
        process = Process.Start(new ProcessStartInfo(
            "redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder.FullName, "--requirepass", "pa#ss"])
        {
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("redis-server does not start: apt-get install -y redis-server");
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) break;
        }

        _ = process.StandardOutput.ReadToEndAsync(); // So that it never waits for a reader.
    }

    /// <summary>Makes it forget all scripts, as a restart or a failover does.</summary>
    internal async Task FlushScriptsAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("AUTH pa#ss\r\nSCRIPT FLUSH\r\nQUIT\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Equal("+OK\r\n+OK\r\n+OK\r\n", await reader.ReadToEndAsync());
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
