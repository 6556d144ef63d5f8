using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Aos.Bench;

/// <summary>Starts the programs that are measured, and ends exactly those again.</summary>
internal sealed class Processes : IDisposable
{
    /// <summary>What is kept of the last words of a program that fails.</summary>
    private const int ErrorLinesMax = 40;

    private readonly List<Process> running = [];

    internal string Root { get; } = FindRoot();

    internal string Ceiling => Path.Combine(Root, "artifacts", "bin", "ceiling", "release", "ceiling.dll");

    private static string SelfDll => Path.Combine(AppContext.BaseDirectory, "Aos.Bench.dll");

    public void Dispose()
    {
        foreach (var process in running.ToList()) End(process);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Runs a program to its end; its last line on standard output as JSON.</summary>
    internal Task<JsonElement> MeasureAsync(string dll, params string[] arguments) => MeasureAsync([], dll, arguments);

    private async Task<JsonElement> MeasureAsync((string Name, string Value)[] environment, string dll, string[] arguments)
    {
        var lines = await LinesAsync("dotnet", [dll, .. arguments], environment);
        return lines.Count > 0 ? JsonElement.Parse(lines[^1]) : throw new InvalidOperationException($"{dll} {string.Join(' ', arguments)} printed nothing.");
    }

    /// <summary>Runs a program to its end; its lines on standard output.</summary>
    internal async Task<IReadOnlyList<string>> LinesAsync(string file, string[] arguments, (string Name, string Value)[] environment)
    {
        var errors = new ConcurrentQueue<string>();
        using var process = Start(file, arguments, environment, line =>
        {
            if (line is null) return;
            errors.Enqueue(line);
            if (errors.Count > ErrorLinesMax) errors.TryDequeue(out _);
        });
        var lines = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line) lines.Add(line);
        await process.WaitForExitAsync();
        running.Remove(process);
        return process.ExitCode == 0 ? lines : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{string.Join('\n', errors)}");
    }

    internal Task<JsonElement> SelfAsync(params string[] arguments) => MeasureAsync(SelfDll, arguments);

    internal Task<JsonElement> SelfAsync((string Name, string Value)[] environment, params string[] arguments) => MeasureAsync(environment, SelfDll, arguments);

    internal Process Self((string Name, string Value)[] environment, params string[] arguments) => Start("dotnet", [SelfDll, .. arguments], environment);

    /// <summary>The product as a user starts it, by its launcher.</summary>
    internal Process Aos(string[] arguments, params (string Name, string Value)[] environment) => Start(Path.Combine(Root, "aos"), arguments, environment);

    internal Process Aos(string[] arguments, Action<string?> error) => Start(Path.Combine(Root, "aos"), arguments, [], error);

    internal Process Start(string file, string[] arguments, (string Name, string Value)[] environment, Action<string?>? error = null)
    {
        var info = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) info.Environment[name] = value;
        var process = Process.Start(info)!;
        process.ErrorDataReceived += (_, line) => error?.Invoke(line.Data);
        process.BeginErrorReadLine();
        running.Add(process);
        return process;
    }

    internal void End(Process process)
    {
        running.Remove(process);
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Asks until the first 200; milliseconds since <paramref name="started"/>.</summary>
    internal static async Task<double> UntilReadyAsync(string url, long started)
    {
        using var http = new HttpClient();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
        {
            try
            {
                using var reply = await http.GetAsync(url);
                if (reply.IsSuccessStatusCode) return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(5);
            }
        }

        throw new InvalidOperationException($"{url} did not answer within 60 s.");
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
