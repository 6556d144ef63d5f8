using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary><c>aos serve</c> as a process of its own, to be killed and started again on what it left.</summary>
internal sealed class ServerProcess(string folder, string model)
{
    private static readonly string[] Foreign = ["AOS_DATABASE_URL", "DATABASE_URL", "AOS_REDIS_URL", "REDIS_URL", "AOS_API_KEY", "AOS_DATA", "AOS_SCRIPT", "OPENAI_API_KEY", "AOS_WORKSPACE_ROOT"];
    private Process? process;
    private HttpClient http = new();

    internal async Task StartAsync()
    {
        process = Open("serve", "--port", "0");
        _ = process.StandardError.ReadToEndAsync();
        while (true)
        {
            var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
            if (!line.StartsWith("AOS listening on ", StringComparison.Ordinal)) continue;
            http.Dispose();
            http = new HttpClient { BaseAddress = new Uri(line["AOS listening on ".Length..]) };
            http.DefaultRequestHeaders.Add("X-AOS-Key", (await File.ReadAllTextAsync(Path.Combine(folder, "data", "api.key"))).Trim());
            _ = process.StandardOutput.ReadToEndAsync();
            return;
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    internal async Task KillAsync()
    {
        if (process is not { } running) return;
        process = null;
        running.Kill();
        await running.WaitForExitAsync();
        running.Dispose();
    }

    internal async Task<JsonElement> AskAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await http.SendAsync(request);
        var text = await reply.Content.ReadAsStringAsync();
        return reply.IsSuccessStatusCode || (int)reply.StatusCode == 409 ? Json.Parse(text) : throw new InvalidOperationException($"{method} {path}: {(int)reply.StatusCode} {text}");
    }

    /// <summary>Waits for the first event after a number. Null: there is none any more.</summary>
    internal async Task<(int Seq, string Kind)?> NextEventAsync(string run, int after)
    {
        using var reply = await http.GetAsync($"/api/v1/runs/{run}/events?after={after.ToString(CultureInfo.InvariantCulture)}", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync());
        int? seq = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id:", StringComparison.Ordinal)) seq = int.Parse(line[3..], CultureInfo.InvariantCulture);
            else if (line.StartsWith("event:", StringComparison.Ordinal) && seq is { } number) return (number, line[6..].Trim());
        }

        return null;
    }

    internal async Task<(int Code, string Output)> CommandAsync(params string[] arguments)
    {
        using var command = Open(arguments);
        var errors = command.StandardError.ReadToEndAsync();
        var output = await command.StandardOutput.ReadToEndAsync();
        await command.WaitForExitAsync();
        return (command.ExitCode, output + await errors);
    }

    private Process Open(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "aos.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in Foreign) start.Environment.Remove(name);
        (start.Environment["AOS_DATA"], start.Environment["AOS_ENVIRONMENT"]) = (Path.Combine(folder, "data"), "Development");
        (start.Environment["ANTHROPIC_API_KEY"], start.Environment["ANTHROPIC_BASE_URL"]) = ("of-no-provider", model);
        (start.Environment["AOS_EGRESS_ALLOW"], start.Environment["AOS_ANONYMOUS_TIER"]) = (new Uri(model).Authority, "unlimited");
        return Process.Start(start)!;
    }
}
