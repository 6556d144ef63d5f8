using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Aos.CostSim.Tests;

/// <summary>A Prometheus Alertmanager of a test's own on a free loopback port, alone and with its data in a folder of its own.</summary>
internal sealed class TestAlertmanager : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("aos-alertmanager-");
    private readonly HttpClient http = new();
    private Process process = null!;

    private TestAlertmanager()
    {
    }

    internal string Url { get; } = $"http://127.0.0.1:{FreePort()}";

    internal static async Task<TestAlertmanager> StartAsync()
    {
        var manager = new TestAlertmanager();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => manager.Kill();
        var config = Path.Combine(manager.folder.FullName, "alertmanager.yml");
        await File.WriteAllTextAsync(config, "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n");
        manager.process = Process.Start(new ProcessStartInfo(
            "prometheus-alertmanager",
            [$"--config.file={config}", $"--storage.path={manager.folder.FullName}", $"--web.listen-address={new Uri(manager.Url).Authority}", "--cluster.listen-address="])
        {
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException("prometheus-alertmanager does not start: tests/servers install");
        while (await manager.process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("Listening on", StringComparison.Ordinal)) break;
        }

        _ = manager.process.StandardError.ReadToEndAsync(); // So that it never waits for a reader.
        return manager;
    }

    /// <summary>The alerts that fire now, by the answer of its own API.</summary>
    internal async Task<IReadOnlyList<JsonElement>> FiringAsync()
    {
        var text = await http.GetStringAsync($"{Url}/api/v2/alerts?active=true", TestContext.Current.CancellationToken);
        return [.. Json.Parse(text).EnumerateArray()];
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        process.Dispose();
        http.Dispose();
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Kill()
    {
        try
        {
            process.Kill();
            process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            return; // It has ended.
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
