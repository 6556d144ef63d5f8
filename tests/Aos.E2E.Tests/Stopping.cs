using System.Net;
using System.Net.Sockets;
using Aos.Client;

namespace Aos.E2E.Tests;

/// <summary>A server that is told to end.</summary>
public sealed class Stopping : InFolder
{
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task It_refuses_starts_shows_its_node_and_ends_in_time_though_a_call_and_its_clients_hang()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Aos.Environment.Add(("AOS_EGRESS_ALLOW", "127.0.0.1"));
        Aos.Environment.Add(("AOS_API_KEY", Served.Key));
        using var server = Aos.Start("serve", "--port", "0");
        using var http = new HttpClient { BaseAddress = await Command.AddressAsync(server, TestContext.Current.CancellationToken) };
        var client = new AosClient(http, new AosClientOptions { ApiKey = Served.Key, Retries = 0 });
        var cancel = TestContext.Current.CancellationToken;
        var self = Assert.Single((await client.ListNodesAsync(cancel)).Nodes);
        var run = await client.StartRunAsync(new NewRun { Plan = Json.Parse($$"""[{"skill":"http_call","params":{"url":"http://{{silent.LocalEndpoint}}/"} }]""") }, cancel);
        using var call = await silent.AcceptTcpClientAsync(cancel); // Nobody will answer it.
        var waiting = client.GetRunAsync(run.RunId, 60, cancel);
        var listed = await Aos.RunAsync("nodes", "--server", http.BaseAddress.ToString());
        Assert.Equal((0, $"{self.Id} active"), (listed.Code, string.Join(' ', listed.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2))));
        var unknown = await Aos.RunAsync("nodes", "drain", run.RunId, "--server", http.BaseAddress.ToString());
        Assert.Contains("NOT_FOUND", unknown.Errors, StringComparison.Ordinal);

        var told = TimeProvider.System.GetTimestamp();
        Command.Terminate(server);
        while (true)
        {
            var refused = await Assert.ThrowsAsync<AosException>(() => StartAsync(client));
            if (refused.Code == "SERVICE_UNAVAILABLE") break;
        }

        await server.WaitForExitAsync(cancel);
        Assert.True(TimeProvider.System.GetElapsedTime(told) < StopMax, $"It took {TimeProvider.System.GetElapsedTime(told)}.");
        Assert.Equal(0, server.ExitCode);
        Assert.Equal("running", (await waiting).Status);
    }

    /// <summary>Starts runs for as long as it may.</summary>
    private static async Task StartAsync(AosClient client)
    {
        while (true) await client.StartRunAsync(new NewRun { Plan = Json.Parse("""[{"skill":"echo"}]""") }, TestContext.Current.CancellationToken);
    }
}
