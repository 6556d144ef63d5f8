namespace Aos.Auth.Tests;

/// <summary>Who may decide about what waits for an approval.</summary>
public sealed class Approvers : IAsyncLifetime
{
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "APPR-12")]
    public async Task A_decision_needs_the_permission_and_the_level_and_is_made_once()
    {
        var run = await WaitingAsync(4);
        var path = $"/api/v1/runs/{run}/steps/a/approve";
        Assert.Equal(401, (await house.AskAsync("POST", path)).Status);
        Assert.Equal(403, (await AskAsync(await house.KeyAsync("dev"), path)).Status);
        var low = await AskAsync(await house.KeyAsync("operator"), path, """{"note":"mine"}""");
        Assert.Equal((403, "PERMISSION_DENIED"), (low.Status, low.Text("error.code")));
        Assert.Contains("level 4", low.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("waiting", (await house.AsFirstAsync("GET", $"/api/v1/runs/{run}?wait=0")).Text("status"));

        var admin = await house.KeyAsync("admin");
        var shown = await AskAsync("GET", admin, $"/api/v1/runs/{run}/steps/a");
        Assert.Equal((4, "Pay 7?", "cost", "reject"), (shown["approval.level"].GetInt32(), shown.Text("approval.message"), shown.Text("approval.policy_type"), shown.Text("approval.on_timeout")));
        Assert.NotNull(shown.Text("approval.until"));
        var done = await AskAsync(admin, path, """{"note":"looked at it"}""", ("Idempotency-Key", "d1"));
        Assert.True(done.Status == 200, done.Body.GetRawText());
        Assert.Equal(200, (await AskAsync(admin, path, """{"note":"looked at it"}""", ("Idempotency-Key", "d1"))).Status);
        var second = await AskAsync(admin, $"/api/v1/runs/{run}/steps/a/reject");
        Assert.Equal((409, "INVALID_STATE"), (second.Status, second.Text("error.code")));

        var ended = await house.AsFirstAsync("GET", $"/api/v1/runs/{run}?wait=10");
        Assert.Equal(("succeeded", $"key:{admin.Id}", "looked at it"), (ended.Text("status"), ended.Text("outcome.result.by"), ended.Text("outcome.result.note")));
        var step = await house.AsFirstAsync("GET", $"/api/v1/runs/{run}/steps/a");
        Assert.Equal((true, $"key:{admin.Id}", 5), (step["decision.approved"].GetBoolean(), step.Text("decision.by"), step["decision.level"].GetInt32()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, step["approval"].ValueKind);
    }

    [Fact]
    [Trait("id", "APPR-12")]
    public async Task A_rejection_fails_the_run_and_bad_requests_are_told_what_is_wrong()
    {
        var run = await WaitingAsync(1);
        var admin = await house.KeyAsync("admin");
        foreach (var body in new[] { """{"note":7}""", """{"notes":"x"}""", """{"call":-1}""", """{"call":"a"}""", $$"""{"note":"{{new string('x', 1001)}}"}""" })
            Assert.Equal(422, (await AskAsync(admin, $"/api/v1/runs/{run}/steps/a/reject", body)).Status);
        Assert.Equal(409, (await AskAsync(admin, $"/api/v1/runs/{run}/steps/a/reject", """{"call":3}""")).Status);
        Assert.Equal(400, (await AskAsync(admin, $"/api/v1/runs/{run}/steps/nobody/reject")).Status);
        Assert.Equal(404, (await AskAsync(admin, $"/api/v1/runs/{Guid.CreateVersion7()}/steps/a/reject")).Status);

        Assert.Equal(200, (await AskAsync(admin, $"/api/v1/runs/{run}/steps/a/reject", """{"note":"no"}""")).Status);
        var ended = await house.AsFirstAsync("GET", $"/api/v1/runs/{run}?wait=10");
        Assert.Equal(("failed", "APPROVAL_REJECTED"), (ended.Text("status"), ended.Text("outcome.error.code")));
    }

    [Fact]
    [Trait("id", "APPR-13")]
    public async Task A_credential_bound_to_an_agent_approves_nothing()
    {
        var run = await WaitingAsync(1);
        var bound = await house.KeyAsync("admin", "\"agent_id\":\"agent-7\"");
        var reply = await AskAsync(bound, $"/api/v1/runs/{run}/steps/a/approve");
        Assert.Equal((403, "PERMISSION_DENIED"), (reply.Status, reply.Text("error.code")));
        Assert.Equal("waiting", (await house.AsFirstAsync("GET", $"/api/v1/runs/{run}?wait=0")).Text("status"));
    }

    private async Task<string> WaitingAsync(int level)
    {
        var made = await house.AsFirstAsync("POST", "/api/v1/runs", $$$"""
            {"name":"p","inputs":{"n":{"type":"integer","default":7}},"steps":[{"id":"a","await":{"approval":
             {"level":{{{level}}},"policy_type":"cost","timeout":"1h","message":"Pay ${{ inputs.n }}?"} } }]}
            """);
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return made.Text("run_id")!;
    }

    private Task<Reply> AskAsync(MadeKey key, string path, string? body = null, params (string, string)[] headers) => house.AskAsync("POST", path, body, [("X-AOS-Key", key.Text), .. headers]);

    private Task<Reply> AskAsync(string method, MadeKey key, string path) => house.AskAsync(method, path, null, ("X-AOS-Key", key.Text));
}
