using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>What real runs get of secrets, and that nothing that they leave behind holds one.</summary>
public sealed class SecretsInRuns : IAsyncLifetime
{
    private readonly string value = SecretHouse.NewValue();
    private AuthHouse house = null!;
    private EchoPeer peer = null!;
    private MadeKey admin = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        peer = await EchoPeer.OpenAsync();
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
    }

    public async ValueTask DisposeAsync()
    {
        await peer.DisposeAsync();
        await house.DisposeAsync();
    }

    [Theory]
    [Trait("id", "SEC-10")]
    [Trait("id", "SEC-11")]
    [InlineData("/", "succeeded")]
    [InlineData("/refuse", "failed")]
    public async Task The_peer_gets_the_value_and_what_the_run_leaves_behind_does_not_hold_it(string path, string status)
    {
        await house.PutSecretAsync(admin, "STRIPE_KEY", value);

        var run = await house.RunAsync(admin, SecretHouse.Plan(peer, "STRIPE_KEY", path));

        Assert.Equal(status, run.Text("status"));
        Assert.Equal(["Bearer " + value], peer.Seen);
        var id = run.Text("run_id");
        foreach (var part in new[] { "", "/steps", "/steps/a", "/events?follow=false", "/trace" })
        {
            var reply = await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}{part}");
            Assert.True(reply.Status == 200, $"{part}: {reply.Status}");
            Assert.DoesNotContain(value, reply.Body.GetRawText() + string.Join(' ', reply.Headers.Values), StringComparison.Ordinal);
        }

        Assert.Contains("you said Bearer [REDACTED]", (await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}/steps/a")).Body.GetRawText(), StringComparison.Ordinal);
        foreach (var table in new[] { "journal", "runs", "secrets", "secret_versions", "audit_log" })
            Assert.DoesNotContain(value, await house.TextOfAsync(table), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "SEC-12")]
    public async Task What_is_taken_away_is_gone_at_the_next_call()
    {
        await house.PutSecretAsync(admin, "K", value);
        Assert.Equal("succeeded", (await house.RunAsync(admin, SecretHouse.Plan(peer, "K"))).Text("status"));

        Assert.Equal(200, (await house.AsAsync(admin, "DELETE", "/api/v1/secrets/K")).Status);

        Assert.Equal(("CONFIG_INVALID", "missing", "The secret K is not set. Set it: aos secrets set K."), await FailureAsync(SecretHouse.Plan(peer, "K")));
        Assert.Equal(404, (await house.AsAsync(admin, "DELETE", "/api/v1/secrets/K")).Status);
        Assert.Single(peer.Seen);
        Assert.Empty(await house.TextOfAsync("secret_versions"));
    }

    [Fact]
    [Trait("id", "SEC-13")]
    public async Task Only_agents_and_skills_that_may_use_a_secret_get_it()
    {
        await house.PutSecretAsync(admin, "K", value, """ "allow":{"agents":["mailer"],"skills":["http_call"]} """);
        await house.PutSecretAsync(admin, "HOOK", value, """ "allow":{"skills":["webhook_send"]} """);

        Assert.Equal("succeeded", (await house.RunAsync(admin, SecretHouse.Plan(peer, "K", more: """ "agent_id":"mailer" """))).Text("status"));
        Assert.Equal(("PERMISSION_DENIED", "agent", "The secret K is not for the agent other. Whoever may write secrets can allow it."), await FailureAsync(SecretHouse.Plan(peer, "K", more: """ "agent_id":"other" """)));
        Assert.Equal(("PERMISSION_DENIED", "skill", "The secret HOOK is not for the skill http_call. Whoever may write secrets can allow it."), await FailureAsync(SecretHouse.Plan(peer, "HOOK")));
        Assert.Single(peer.Seen);
    }

    [Fact]
    [Trait("id", "SEC-14")]
    public async Task A_tenant_uses_its_own_secret_before_the_houses_and_never_anothers()
    {
        var (name, foreign) = ("T" + Guid.NewGuid().ToString("N"), await house.KeyAsync("admin", """ "tenant_id":"foreign" """));
        var first = new MadeKey("first", AuthHouse.FirstKey);
        Environment.SetEnvironmentVariable("AOS_SECRET_" + name, "of the environment");
        try
        {
            await house.RunAsync(first, SecretHouse.Plan(peer, name));
            await house.PutSecretAsync(first, name, value);
            await house.RunAsync(first, SecretHouse.Plan(peer, name));
            Assert.Equal(["Bearer of the environment", "Bearer " + value], peer.Seen);

            await house.PutSecretAsync(first, name, value, """ "allow":{"agents":["nobody"]} """);
            Assert.Equal("PERMISSION_DENIED", (await FailureAsync(first, SecretHouse.Plan(peer, name))).Code); // Not the environment's in its place.
            Assert.Equal("missing", (await FailureAsync(foreign, SecretHouse.Plan(peer, name))).Reason);
            Assert.Equal(2, peer.Seen.Length);
        }
        finally
        {
            Environment.SetEnvironmentVariable("AOS_SECRET_" + name, null);
        }
    }

    [Theory]
    [Trait("id", "SEC-15")]
    [InlineData("1h", true)]
    [InlineData("0s", false)]
    public async Task A_run_that_is_under_way_keeps_the_value_before_for_the_overlap(string overlap, bool keeps)
    {
        await house.PutSecretAsync(admin, "K", value);
        var plan = $$$"""{"plan":{"name":"p","steps":[{{{SecretHouse.Step("a", peer, "K")}}},{"id":"gate","await":{"signal":"go"}},{{{SecretHouse.Step("b", peer, "K")}}}]}}""";
        var id = (await house.AsAsync(admin, "POST", "/api/v1/runs", plan)).Text("run_id")!;
        await house.WaitsAsync(id, "acme");

        var next = SecretHouse.NewValue();
        await house.PutSecretAsync(admin, "K", next, $"\"overlap\":\"{overlap}\"");
        Assert.Equal("succeeded", (await house.RunAsync(admin, SecretHouse.Plan(peer, "K"))).Text("status"));
        Assert.Equal(200, (await house.AsAsync(admin, "POST", $"/api/v1/runs/{id}/signals/go", "{}")).Status);
        Assert.Equal("succeeded", (await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}?wait=30")).Text("status"));

        Assert.Equal(["Bearer " + value, "Bearer " + next, "Bearer " + (keeps ? value : next)], peer.Seen);
        Assert.Equal(keeps ? 2 : 1, await house.CountAsync("secret_versions"));
    }

    [Fact]
    [Trait("id", "SEC-16")]
    public async Task When_a_secret_was_last_used_is_noted_in_passing()
    {
        await house.PutSecretAsync(admin, "K", value);
        await house.RunAsync(admin, SecretHouse.Plan(peer, "K"));

        var chore = house.Chore("secret-uses");
        Assert.Equal(1, await chore.PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await chore.PassAsync(TestContext.Current.CancellationToken));

        var secret = await house.AsAsync(admin, "GET", "/api/v1/secrets/K");
        Assert.True(secret["last_used_at"].GetDateTimeOffset() >= secret["created_at"].GetDateTimeOffset());
    }

    private Task<(string? Code, string? Reason, string? Message)> FailureAsync(string plan) => FailureAsync(admin, plan);

    private async Task<(string? Code, string? Reason, string? Message)> FailureAsync(MadeKey key, string plan)
    {
        var run = await house.RunAsync(key, plan);
        var step = await house.AsAsync(key, "GET", $"/api/v1/runs/{run.Text("run_id")}/steps/a");
        return (step.Text("error.code"), step.Text("error.details.reason"), step.Text("error.message"));
    }
}
