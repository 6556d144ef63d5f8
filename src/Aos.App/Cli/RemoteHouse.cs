using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Aos.App.Server;
using Aos.Client;

namespace Aos.App.Cli;

/// <summary>A server: over TCP, or the process that holds the data directory over its socket.</summary>
internal sealed class RemoteHouse : IHouse
{
    /// <summary>Seconds one request waits for the end of a run.</summary>
    private const int WaitMax = 20;

    private readonly HttpClient http;
    private readonly AosClient client;

    private RemoteHouse(string name, HttpClient http, AosClientOptions options)
    {
        Name = name;
        this.http = http;
        client = new AosClient(http, options);
    }

    public string Name { get; }

    internal static RemoteHouse At(Uri server, string? key) =>
        new(server.ToString(), new HttpClient { BaseAddress = server.AbsolutePath.EndsWith('/') ? server : new Uri(server + "/") }, new AosClientOptions { ApiKey = key });

    /// <summary>The holder of a data directory; <paramref name="first"/> is the connection that found it.</summary>
    internal static RemoteHouse Over(string data, Socket? first)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancel) => new NetworkStream(
                Interlocked.Exchange(ref first, null)
                ?? await OwnerSocket.ConnectAsync(data, cancel)
                ?? throw new HttpRequestException($"the process that holds {data} is gone"),
                ownsSocket: true),
        };
        return new RemoteHouse($"the process that holds {data}", new HttpClient(handler) { BaseAddress = new Uri("http://aos/") }, new AosClientOptions());
    }

    public Task<JsonElement> StartAsync(RunOrder order, CancellationToken cancel) => client.SendAsync(HttpMethod.Post, "api/v1/runs", order.ToJson(), order.Key, cancel);

    public async Task<JsonElement> ReadAsync(string run, TimeSpan wait, CancellationToken cancel)
    {
        var clock = TimeProvider.System;
        for (var started = clock.GetTimestamp(); ;)
        {
            var left = wait - clock.GetElapsedTime(started);
            var seconds = (int)Math.Clamp(Math.Ceiling(left.TotalSeconds), 0, WaitMax);
            var answer = await AskAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/runs/{Uri.EscapeDataString(run)}?wait={seconds}"), null, cancel);
            if (seconds == 0 || RunText.IsSettled(answer)) return answer;
        }
    }

    public async IAsyncEnumerable<RunEventMessage> FollowAsync(string run, int after, bool follow, [EnumeratorCancellation] CancellationToken cancel, bool deltas = false)
    {
        await foreach (var message in client.FollowRunAsync(run, after, follow, deltas, cancel)) yield return message;
    }

    public Task<JsonElement> AskAsync(HttpMethod method, string path, JsonElement? body, CancellationToken cancel) =>
        client.SendAsync(method, path, body, null, cancel);

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }
}
