using System.Text;

namespace Aos.Bench;

/// <summary>Load over HTTP from this process.</summary>
internal static class Remote
{
    /// <summary>The server settles in less.</summary>
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(12);

    internal static Task RunsAsync(string url, string key, int runs, int inFlight, string skill = "echo", bool isWarm = false) =>
        PostAsync("aos.http", $"{url}/api/v1/runs?wait=30", key, runs, inFlight, i => Bodies.Run(i, skill), "\"status\":\"succeeded\"", isWarm);

    internal static Task SimulateAsync(string url, string key, int runs, int inFlight) =>
        PostAsync("aos.simulate", $"{url}/api/v1/runtime/simulate", key, runs, inFlight, Bodies.Simulate, "\"feasible\":true");

    /// <summary>Exactly so many requests, each with the next key, and prints how many a second.</summary>
    internal static async Task AskAsync(string url, string[] keys, int requests, int inFlight)
    {
        using var http = Client();
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(worker => Task.Run(async () =>
        {
            for (var i = worker; i < requests; i += inFlight)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"{url}/api/v1/runtime/simulate") { Content = new StringContent(Bodies.Simulate(i), Encoding.UTF8, "application/json") };
                request.Headers.Add("X-AOS-Key", keys[i % keys.Length]);
                using var reply = await http.SendAsync(request);
                reply.EnsureSuccessStatusCode();
                await reply.Content.ReadAsByteArrayAsync();
            }
        })));
        Console.WriteLine(FormattableString.Invariant($$"""{"per_s":{{requests / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds:0.0}}}"""));
    }

    internal static async Task GetAsync(string url, int runs, int inFlight)
    {
        using var http = Client();
        await Loop.MeasureAsync("ceiling.ok", runs, inFlight, async _ =>
        {
            using var reply = await http.GetAsync(url);
            reply.EnsureSuccessStatusCode();
            await reply.Content.ReadAsByteArrayAsync();
        });
    }

    private static async Task PostAsync(string name, string url, string key, int runs, int inFlight, Func<int, string> body, string expected, bool isWarm = false)
    {
        using var http = Client();
        http.DefaultRequestHeaders.Add("X-AOS-Key", key);
        var wanted = Encoding.UTF8.GetBytes(expected);
        await Loop.MeasureAsync(name, runs, inFlight, async i =>
        {
            using var content = new StringContent(body(i), Encoding.UTF8, "application/json");
            using var reply = await http.PostAsync(url, content);
            reply.EnsureSuccessStatusCode();
            var bytes = await reply.Content.ReadAsByteArrayAsync();
            if (bytes.AsSpan().IndexOf(wanted) < 0) throw new InvalidOperationException($"{url} answered {Encoding.UTF8.GetString(bytes)}");
        }, warm: isWarm ? TimeSpan.Zero : Warm);
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 });
}
