using Aos.Contracts;

namespace Aos.Integration.Tests.Cluster;

/// <summary>Two servers on one PostgreSQL database: either answers for both.</summary>
[Trait("store", "postgres")]
public sealed class OverHttp : IAsyncLifetime
{
    private const string Waiting = """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"echo","params":{"n":1}}]}""";
    private TwoHouses houses = null!;

    private ClusterHost A => houses.A;

    private ClusterHost B => houses.B;

    public async ValueTask InitializeAsync() => houses = await TwoHouses.OpenAsync();

    public async ValueTask DisposeAsync() => await houses.DisposeAsync();

    [Fact]
    public async Task A_command_for_a_run_of_the_other_server_is_answered_as_by_itself()
    {
        var run = await TwoHouses.RunAsync(A, houses.Two);
        await houses.Outside.Called;

        var refused = await B.AskAsync("POST", $"/api/v1/runs/{run}/resume", "{}");
        var done = await B.AskAsync("POST", $"/api/v1/runs/{run}/cancel", """{"reason":"enough"}""");

        Assert.Equal((409, "RUN_NOT_PAUSED"), (refused.Status, refused.Body.GetProperty("error").GetText("code")));
        Assert.Equal((200, "cancelled"), (done.Status, done.Body.GetText("status")));
        Assert.Equal((await A.AskAsync("GET", $"/api/v1/runs/{run}?wait=0")).Body.GetRawText(), done.Body.GetRawText());
    }

    [Fact]
    public async Task A_signal_to_either_server_brings_a_waiting_run_on_and_either_hears_of_its_end()
    {
        var runs = new List<string>();
        for (var i = 0; i < 8; i++) runs.Add(await TwoHouses.RunAsync(i % 2 == 0 ? A : B, Waiting));
        var ends = runs.Select((run, i) => (i % 3 == 0 ? A : B).AskAsync("GET", $"/api/v1/runs/{run}?wait=20")).ToList();

        var signals = await Task.WhenAll(runs.Select((run, i) => (i % 4 < 2 ? B : A).AskAsync("POST", $"/api/v1/runs/{run}/signals/go", "true")));

        Assert.All(signals, signal => Assert.Equal(200, signal.Status));
        foreach (var end in ends) Assert.Equal("succeeded", (await end).Body.GetText("status"));
    }

    [Fact]
    public async Task A_retry_on_one_server_is_seen_by_the_other_that_remembers_the_end()
    {
        var run = await TwoHouses.RunAsync(A, Waiting);
        await A.AskAsync("POST", $"/api/v1/runs/{run}/cancel", "{}");
        Assert.Equal("cancelled", (await A.AskAsync("GET", $"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));

        await B.AskAsync("POST", $"/api/v1/runs/{run}/retry", "{}");

        Assert.Equal("waiting", (await A.AskAsync("GET", $"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));
    }

    [Fact]
    public async Task A_child_that_is_woken_on_one_server_reports_to_its_parent_on_the_other()
    {
        var plan = $$$"""
            {"name":"w","steps":[
              {"id":"c","run":{"plan":{"name":"child","steps":[{"id":"w","await":{"signal":"go"} }] } } },
              {"id":"s","skill":"http_call","params":{"url":"{{{houses.Outside.Address}}}x","method":"POST","body":"x"}},
              {"id":"z","skill":"echo","params":{},"depends_on":["c","s"]}]}
            """;
        var parent = await TwoHouses.RunAsync(A, plan);
        await houses.Outside.Called;
        var child = await ChildAsync(parent);

        await B.AskAsync("POST", $"/api/v1/runs/{child}/signals/go", "true");
        houses.Outside.Open();

        Assert.Equal("succeeded", (await B.AskAsync("GET", $"/api/v1/runs/{parent}?wait=20")).Body.GetText("status"));
    }

    [Fact]
    public async Task Both_servers_show_both_nodes_with_their_addresses()
    {
        foreach (var host in new[] { A, B })
        {
            var nodes = await NodesAsync(host, nodes => nodes.Count == 2 && nodes.All(node => node.Address is not null));
            Assert.Equal(new[] { A, B }.Select(one => (one.Node.ToString(), one.Http.BaseAddress!.GetLeftPart(UriPartial.Authority))).Order(), nodes.Select(node => (node.Id, node.Address!)).Order());
        }
    }

    [Fact]
    public async Task A_drained_server_hands_its_runs_to_the_other_and_no_call_is_made_twice()
    {
        var run = await TwoHouses.RunAsync(A, houses.Two);
        await houses.Outside.Called;

        Assert.Equal(202, (await B.AskAsync("POST", $"/api/v1/nodes/{A.Node}/drain")).Status);
        await UntilAsync(A, "/api/v1/runs", Waiting, 503);
        houses.Outside.Open();

        Assert.Equal("succeeded", (await A.AskAsync("GET", $"/api/v1/runs/{run}?wait=20")).Body.GetText("status"));
        Assert.Equal(["/first", "/second"], houses.Outside.Arrived);
        Assert.Equal(503, (await A.AskAsync("GET", "/readyz")).Status);
        Assert.Equal(201, (await B.AskAsync("POST", "/api/v1/runs", Waiting)).Status);
        await NodesAsync(B, nodes => nodes.Count == 1);
    }

    [Fact]
    public async Task A_server_that_stops_leaves_its_runs_to_the_other_at_once()
    {
        var run = await TwoHouses.RunAsync(A, houses.Two);
        var waiting = await TwoHouses.RunAsync(A, Waiting);
        await houses.Outside.Called;
        var started = TimeProvider.System.GetTimestamp();
        var stopped = A.App.StopAsync(TestContext.Current.CancellationToken);

        houses.Outside.Open();
        await stopped;

        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await B.AskAsync("POST", $"/api/v1/runs/{waiting}/signals/go", "true")).Status);
        foreach (var one in new[] { run, waiting }) Assert.Equal("succeeded", (await B.AskAsync("GET", $"/api/v1/runs/{one}?wait=20")).Body.GetText("status"));
        Assert.Equal(["/first", "/second"], houses.Outside.Arrived);
    }

    private async Task<string> ChildAsync(string parent)
    {
        while (true)
        {
            var children = (await B.AskAsync("GET", $"/api/v1/runs?parent={parent}")).Body.GetProperty("runs");
            if (children.GetArrayLength() == 1 && children[0].GetText("status") == "waiting") return children[0].GetText("run_id")!;
        }
    }

    private static async Task UntilAsync(ClusterHost host, string path, string body, int status)
    {
        while ((await host.AskAsync("POST", path, body)).Status != status) TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static async Task<List<(string Id, string? Address)>> NodesAsync(ClusterHost host, Func<List<(string Id, string? Address)>, bool> fit)
    {
        while (true)
        {
            var nodes = (await host.AskAsync("GET", "/api/v1/nodes")).Body.GetProperty("nodes").EnumerateArray().Select(node => (node.GetText("id")!, node.GetText("address"))).ToList();
            if (fit(nodes)) return nodes;
        }
    }
}
