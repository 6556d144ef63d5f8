using System.Diagnostics;
using System.Net;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Bench;

/// <summary>
/// What share of a simulate request's CPU time goes into finding out who asks, whether they may, and whether they ask too often. The server
/// stands in this process; requests come from another one, so that their CPU time is not counted. In the same round the gate alone is
/// passed by as many requests, with its keys and headers, without a connection.
/// </summary>
internal static class GateSuite
{
    private const int Rounds = 20;
    private const int Requests = 10_000;
    private const int Keys = 256;
    private const int InFlight = 32;
    private const double ShareMax = 0.15;

    internal static async Task<bool> RunAsync(Processes processes, string? redis)
    {
        Environment.SetEnvironmentVariable("AOS_REDIS_URL", null);
        var kept = await MeasureAsync(processes, "limits in process", ShareMax);
        if (redis is null) return kept;
        Environment.SetEnvironmentVariable("AOS_REDIS_URL", redis);
        await MeasureAsync(processes, "limits in Redis", null);
        return kept;
    }

    private static async Task<bool> MeasureAsync(Processes processes, string what, double? atMost)
    {
        var data = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            await using var server = AosServer.Build("127.0.0.1", 0, new HouseOptions(data, Path.Combine(data, "workspace")));
            await server.StartAsync();
            var keys = await KeysAsync(server.Services.GetRequiredService<IApiKeys>());
            var file = Path.Combine(data, "keys");
            await File.WriteAllLinesAsync(file, keys);
            var gate = new Passes(server.Services, keys);
            var (request, share) = (new List<double>(), new List<double>());
            for (var round = 0; round <= Rounds; round++) // The first warms up.
            {
                var whole = await CpuAsync(() => processes.SelfAsync("ask", server.Urls.First(), file, $"{Requests}", $"{InFlight}"));
                var part = await CpuAsync(() => gate.PassAsync(Requests, InFlight));
                if (round == 0) continue;
                request.Add(whole);
                share.Add(part / whole);
            }

            await server.StopAsync();
            return Tell(what, request, share, atMost);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>Microseconds of this process's CPU time a request.</summary>
    private static async Task<double> CpuAsync(Func<Task> work)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        await work();
        self.Refresh();
        return (self.TotalProcessorTime - before).TotalMicroseconds / Requests;
    }

    private static async Task<string[]> KeysAsync(IApiKeys book)
    {
        var house = new Caller(TenantId.Default, "bench", ["admin"]) { IsHouse = true, Tier = "unlimited" };
        var keys = new string[Keys];
        for (var i = 0; i < Keys; i++)
        {
            var (made, refusal) = await book.CreateAsync(house, new KeyWish(TenantId.Default, "bench", ["machine"], null, "enterprise", null, false, null), CancellationToken.None);
            keys[i] = made?.Text ?? throw new InvalidOperationException(refusal!.Message);
        }

        return keys;
    }

    /// <summary>The interval holds the median with 95 %: of 20 ordered values the 6th to the 15th.</summary>
    private static bool Tell(string what, List<double> request, List<double> share, double? atMost)
    {
        var (requests, shares) = (request.Order().ToList(), share.Order().ToList());
        var median = (shares[(Rounds / 2) - 1] + shares[Rounds / 2]) / 2;
        var holds = atMost is not { } most || median < most;
        var promise = atMost is null ? "" : $"  < {atMost:0.00} {(holds ? "yes" : "NO")}";
        Console.WriteLine(FormattableString.Invariant(
            $"{what,-20} simulate {requests[Rounds / 2],6:N1} µs of CPU, of it the gate {median:0.000} ({shares[5]:0.000} to {shares[14]:0.000}){promise}"));
        return holds;
    }

    /// <summary>Requests for simulate that end where its work would begin.</summary>
    private sealed class Passes(IServiceProvider services, string[] keys)
    {
        private readonly RouteEndpoint route = services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(endpoint => endpoint.RoutePattern.RawText == "/api/v1/runtime/simulate");

        internal Task PassAsync(int requests, int inFlight) => Task.WhenAll(Enumerable.Range(0, inFlight).Select(worker => Task.Run(async () =>
        {
            for (var i = worker; i < requests; i += inFlight) await PassAsync(keys[i % keys.Length]);
        })));

        private async Task PassAsync(string key)
        {
            var context = new DefaultHttpContext { RequestServices = services };
            var response = new Response();
            context.Features.Set<IHttpResponseFeature>(response);
            context.Request.Method = "POST";
            context.Request.Path = "/api/v1/runtime/simulate";
            context.Request.Headers["X-AOS-Key"] = key;
            context.Request.Headers.Host = "127.0.0.1";
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            await Gate.EnterAsync(context, route, isDevelopment: true);
            await response.StartAsync();
            if (context.Caller().Roles is not ["machine"]) throw new InvalidOperationException("The gate let somebody else in.");
        }
    }

    /// <summary>Does what was left to be done before the answer starts.</summary>
    private sealed class Response : HttpResponseFeature
    {
        private readonly List<(Func<object, Task> Do, object State)> starting = [];

        public override void OnStarting(Func<object, Task> callback, object state) => starting.Add((callback, state));

        internal async Task StartAsync()
        {
            foreach (var (act, state) in starting) await act(state);
        }
    }
}
