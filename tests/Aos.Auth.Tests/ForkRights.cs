namespace Aos.Auth.Tests;

/// <summary>Who may fork whose run, over HTTP.</summary>
public sealed class ForkRights : IAsyncLifetime
{
    private const string Plan = """{"agent_id":"bot","plan":[{"skill":"echo","params":{"n":1}},{"skill":"echo","params":{"n":2}}]}""";

    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "FORK-17")]
    public async Task A_fork_needs_to_read_and_to_start_runs_of_this_tenant_and_agent()
    {
        var owner = await house.KeyAsync("machine", """ "tenant_id":"acme" """);
        var run = (await house.AskAsync("POST", "/api/v1/runs?wait=20", Plan, ("X-AOS-Key", owner.Text))).Text("run_id");

        foreach (var (name, role, more, status) in new[]
                 {
                     ("both", "machine", """ "tenant_id":"acme","scopes":["run:read","run:write"] """, 201), ("blind", "machine", """ "tenant_id":"acme","scopes":["run:write"] """, 403),
                     ("reader", "machine", """ "tenant_id":"acme","scopes":["run:read"] """, 403), ("same agent", "machine", """ "tenant_id":"acme","agent_id":"bot" """, 201),
                     ("other agent", "machine", """ "tenant_id":"acme","agent_id":"else" """, 403), ("stranger", "machine", """ "tenant_id":"other" """, 404),
                 })
        {
            var key = await house.KeyAsync(role, more);
            var fork = await house.AskAsync("POST", $"/api/v1/runs/{run}/fork", """{"from_event":1}""", ("X-AOS-Key", key.Text));
            Assert.True(fork.Status == status, $"{name}: {fork.Status}");
        }

        var stranger = await house.KeyAsync("machine", """ "tenant_id":"other" """);
        foreach (var path in new[] { $"/api/v1/runs/{run}/diff/{run}", $"/api/v1/runs/{run}/recording" })
            Assert.Equal(404, (await house.AskAsync("GET", path, null, ("X-AOS-Key", stranger.Text))).Status);
    }
}
