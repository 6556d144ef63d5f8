using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>Nodes over HTTP, and what they say to each other.</summary>
public sealed class Nodes : IAsyncLifetime
{
    private const string Waiting = """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""";
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    private NodeId Self => house.Get<ICluster>().Lease.Node;

    private string Drain(string node) => $"/api/v1/nodes/{node}/drain";

    [Fact]
    public async Task The_node_that_answers_is_in_the_list()
    {
        var reply = await house.AskAsync("/api/v1/nodes");

        Assert.Equal(200, reply.Status);
        var node = reply["nodes"].EnumerateArray().Single(one => one.GetProperty("is_self").GetBoolean());
        Assert.Equal((Self.ToString(), "active"), (node.GetText("id"), node.GetText("state")));
        Assert.True(node.GetProperty("max_rule").GetInt32() > 0);
    }

    [Fact]
    public async Task Only_an_administrator_drains_and_only_a_node_that_is_there()
    {
        var key = ("X-AOS-Key", house.Key());

        Assert.Equal(401, (await house.AskAsync("POST", Drain(Self.ToString()), null)).Status);
        foreach (var id in new[] { Guid.NewGuid().ToString("D"), "nobody" })
        {
            var unknown = await house.AskAsync("POST", Drain(id), null, key);
            Assert.Equal((404, "NOT_FOUND"), (unknown.Status, unknown["error.code"].GetString()));
        }

        Assert.Equal(200, (await house.AskAsync("/readyz")).Status);
    }

    [Fact]
    public async Task A_draining_node_starts_nothing_says_when_to_come_again_and_still_answers_reads()
    {
        var run = (await house.AskAsync("/api/v1/runs", Waiting)).Body.GetText("run_id")!;

        var drained = await house.AskAsync("POST", Drain(Self.ToString()), null, ("X-AOS-Key", house.Key()));

        Assert.Equal((202, "draining"), (drained.Status, drained["state"].GetString()));
        var refused = await house.AskAsync("/api/v1/runs", Waiting);
        Assert.Equal((503, "SERVICE_UNAVAILABLE", "1"), (refused.Status, refused["error.code"].GetString(), refused.Headers["Retry-After"]));
        Assert.Equal("waiting", (await house.AskAsync($"/api/v1/runs/{run}?wait=0"))["status"].GetString());
        var ready = await house.AskAsync("/readyz");
        Assert.Equal(503, ready.Status);
        Assert.StartsWith("draining", ready["checks.node"].GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await house.AskAsync("/healthz")).Status);
    }

    [Fact]
    public async Task A_poke_of_a_node_makes_a_run_read_its_mail()
    {
        var run = await LeftMailAsync();

        await house.Get<IPokes>().SendAsync(house.Http.BaseAddress!.ToString(), Self, run, TestContext.Current.CancellationToken);

        Assert.Equal("cancelled", (await house.AskAsync($"/api/v1/runs/{run}?wait=20"))["status"].GetString());
    }

    [Fact]
    public async Task A_poke_without_the_clusters_seal_does_nothing()
    {
        var run = new RunId(Guid.CreateVersion7());
        var stamp = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var mac = new string('0', 64);
        string?[] seals = [null, "", "v1", $"v1:{stamp}:{mac}", $"v1:{stamp}:00", $"v2:{stamp}:{mac}", $"v1:-1:{mac}", $"v1:99999999999999999999:{mac}", $"v1:{stamp}:{mac}:x"];

        foreach (var seal in seals)
        {
            (string, string)[] headers = seal is null ? [] : [(IPokes.Header, seal)];
            var reply = await house.AskAsync("POST", IPokes.Path, run.ToString(), headers);
            Assert.Equal((401, "SIGNATURE_INVALID"), (reply.Status, reply["error.code"].GetString()));
        }

        Assert.Equal(401, (await house.AskAsync("POST", IPokes.Path, "no run")).Status);
    }

    [Fact]
    public async Task A_seal_is_for_one_node_one_run_and_one_moment()
    {
        var (run, at) = (new RunId(Guid.CreateVersion7()), TimeProvider.System.GetUtcNow());
        var pokes = house.Get<IPokes>();
        var seal = await SealAsync(Self, run, at);
        var cancel = TestContext.Current.CancellationToken;

        Assert.True(await pokes.IsGenuineAsync(Self, run, seal, cancel));
        Assert.False(await pokes.IsGenuineAsync(new NodeId(Guid.NewGuid()), run, seal, cancel));
        Assert.False(await pokes.IsGenuineAsync(Self, new RunId(Guid.CreateVersion7()), seal, cancel));
        Assert.False(await pokes.IsGenuineAsync(Self, run, await SealAsync(Self, run, at - TimeSpan.FromMinutes(2)), cancel));
        Assert.False(await pokes.IsGenuineAsync(Self, run, await SealAsync(Self, run, at + TimeSpan.FromMinutes(2)), cancel));
    }

    [Fact]
    public async Task A_poke_to_nobody_is_lost_without_a_word()
    {
        var cancel = TestContext.Current.CancellationToken;

        foreach (var address in new[] { "http://127.0.0.1:9", "no address", "ftp://127.0.0.1:9" })
            await house.Get<IPokes>().SendAsync(address, Self, new RunId(Guid.CreateVersion7()), cancel);

        Assert.Equal(200, (await house.AskAsync("/readyz")).Status);
    }

    private async Task<string> SealAsync(NodeId to, RunId run, DateTimeOffset at)
    {
        var stamp = at.ToUnixTimeMilliseconds();
        var mac = await house.Get<IKeyring>().MacAsync("poke", System.Text.Encoding.ASCII.GetBytes($"poke:v1:{to}:{run}:{stamp}"), TestContext.Current.CancellationToken);
        return $"v1:{stamp}:{Convert.ToHexStringLower(mac)}";
    }

    /// <summary>A parked run with a command in its inbox that nobody has told it of.</summary>
    private async Task<RunId> LeftMailAsync()
    {
        Assert.True(RunId.TryParse((await house.AskAsync("/api/v1/runs", Waiting)).Body.GetText("run_id"), out var run));
        var body = System.Text.Encoding.UTF8.GetBytes("""{"tenant":"default","order":"cancel","reason":"by mail"}""");
        Assert.True(await house.Get<IJournal>().SendAsync(new InboxItem(run, "c", "command", body), TestContext.Current.CancellationToken));
        return run;
    }
}
