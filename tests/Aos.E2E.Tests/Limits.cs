using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Aos.Integration.Tests.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.E2E.Tests;

/// <summary>Limits of a whole server over HTTP: calls that wait for their target, and a Redis that dies under load.</summary>
public sealed class Limits : InFolder
{
    private static CancellationToken Over => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_target_that_says_too_many_slows_another_run_while_other_calls_go_on_in_the_one_place()
    {
        await using var peer = await Outside.StartAsync();
        peer.Answer = arrival => arrival == 0 ? 429 : 200;
        Aos.Environment.Add(("AOS_CALLS_MAX", "1"));
        await using var server = await Serving.StartAsync(Aos, peer);
        var refused = server.RunAsync($$$"""[{"skill":"http_call","params":{"url":"{{{peer.Origin}}}/a"}}]""", wait: 20);
        await server.UntilAsync(async () => (await server.MetricsAsync()).GetValueOrDefault("aos_target_penalties_total{kind=\"host\"}") == 1);

        var held = server.RunAsync($$$"""{"name":"p","steps":[{"id":"x","skill":"http_call","params":{"url":"{{{peer.Origin}}}/b"},"timeout":"1s"}]}""", wait: 20);
        var free = await server.RunAsync("""[{"skill":"kv_set","params":{"key":"k","value":1}}]""", wait: 20);

        Assert.Equal("succeeded", free.GetText("status"));
        Assert.Single(peer.Arrivals);
        Assert.Equal("succeeded", (await held).GetText("status")); // It waited for longer than its own timeout.
        Assert.Equal("succeeded", (await refused).GetText("status")); // Its own next try waited as well.
        Assert.All(peer.Arrivals.Skip(1), later => Assert.InRange(later.At - peer.Arrivals.First().At, TimeSpan.FromSeconds(1.8), TimeSpan.FromSeconds(15)));
        var metrics = await server.MetricsAsync();
        Assert.Equal(1, metrics["aos_target_penalties_total{kind=\"host\"}"]);
        Assert.True(metrics["aos_target_wait_seconds_count{kind=\"host\"}"] >= 1);
    }

    [Fact]
    [Trait("store", "postgres")]
    public async Task Two_servers_on_one_database_share_a_limit_without_redis()
    {
        const int PerMinute = 30;
        await using var peer = await Outside.StartAsync();
        Aos.Environment.Add(("GOALS_PER_MINUTE", $"{PerMinute}"));
        Aos.Environment.Add(("AGENT_CONCURRENT_RUNS", "1000"));
        await using var one = await Serving.StartAsync(Aos, peer);
        await using var two = await Serving.StartAsync(Aos, peer);
        var agent = (await one.PostAsync("/agents", """{"name":"clerk"}""")).GetText("agent_id");
        using var stop = new CancellationTokenSource();
        var began = Stopwatch.GetTimestamp();
        var load = new[] { one, two }.Select(server => server.RepeatAsync($"/agents/{agent}/goals", """{"goal":"say hello","force_skill":"echo","params":{"n":1}}""", stop.Token)).ToList();

        foreach (var server in new[] { one, two }) await server.UntilAsync(() => server.Statuses.Count(status => status == 429) >= 20);
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.InRange(one.Accepted + two.Accepted, PerMinute / 2, PerMinute + (int)(Stopwatch.GetElapsedTime(began).TotalMinutes * PerMinute) + 2);
        Assert.All(one.Statuses.Concat(two.Statuses), status => Assert.InRange(status, 200, 499));
    }

