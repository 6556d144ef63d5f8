namespace Aos.Auth.Tests;

/// <summary>What one node is told of a connection, all of them hold to.</summary>
[Trait("store", "postgres")]
public sealed class ConnectionsOnNodes
{
    [Fact]
    [Trait("id", "CONN-40")]
    public async Task A_change_on_one_node_holds_at_the_next_call_on_every_other()
    {
        await using var house = await AuthHouse.OpenAsync(nodes: 2);
        await using var first = await EchoPeer.OpenAsync();
        await using var second = await EchoPeer.OpenAsync();
        var admin = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        Task<Reply> Ask(int node, string method, string path, string? body = null) => house.AskAsync(node, method, path, body, ("X-AOS-Key", admin.Text));
        await Ask(0, "PUT", "/api/v1/secrets/K", SecretHouse.Body("the value"));
        foreach (var (node, peer) in new[] { (0, first), (1, second) })
        {
            var made = await Ask(node, "PUT", "/api/v1/connections/crm", $$$"""{"kind":"http","settings":{"base_url":"{{{peer.Url}}}","auth":{"type":"bearer","token":"secret:K"} } }""");
            Assert.Equal(node + 1, made["version"].GetInt32());
            for (var on = 0; on < 2; on++) Assert.Equal("succeeded", (await Ask(on, "POST", "/api/v1/runs?wait=30", ConnectionHouse.Plan("crm"))).Text("status"));
        }

        Assert.Equal((2, 2), (first.Seen.Length, second.Seen.Length));
        Assert.Equal(200, (await Ask(0, "DELETE", "/api/v1/connections/crm")).Status);
        for (var on = 0; on < 2; on++) Assert.Equal("failed", (await Ask(on, "POST", "/api/v1/runs?wait=30", ConnectionHouse.Plan("crm"))).Text("status"));
        Assert.Equal(2, second.Seen.Length);

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Ask(i % 2, "PUT", "/api/v1/connections/new", ConnectionHouse.Crm)));
        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 201 or 409, reply.Body.GetRawText()));
        Assert.Equal(1, replies.Count(reply => reply.Status == 201));
        Assert.Equal(replies.Count(reply => reply.Status < 300), (await Ask(1, "GET", "/api/v1/connections/new"))["version"].GetInt32());
    }
}
