using System.Diagnostics;
using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What one node changes, all of them hold to.</summary>
[Trait("store", "postgres")]
public sealed class SeveralNodes : IAsyncLifetime
{
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync(nodes: 3);

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_revoked_key_is_refused_by_all_nodes_within_a_second()
    {
        var key = await house.KeyAsync("readonly");
        for (var node = 0; node < 3; node++) Assert.Equal(200, (await MeAsync(node, key)).Status);

        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}");

        var revoked = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(node => UntilAsync(node, key, revoked)));
        Assert.Empty(answers.SelectMany(late => late));
    }

    [Fact]
    public async Task A_new_policy_is_held_to_by_all_nodes_within_a_second_and_no_request_is_lost_meanwhile()
    {
        var key = await house.KeyAsync("readonly", """ "tier":"unlimited" """);
        using var over = new CancellationTokenSource();
        var statuses = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        var load = Enumerable.Range(0, 6).Select(caller => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                statuses.AddOrUpdate((await house.AskAsync(caller % 3, "GET", "/api/v1/runs", null, ("X-AOS-Key", key.Text))).Status, 1, (_, count) => count + 1);
        })).ToList();

        for (var version = 1; version <= 20; version++)
        {
            var reload = await house.AsFirstAsync("PUT", "/api/v1/rbac/policy", Policy(version));
            Assert.Equal(200, reload.Status);
        }

        await over.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal([200], statuses.Keys);
        var changed = Stopwatch.GetTimestamp();
        for (var node = 0; node < 3; node++)
        {
            while ((await house.AskAsync(node, "GET", "/api/v1/rbac/info", null, ("X-AOS-Key", AuthHouse.FirstKey))).Text("version") != "20")
                Assert.True(Stopwatch.GetElapsedTime(changed) < TimeSpan.FromSeconds(20), $"node {node} holds to an older policy");
        }
    }

    [Fact]
    public async Task A_key_made_on_one_node_works_on_the_others_also_when_they_did_not_know_it()
    {
        var made = await house.KeyAsync("readonly");

        for (var node = 0; node < 3; node++) Assert.Equal(200, (await MeAsync(node, made)).Status);
    }

    [Fact]
    [Trait("id", "SEC-40")]
    public async Task What_one_node_is_told_of_a_secret_all_of_them_hold_to_at_once()
    {
        await using var peer = await EchoPeer.OpenAsync();
        var admin = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        Task<Reply> Ask(int node, string method, string path, string? body = null) => house.AskAsync(node, method, path, body, ("X-AOS-Key", admin.Text));
        var values = new[] { SecretHouse.NewValue(), SecretHouse.NewValue() };
        for (var version = 0; version < 2; version++)
        {
            await Ask(version, "PUT", "/api/v1/secrets/K", SecretHouse.Body(values[version]));
            for (var node = 0; node < 3; node++) Assert.Equal("succeeded", (await Ask(node, "POST", "/api/v1/runs?wait=30", SecretHouse.Plan(peer, "K"))).Text("status"));
        }

        Assert.Equal(values.SelectMany(value => Enumerable.Repeat("Bearer " + value, 3)), peer.Seen);
        Assert.Equal(200, (await Ask(1, "DELETE", "/api/v1/secrets/K")).Status);
        for (var node = 0; node < 3; node++) Assert.Equal("failed", (await Ask(node, "POST", "/api/v1/runs?wait=30", SecretHouse.Plan(peer, "K"))).Text("status"));
        Assert.Equal(6, peer.Seen.Length);
    }

    [Fact]
    [Trait("id", "SEC-40")]
    public async Task A_new_key_of_one_node_is_read_and_used_by_the_others()
    {
        var admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
        var headers = ("X-AOS-Key", admin.Text);
        await house.AskAsync(0, "PUT", "/api/v1/secrets/A", SecretHouse.Body("the value of A"), headers);
        var moved = await house.AskAsync(1, "POST", "/api/v1/secrets/reencrypt", null, ("X-AOS-Key", AuthHouse.FirstKey));
        await house.AskAsync(2, "PUT", "/api/v1/secrets/B", SecretHouse.Body("the value of B"), headers);

        var keys = new List<string>();
        await house.ReadAsync("SELECT key_id FROM secret_versions", row => keys.Add(row.GetString(0)));
        Assert.Equal([moved.Text("key_id")!, moved.Text("key_id")!], keys);
        foreach (var name in new[] { "A", "B" })
            Assert.Equal($"the value of {name}", (await house.Services.GetRequiredService<ISecrets>().FindAsync(new SecretAsk(new TenantId("acme"), name, "http_call", "a", null), TestContext.Current.CancellationToken))!.Value);
    }

    private static string Policy(int version) => """
        {"version":"N","matrix":{"readonly":{"run":["read"],"rbac":["read"]},"admin":{"rbac":["read","reload"],"key":["read","write"]}}}
        """.Replace("N", $"{version}", StringComparison.Ordinal);

    private Task<Reply> MeAsync(int node, MadeKey key) => house.AskAsync(node, "GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));

    /// <summary>Asks until the key is refused; replies the answers with 200 to requests that were sent more than a second after.</summary>
    private async Task<List<TimeSpan>> UntilAsync(int node, MadeKey key, long revoked)
    {
        var late = new List<TimeSpan>();
        while (true)
        {
            var sent = Stopwatch.GetElapsedTime(revoked);
            if ((await MeAsync(node, key)).Status == 401) return late;
            if (sent > TimeSpan.FromSeconds(1)) late.Add(sent);
            if (sent > TimeSpan.FromSeconds(20)) return late;
        }
    }
}
