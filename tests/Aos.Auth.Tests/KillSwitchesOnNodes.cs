using System.Diagnostics;
using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A switch that one node is told of stops runs on all of them.</summary>
[Trait("store", "postgres")]
public sealed class KillSwitchesOnNodes
{
    [Fact]
    [Trait("id", "SWITCH-20")]
    [Trait("id", "W-07")]
    public async Task Within_a_second_it_calls_off_what_other_nodes_do_and_ends_what_nobody_does()
    {
        await using var peer = await HoldingPeer.OpenAsync();
        await using var house = await AuthHouse.OpenAsync(nodes: 2);
        var admin = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        Task<Reply> Ask(int node, string method, string path, string? body = null) => house.AskAsync(node, method, path, body, ("X-AOS-Key", admin.Text));
        var run = (await Ask(1, "POST", "/api/v1/runs?wait=0", $$$"""{"plan":{"name":"p","steps":[{"id":"a","skill":"http_call","params":{"url":"{{{peer.Url}}}/hold?on-1"} }]} }""")).Text("run_id")!;
        var parked = (await Ask(1, "POST", "/api/v1/runs?wait=0", """{"plan":{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}}""")).Text("run_id")!;
        await peer.BeganAsync();

        Assert.Equal(201, (await Ask(0, "POST", "/api/v1/killswitches/engage", """{"reason":"stop"}""")).Status);
        var engaged = Stopwatch.GetTimestamp();

        // Nobody asks node 1 anything meanwhile: it looks by itself, since it has a run.
        Assert.Equal("?on-1", await peer.EndedAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(engaged), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        foreach (var one in new[] { run, parked })
        {
            for (var node = 0; node < 2; node++)
            {
                var ended = await Ask(node, "GET", $"/api/v1/runs/{one}?wait=30");
                Assert.Equal(("failed", "EMERGENCY_STOP"), (ended.Text("status"), ended.Text("outcome.error.code")));
            }
        }

        for (var node = 0; node < 2; node++) Assert.Equal(503, (await Ask(node, "POST", "/api/v1/runs?wait=0", """{"plan":[{"skill":"echo"}]}""")).Status);
        await Ask(1, "POST", "/api/v1/killswitches/release", """{"reason":"fixed"}""");
        var released = Stopwatch.GetTimestamp();
        while ((await Ask(0, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}]}""")).Status == 503)
            Assert.True(Stopwatch.GetElapsedTime(released) < TimeSpan.FromSeconds(1.5), "released on one node, and the other still refuses");
    }

    [Fact]
    [Trait("id", "SWITCH-21")]
    public async Task Many_who_engage_at_once_engage_one()
    {
        await using var house = await AuthHouse.OpenAsync(nodes: 2);
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => house.AskAsync(
            i % 2, "POST", "/api/v1/killswitches/house/engage", $$"""{"reason":"{{i}}"}""", ("X-AOS-Key", AuthHouse.FirstKey))));

        Assert.Single(replies, reply => reply.Status == 201);
        Assert.Single(replies.Select(reply => reply.Text("reason")).Distinct());
        var now = await house.Services.GetRequiredService<IKillSwitches>().NowAsync(TestContext.Current.CancellationToken);
        Assert.Equal(replies[0].Text("reason"), Assert.Single(now.All).Reason);
    }
}
