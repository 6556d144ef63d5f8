using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Aos.Chaos;

/// <summary>The server under proof: a child process that is killed without warning.</summary>
internal sealed class Server(string binary, string data, string receiver) : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly int port = FreePort();
    private Process? process;

    internal async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[binary, "serve", "--data", data, "--port", port.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        start.Environment["AOS_EGRESS_ALLOW"] = new Uri(receiver).Authority;
        start.Environment["AOS_ENVIRONMENT"] = "Development";
        process = Process.Start(start) ?? throw new InvalidOperationException("The server did not start.");
        var last = new Queue<string>();
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var since = Stopwatch.StartNew();
        while (since.Elapsed < StartMax && !process.HasExited)
        {
            try
            {
                if ((await http.GetAsync(At("/health"))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException("The server is not healthy:\n" + string.Join('\n', last));

        void Keep(string? line)
        {
            if (line is null) return;
            lock (last)
            {
                last.Enqueue(line);
                if (last.Count > 20) last.Dequeue();
            }
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    internal async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>Starts a run; null: the server died before it answered.</summary>
    internal async Task<string?> PostAsync(string key, object plan, string agent = "chaos")
    {
        try
        {
            using var reply = await http.PostAsJsonAsync(At("/api/v1/runs"), new { agent_id = agent, plan, idempotency_key = key });
            var body = await reply.Content.ReadAsStringAsync();
            if (!reply.IsSuccessStatusCode) throw new InvalidOperationException($"POST /api/v1/runs: {(int)reply.StatusCode} {body}");
            using var json = JsonDocument.Parse(body);
            return json.RootElement.GetProperty("run_id").GetString();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Resident memory of the server process.</summary>
    internal long ResidentBytes
    {
        get
        {
            process!.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>How many of an agent's newest 1,000 runs have a status.</summary>
    internal async Task<int> CountAsync(string agent, string status)
    {
        using var reply = await http.GetAsync(At($"/api/v1/runs?agent_id={agent}&status={status}&limit=1000"));
        reply.EnsureSuccessStatusCode();
        return (await reply.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("runs").GetArrayLength();
    }

    /// <summary>The run as the API shows it; null: unknown.</summary>
    internal async Task<JsonElement?> GetAsync(string run)
    {
        using var reply = await http.GetAsync(At($"/api/v1/runs/{run}?wait=0"));
        if (reply.StatusCode == HttpStatusCode.NotFound) return null;
        reply.EnsureSuccessStatusCode();
        return await reply.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Numbers of the run's events, in the order served.</summary>
    internal async Task<List<int>> SequenceAsync(string run)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At($"/api/v1/runs/{run}/events"));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var reply = await http.SendAsync(request);
        reply.EnsureSuccessStatusCode();
        var text = await reply.Content.ReadAsStringAsync();
        return [.. text.Split('\n').Where(line => line.StartsWith("id:", StringComparison.Ordinal))
            .Select(line => int.Parse(line.AsSpan(3), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture))];
    }

    internal async Task ResolveAsync(string run, string step, bool done)
    {
        using var reply = await http.PostAsJsonAsync(
            At($"/api/v1/runs/{run}/steps/{step}/resolve"), new { verdict = done ? "done" : "not_done", result = new { ok = true } });
        reply.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
        process = null;
        http.Dispose();
    }

    private string At(string path) => $"http://127.0.0.1:{port}{path}";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
