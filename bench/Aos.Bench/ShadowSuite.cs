using System.Diagnostics;
using System.Text;

namespace Aos.Bench;

/// <summary>
/// What the model beside simulate costs whoever asks: the same requests to a server that compares both models of every plan and to one that does not, in rounds that
/// alternate. Both servers are processes of their own, so that what the worker does counts where it is done.
/// </summary>
internal sealed class ShadowSuite(Processes processes)
{
    private const int Rounds = 20;
    private const int Warm = 4;
    private const int Requests = 8_000;
    private const int InFlight = 4;
    private const double RatioMax = 1.1;

    private int sent;

    internal async Task<bool> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            using var off = await StartAsync(Path.Combine(data, "off"), "false");
            using var on = await StartAsync(Path.Combine(data, "on"), "true");
            var (alone, beside, ratios) = (new List<double>(), new List<double>(), new List<double>());
            for (var round = -Warm; round < Rounds; round++)
            {
                var isOnFirst = round % 2 == 0;
                var first = await MedianAsync(isOnFirst ? on : off);
                var second = await MedianAsync(isOnFirst ? off : on);
                if (round < 0) continue;
                alone.Add(isOnFirst ? second : first);
                beside.Add(isOnFirst ? first : second);
                ratios.Add(beside[^1] / alone[^1]);
            }

            return Tell(alone, beside, ratios);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task<HttpClient> StartAsync(string data, string sandbox)
    {
        Directory.CreateDirectory(data);
        var (port, started) = (Processes.FreePort(), Stopwatch.GetTimestamp());
        processes.Self([("COSTSIM_V2_SANDBOX", sandbox)], "serve", $"{port}", data);
        await Processes.UntilReadyAsync($"http://127.0.0.1:{port}/health", started);
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        http.DefaultRequestHeaders.Add("X-AOS-Key", (await File.ReadAllTextAsync(Path.Combine(data, "api.key"))).Trim());
        return http;
    }

    /// <summary>Microseconds of one request.</summary>
    private async Task<double> MedianAsync(HttpClient http)
    {
        var times = new double[Requests];
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(worker => Task.Run(async () =>
        {
            for (var i = worker; i < Requests; i += InFlight)
            {
                using var body = new StringContent(Body(Interlocked.Increment(ref sent)), Encoding.UTF8, "application/json");
                var began = Stopwatch.GetTimestamp();
                using var reply = await http.PostAsync("/api/v1/runtime/simulate", body);
                reply.EnsureSuccessStatusCode();
                await reply.Content.ReadAsByteArrayAsync();
                times[i] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            }
        })));
        Array.Sort(times);
        return times[Requests / 2];
    }

    private static string Body(int i) =>
        $$$"""{"budget_cents":100,"plan":[{"skill":"http_call","params":{"url":"https://a.example/{{{i}}}"}},{"skill":"llm_invoke","params":{"prompt":"Summarise {{{i}}}"}},{"skill":"email_send","params":{"to":"a@example.com","subject":"s","body":"{{{i}}}"}}]}""";

    /// <summary>The interval holds the median with 95 %: of 20 ordered values the 6th to the 15th.</summary>
    private static bool Tell(List<double> alone, List<double> beside, List<double> ratios)
    {
        var ordered = ratios.Order().ToList();
        var median = (ordered[(Rounds / 2) - 1] + ordered[Rounds / 2]) / 2;
        var holds = ordered[14] < RatioMax;
        Console.WriteLine(FormattableString.Invariant(
            $"simulate, median: shadow off {alone.Order().ElementAt(Rounds / 2):N0} µs, on {beside.Order().ElementAt(Rounds / 2):N0} µs; on to off {median:0.000} ({ordered[5]:0.000} to {ordered[14]:0.000})  < {RatioMax:0.0} {(holds ? "yes" : "NO")}"));
        return holds;
    }
}
