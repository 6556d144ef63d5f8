using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Bench;

/// <summary>
/// The load script of today's clients: up to 25 users with one key, each of whom asks simulate and then waits for a tenth to half a
/// second; equal questions must get equal answers. Against a server as it is without any setting. Then the same caller without a key.
/// </summary>
internal sealed class LoadScript(Processes processes, double scale)
{
    private static readonly (double Seconds, int From, int To)[] Ramp = [(30, 1, 10), (60, 10, 10), (30, 10, 25), (120, 25, 25), (30, 25, 0)];

    private static readonly string[] Plans =
    [
        """{"plan":[{"skill":"echo","params":{"type":"btc_price","currency":"USD"}}]}""",
        """{"plan":[{"skill":"json_transform","params":{"type":"json_transform","data":{"foo":"bar","count":3}}}]}""",
        """{"plan":[{"skill":"http_get","params":{"type":"http_retry","url":"https://api.example.com/v1"}}]}""",
        """{"plan":[{"skill":"shell","params":{"type":"btc_price","currency":"EUR"}}]}""",
    ];

    private readonly Lock gate = new();
    private readonly List<double> latency = [];
    private int good, bad, parity;

    internal async Task<bool> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            var port = Processes.FreePort().ToString(CultureInfo.InvariantCulture);
            var server = processes.Aos(["serve", "--port", port, "--data", data]);
            var url = $"http://127.0.0.1:{port}";
            await Processes.UntilReadyAsync($"{url}/health", Stopwatch.GetTimestamp());
            using var http = new HttpClient { BaseAddress = new Uri(url) };
            http.DefaultRequestHeaders.Add("X-AOS-Key", (await File.ReadAllTextAsync(Path.Combine(data, "api.key"))).Trim());
            await UsersAsync(http);
            var kept = Tell();
            using var anonymous = new HttpClient { BaseAddress = new Uri(url) };
            kept &= await AnonymousAsync(anonymous);
            processes.End(server);
            return kept;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task UsersAsync(HttpClient http)
    {
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Ramp.Max(stage => stage.To)).Select(user => Task.Run(() => UserAsync(http, user, began))));
    }

    private async Task UserAsync(HttpClient http, int user, long began)
    {
        var random = new Random(user);
        for (var i = 1; Wanted(Stopwatch.GetElapsedTime(began)) is { } wanted; i++)
        {
            if (user >= wanted)
            {
                await Task.Delay(100);
                continue;
            }

            var first = await AskAsync(http, Plans[random.Next(Plans.Length)]);
            if (i % 10 == 0 && first is not null && await AskAsync(http, Plans[0]) is { } one && await AskAsync(http, Plans[0]) is { } two && one != two) Interlocked.Increment(ref parity);
            await Task.Delay(random.Next(100, 500));
        }
    }

    /// <summary>How many users there are at a time; null: it is over.</summary>
    private double? Wanted(TimeSpan elapsed)
    {
        var left = elapsed.TotalSeconds / scale;
        foreach (var (seconds, from, to) in Ramp)
        {
            if (left < seconds) return from + ((to - from) * left / seconds);
            left -= seconds;
        }

        return null;
    }

    /// <summary>Whether the plan is feasible; null: the answer was not what it has to be.</summary>
    private async Task<bool?> AskAsync(HttpClient http, string plan)
    {
        var began = Stopwatch.GetTimestamp();
        using var content = new StringContent(plan, Encoding.UTF8, "application/json");
        using var reply = await http.PostAsync("/api/v1/runtime/simulate", content);
        var body = await reply.Content.ReadAsByteArrayAsync();
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        bool? feasible = reply.StatusCode == HttpStatusCode.OK && Json.Parse(body) is var answer && answer.Get("step_estimates") is not null
            && answer.Get("feasible") is { ValueKind: JsonValueKind.True or JsonValueKind.False } said
            ? said.GetBoolean()
            : null;
        lock (gate)
        {
            latency.Add(took);
            if (feasible is null || took >= 1_000) bad++;
            else good++;
        }

        return feasible;
    }

    private bool Tell()
    {
        latency.Sort();
        double At(double q) => latency[Math.Min(latency.Count - 1, (int)(q * latency.Count))];
        var (p50, p95, p99, success) = (At(.5), At(.95), At(.99), good / (double)(good + bad));
        var kept = p50 < 200 && p95 < 500 && p99 < 1_000 && success > 0.95 && parity < 1;
        Console.WriteLine(FormattableString.Invariant(
            $"25 users with one key: {latency.Count:N0} requests, p50 {p50:N1} ms (< 200), p95 {p95:N1} ms (< 500), p99 {p99:N1} ms (< 1,000), success {success:0.0000} (> 0.95), parity failures {parity} (< 1): {(kept ? "yes" : "NO")}"));
        return kept;
    }

    /// <summary>Without a key the address has 60 requests a minute, and is told so.</summary>
    private static async Task<bool> AnonymousAsync(HttpClient http)
    {
        var (granted, refused, headers) = (0, 0, true);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 200; i++)
        {
            using var content = new StringContent(Plans[0], Encoding.UTF8, "application/json");
            using var reply = await http.PostAsync("/api/v1/runtime/simulate", content);
            if (reply.StatusCode == HttpStatusCode.OK) granted++;
            else if (reply.StatusCode == HttpStatusCode.TooManyRequests) refused++;
            headers &= reply.Headers.Contains("X-RateLimit-Limit") && reply.Headers.Contains("X-RateLimit-Remaining") && reply.Headers.Contains("X-RateLimit-Reset") && reply.Headers.Contains("RateLimit")
                && (reply.StatusCode != HttpStatusCode.TooManyRequests || reply.Headers.RetryAfter is not null);
        }

        var most = 60 + (int)Math.Ceiling(Stopwatch.GetElapsedTime(began).TotalSeconds);
        var kept = granted >= 60 && granted <= most && granted + refused == 200 && headers;
        Console.WriteLine(FormattableString.Invariant($"the same without a key: {granted} of 200 granted (60 to {most}), {refused} refused with 429, headers {(headers ? "there" : "MISSING")}: {(kept ? "yes" : "NO")}"));
        return kept;
    }
}
