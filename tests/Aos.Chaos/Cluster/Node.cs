using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Aos.Testing;

namespace Aos.Chaos;

/// <summary>One node of the cluster under proof: a process of its own, whose way to the database can be cut.</summary>
internal sealed partial class Node(string binary, string folder, FaultyWire wire, string receiver, int number) : IDisposable
{
    /// <summary>Only this proof knows it, and it dies with the proof's database.</summary>
    internal static readonly string Key = $"chaos-{Guid.NewGuid():N}{Guid.NewGuid():N}";

    private const int Stop = 19;
    private const int Continue = 18;
    private const int Terminate = 15;
    private static readonly string FakeTime =
        Directory.EnumerateDirectories("/usr/lib").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("libfaketime is not installed: tests/servers install faketime.");
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(90);
    private readonly HttpClient http = Client();
    private readonly int port = FreePort();
    private readonly Queue<string> last = new();
    private Process? process;

    internal int Number => number;

    /// <summary>Whether its wall clock can be set.</summary>
    internal bool ClockJumps { get; init; }

    /// <summary>What the node is told of limits; null: nothing.</summary>
    internal string? Limits { get; init; }

    internal FaultyWire Wire => wire;

    /// <summary>Whether it takes requests as far as the proof knows.</summary>
    internal bool IsUp { get; private set; }

    internal int Port => port;

    private string ClockFile => Path.Combine(folder, $"clock{number}");

    internal async Task StartAsync()
    {
        await JumpAsync(TimeSpan.Zero);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[binary, "serve", "--data", Path.Combine(folder, $"node{number}"), "--port", port.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        start.Environment["AOS_DATABASE_URL"] = wire.Url;
        start.Environment["AOS_MASTER_KEY"] = Key;
        start.Environment["AOS_API_KEY"] = Key;
        start.Environment["AOS_EGRESS_ALLOW"] = new Uri(receiver).Authority;
        if (Limits is { } limits) start.Environment["AOS_LIMITS"] = limits;
        if (ClockJumps) UseClock(start);
        process = Process.Start(start) ?? throw new InvalidOperationException("The node did not start.");
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var since = Stopwatch.StartNew();
        while (since.Elapsed < StartMax && !process.HasExited)
        {
            if (await IsHealthyAsync())
            {
                IsUp = true;
                return;
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException($"Node {number} is not healthy:\n{Tail}");
    }

    internal string Tail
    {
        get
        {
            lock (last) return string.Join('\n', last);
        }
    }

    /// <summary>The wall clock is the proof's, the monotonic one stays the machine's, as when somebody sets the time.</summary>
    private void UseClock(ProcessStartInfo start)
    {
        start.Environment["LD_PRELOAD"] = FakeTime;
        start.Environment["FAKETIME_TIMESTAMP_FILE"] = ClockFile;
        start.Environment["FAKETIME_CACHE_DURATION"] = "1";
        start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        start.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0"; // Else waits of the runtime end at once.
    }

    /// <summary>Its wall clock is so far from the true one, within a second.</summary>
    internal Task JumpAsync(TimeSpan by) => File.WriteAllTextAsync(ClockFile, by.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture));

    internal async Task KillAsync()
    {
        IsUp = false;
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>SIGTERM: it hands its runs over and ends by itself.</summary>
    internal async Task EndAsync()
    {
        IsUp = false;
        _ = Signal(process!.Id, Terminate);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        process.Dispose();
        process = null;
    }

    /// <summary>SIGSTOP: the process stands still in the middle of whatever it does.</summary>
    internal void Freeze()
    {
        IsUp = false;
        _ = Signal(process!.Id, Stop);
    }

    internal void Thaw()
    {
        _ = Signal(process!.Id, Continue);
        IsUp = true;
    }

    /// <summary>Nothing goes through to the database, in either direction, and nobody is told.</summary>
    internal void Cut() => wire.Freeze();

    internal void Mend()
    {
        wire.Heal();
        wire.Drop(); // What hung in it belongs to another time.
    }

    /// <summary>Starts a run; null: no answer, or the node cannot take it now.</summary>
    internal async Task<string?> PostAsync(string key, object plan, string agent = "chaos")
    {
        using var reply = await TryAsync(new HttpRequestMessage(HttpMethod.Post, At("/api/v1/runs")) { Content = JsonContent.Create(new { agent_id = agent, plan, idempotency_key = key }) });
        if (reply is null) return null;
        var body = await reply.Content.ReadAsStringAsync();
        if (reply.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) return null;
        if (!reply.IsSuccessStatusCode) throw new InvalidOperationException($"Node {number}: POST /api/v1/runs: {(int)reply.StatusCode} {body}\n{Tail}");
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("run_id").GetString();
    }

    /// <summary>False: it was not taken; ask again, or another node.</summary>
    internal async Task<bool> ResolveAsync(string run, string step, bool done)
    {
        using var reply = await TryAsync(new HttpRequestMessage(HttpMethod.Post, At($"/api/v1/runs/{run}/steps/{step}/resolve"))
        {
            Content = JsonContent.Create(new { verdict = done ? "done" : "not_done", result = new { ok = true } }),
        });
        return reply is { IsSuccessStatusCode: true };
    }

    /// <summary>The run's steps as the API shows them; null: no answer.</summary>
    internal async Task<JsonElement?> GetAsync(string run)
    {
        using var reply = await TryAsync(new HttpRequestMessage(HttpMethod.Get, At($"/api/v1/runs/{run}?wait=0")));
        return reply is { IsSuccessStatusCode: true } ? await reply.Content.ReadFromJsonAsync<JsonElement>() : null;
    }

    /// <summary>The sum of a counter on the node's metrics page.</summary>
    internal async Task<double> CounterAsync(string name)
    {
        using var reply = await TryAsync(new HttpRequestMessage(HttpMethod.Get, At("/metrics")));
        if (reply is not { IsSuccessStatusCode: true }) return 0;
        var lines = (await reply.Content.ReadAsStringAsync()).Split('\n');
        return lines.Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            _ = Signal(process.Id, Continue);
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
        process = null;
        http.Dispose();
    }

    private async Task<HttpResponseMessage?> TryAsync(HttpRequestMessage request)
    {
        try
        {
            return await http.SendAsync(request);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
        finally
        {
            request.Dispose();
        }
    }

    private async Task<bool> IsHealthyAsync()
    {
        using var reply = await TryAsync(new HttpRequestMessage(HttpMethod.Get, At("/health")));
        return reply is { IsSuccessStatusCode: true };
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (last)
        {
            last.Enqueue(line);
            if (last.Count > 120) last.Dequeue();
        }
    }

    private string At(string path) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{path}");

    private static HttpClient Client()
    {
        var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        client.DefaultRequestHeaders.Add("X-AOS-Key", Key);
        return client;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