    [Fact]
    [Trait("store", "none")]
    public async Task Redis_killed_and_started_again_under_load_keeps_the_limits_and_fails_no_request()
    {
        const int PerMinute = 40;
        const string Shared = "aos_limit_asks_total{by=\"share\",answer=\"granted\"}";
        await using var redis = await TestRedis.StartAsync();
        await using var peer = await Outside.StartAsync();
        Aos.Environment.Add(("AOS_REDIS_URL", redis.Url));
        Aos.Environment.Add(("GOALS_PER_MINUTE", $"{PerMinute}"));
        Aos.Environment.Add(("AGENT_CONCURRENT_RUNS", "1000"));
        Aos.Environment.Add(("AOS_LIMITS", """{"limits":[{"skill":"http_call","singleton":"headers.X-Account"}]}"""));
        await using var server = await Serving.StartAsync(Aos, peer);
        var agent = (await server.PostAsync("/agents", """{"name":"clerk"}""")).GetText("agent_id");
        using var stop = new CancellationTokenSource();
        var began = Stopwatch.GetTimestamp();
        var load = new[]
        {
            server.RepeatAsync($"/agents/{agent}/goals", """{"goal":"say hello","force_skill":"echo","params":{"n":1}}""", stop.Token),
            server.RepeatAsync($"/agents/{agent}/goals", """{"goal":"say hello","force_skill":"echo","params":{"n":1}}""", stop.Token),
            server.RepeatAsync("/api/v1/runs", $$$"""{"plan":[{"skill":"http_call","params":{"url":"{{{peer.Origin}}}/once","headers":{"X-Account":"a"} } }]}""", stop.Token),
            server.RepeatAsync("/api/v1/runs", $$$"""{"plan":[{"skill":"http_call","params":{"url":"{{{peer.Origin}}}/once","headers":{"X-Account":"a"} } }]}""", stop.Token),
        };
        await server.UntilAsync(() => peer.Arrivals.Count > 20 && server.Statuses.Any(status => status == 429));

        redis.Kill();
        await server.UntilAsync(async () => (await server.MetricsAsync())["aos_limit_store_up"] == 0);
        var (before, then) = (peer.Arrivals.Count, server.Statuses.Count);
        // What may begin meanwhile is this server's own share, which fills with time.
        await server.UntilAsync(async () => server.Statuses.Count > then + 100 && (await server.MetricsAsync()).ContainsKey(Shared));
        Assert.InRange(peer.Arrivals.Count - before, 0, 1); // The slot waits: at most the call that held it goes on.
        await redis.ResumeAsync();
        await server.UntilAsync(async () => (await server.MetricsAsync())["aos_limit_store_up"] == 1);
        before = peer.Arrivals.Count;
        await server.UntilAsync(() => peer.Arrivals.Count > before + 5);
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.All(server.Statuses, status => Assert.InRange(status, 200, 499));
        // A full bucket of Redis and one of the Redis that has forgotten; what filled since, here and there.
        var most = (2 * PerMinute) + (int)(2 * Stopwatch.GetElapsedTime(began).TotalMinutes * PerMinute) + 2;
        Assert.InRange(server.Accepted, PerMinute, most);
        Assert.Equal(1, peer.MostInside);
        var metrics = await server.MetricsAsync();
        Assert.Equal(1, metrics["aos_limit_store_changes_total{store=\"redis\",state=\"lost\"}"]);
        Assert.Equal(1, metrics["aos_limit_store_changes_total{store=\"redis\",state=\"back\"}"]);
        Assert.True(metrics[Shared] >= 1);
        Assert.Single(server.Log, line => line.Contains("does not answer", StringComparison.Ordinal));
        Assert.Single(server.Log, line => line.Contains("answers again", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log, line => line.Contains("pa#ss", StringComparison.Ordinal));
    }

    /// <summary>A server outside of AOS that counts who is inside at once.</summary>
    private sealed class Outside(WebApplication app) : IAsyncDisposable
    {
        private int arrivals;
        private int inside;

        internal string Origin { get; private set; } = "";

        internal ConcurrentQueue<(TimeSpan At, string Path)> Arrivals { get; } = new();

        internal int MostInside { get; private set; }

        /// <summary>Status of the answer to an arrival, counted from 0.</summary>
        internal Func<int, int> Answer { get; set; } = static _ => 200;

        internal static async Task<Outside> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var outside = new Outside(app);
            app.Run(outside.TakeAsync);
            await app.StartAsync(Over);
            outside.Origin = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return outside;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task TakeAsync(HttpContext context)
        {
            var status = Answer(Interlocked.Increment(ref arrivals) - 1);
            Arrivals.Enqueue((Stopwatch.GetElapsedTime(0), context.Request.Path));
            MostInside = Math.Max(MostInside, Interlocked.Increment(ref inside));
            using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10))) await timer.WaitForNextTickAsync();
            Interlocked.Decrement(ref inside);
            context.Response.StatusCode = status;
            if (status == 429) context.Response.Headers.RetryAfter = "2";
            await context.Response.WriteAsync("{}");
        }
    }

    /// <summary>An <c>aos serve</c> with settings of the test's own.</summary>
    private sealed class Serving : IAsyncDisposable
    {
        private readonly Process process;
        private readonly HttpClient http;
        private int accepted;

        private Serving(Process process, Uri url)
        {
            this.process = process;
            http = new HttpClient { BaseAddress = url };
            http.DefaultRequestHeaders.Add("X-AOS-Key", Served.Key);
        }

        internal ConcurrentQueue<string> Log { get; } = new();

        internal ConcurrentQueue<int> Statuses { get; } = new();

        /// <summary>Goals that were taken.</summary>
        internal int Accepted => Volatile.Read(ref accepted);

        internal static async Task<Serving> StartAsync(Command aos, Outside peer)
        {
            aos.Environment.Add(("AOS_API_KEY", Served.Key));
            aos.Environment.Add(("AOS_EGRESS_ALLOW", new Uri(peer.Origin).Authority));
            var process = aos.Start("serve", "--port", "0");
            var serving = new Serving(process, await Command.AddressAsync(process, Over));
            _ = serving.ReadAsync(process.StandardOutput);
            _ = serving.ReadAsync(process.StandardError);
            return serving;
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            Command.Interrupt(process);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        internal async Task<JsonElement> PostAsync(string path, string body)
        {
            using var response = await http.PostAsync(path, new StringContent(body, null, "application/json"), Over);
            return Json.Parse(await response.Content.ReadAsByteArrayAsync(Over));
        }

        internal Task<JsonElement> RunAsync(string plan, int wait) => PostAsync("/api/v1/runs", $$"""{"plan":{{plan}},"wait":{{wait}}}""");

        internal async Task RepeatAsync(string path, string body, CancellationToken stop)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (!stop.IsCancellationRequested)
            {
                using var response = await http.PostAsync(path, new StringContent(body, null, "application/json"), Over);
                Statuses.Enqueue((int)response.StatusCode);
                if (response.IsSuccessStatusCode && path.StartsWith("/agents/", StringComparison.Ordinal)) Interlocked.Increment(ref accepted);
                await timer.WaitForNextTickAsync(Over);
            }
        }

        /// <summary>Values of <c>/metrics</c> by series.</summary>
        internal async Task<Dictionary<string, double>> MetricsAsync() => (await http.GetStringAsync("/metrics", Over))
            .Split('\n').Where(line => line.Length > 0 && line[0] != '#')
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);

        internal Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

        internal async Task UntilAsync(Func<Task<bool>> holds)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!await holds()) await timer.WaitForNextTickAsync(patience.Token);
        }

        private async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line) Log.Enqueue(line);
        }
    }
}
