using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What real runs get of connections, and what they leave behind of them.</summary>
public sealed class ConnectionsInRuns : IAsyncLifetime
{
    private readonly string value = SecretHouse.NewValue();
    private AuthHouse house = null!;
    private EchoPeer peer = null!;
    private MadeKey admin = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync(more: services => services.AddSingleton(FlowOptions.Read(
            _ => """{"limits":[{"host":"127.0.0.1","requests":3,"per":"1h"}],"wait_max":"1s"}""", _ => throw new NotSupportedException())));
        peer = await EchoPeer.OpenAsync();
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
        await house.PutSecretAsync(admin, "K", value);
    }

    public async ValueTask DisposeAsync()
    {
        await peer.DisposeAsync();
        await house.DisposeAsync();
    }

    [Theory]
    [Trait("id", "CONN-11")]
    [InlineData("/", "succeeded")]
    [InlineData("/refuse", "failed")]
    public async Task A_run_leaves_the_name_and_the_version_behind_and_neither_secret_nor_address(string url, string status)
    {
        await house.PutBearerAsync(admin, "crm", peer.Url, "K");

        var run = await house.RunAsync(admin, ConnectionHouse.Plan("crm", url));

        Assert.Equal(status, run.Text("status"));
        Assert.Equal(["Bearer " + value], peer.Seen);
        var id = run.Text("run_id");
        var address = new Uri(peer.Url).Authority;
        foreach (var part in new[] { "", "/steps", "/steps/a", "/events?follow=false", "/trace" })
        {
            var reply = await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}{part}");
            Assert.True(reply.Status == 200, $"{part}: {reply.Status}");
            Assert.All([value, address], hidden => Assert.DoesNotContain(hidden, reply.Body.GetRawText() + string.Join(' ', reply.Headers.Values), StringComparison.Ordinal));
        }

        var step = (await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}/steps/a")).Body.GetRawText();
        Assert.Contains("""connection":{"name":"crm","version":1}""", step, StringComparison.Ordinal);
        Assert.Contains("you said Bearer [REDACTED]", step, StringComparison.Ordinal);
        foreach (var table in new[] { "journal", "runs", "connections", "audit_log" }) Assert.DoesNotContain(value, await house.TextOfAsync(table), StringComparison.Ordinal);
        Assert.DoesNotContain(address, await house.TextOfAsync("journal"), StringComparison.Ordinal);
        var replayed = await house.AsAsync(admin, "POST", $"/api/v1/runtime/replay/{id}");
        Assert.True(replayed.Status == 200, replayed.Body.GetRawText());
        Assert.DoesNotContain(value, replayed.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Single(peer.Seen);
    }

    [Fact]
    [Trait("id", "CONN-16")]
    public async Task A_run_that_is_under_way_takes_new_settings_at_once_and_a_new_value_by_the_rule_of_secrets()
    {
        await using var second = await EchoPeer.OpenAsync();
        await house.PutBearerAsync(admin, "crm", peer.Url, "K");
        var plan = $$$"""{"plan":{"name":"p","steps":[{{{ConnectionHouse.Step("a", "crm")}}},{"id":"gate","await":{"signal":"go"}},{{{ConnectionHouse.Step("b", "crm")}}}]}}""";
        var id = (await house.AsAsync(admin, "POST", "/api/v1/runs", plan)).Text("run_id")!;
        await house.WaitsAsync(id, "acme");

        await house.PutBearerAsync(admin, "crm", second.Url, "K");
        await house.PutSecretAsync(admin, "K", SecretHouse.NewValue(), """ "overlap":"1h" """);
        Assert.Equal(200, (await house.AsAsync(admin, "POST", $"/api/v1/runs/{id}/signals/go", "{}")).Status);

        var ended = await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}?wait=30");
        Assert.Equal("succeeded", ended.Text("status"));
        Assert.Equal((["Bearer " + value], ["Bearer " + value]), (peer.Seen, second.Seen), Pairs);
        Assert.Contains("""connection":{"name":"crm","version":2}""", (await house.AsAsync(admin, "GET", $"/api/v1/runs/{id}/steps/b")).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CONN-12")]
    public async Task What_is_taken_away_or_forbidden_fails_the_call_and_is_told_beforehand()
    {
        await house.PutBearerAsync(admin, "mailers", peer.Url, "K", """ "allow":{"agents":["mailer"]} """);
        await house.PutBearerAsync(admin, "hooks", peer.Url, "K", """ "allow":{"skills":["webhook_send"]} """);
        await house.PutBearerAsync(admin, "gone", peer.Url, "K");
        await house.AsAsync(admin, "DELETE", "/api/v1/connections/gone");

        Assert.Equal(("CONFIG_INVALID", "missing", "There is no connection gone. Make it: aos connections set gone --file FILE."), await FailureAsync(ConnectionHouse.Plan("gone")));
        Assert.Equal(("PERMISSION_DENIED", "agent", "The connection mailers is not for the agent other. Whoever may write connections can allow it."), await FailureAsync(ConnectionHouse.Plan("mailers", more: """ "agent_id":"other" """)));
        Assert.Equal(("PERMISSION_DENIED", "skill", "The connection hooks is not for the skill http_call. Whoever may write connections can allow it."), await FailureAsync(ConnectionHouse.Plan("hooks")));
        Assert.Empty(peer.Seen);
        Assert.Equal("succeeded", (await house.RunAsync(admin, ConnectionHouse.Plan("mailers", more: """ "agent_id":"mailer" """))).Text("status"));
    }

    [Theory]
    [Trait("id", "CONN-30")]
    [InlineData("gone", "CONFIG_INVALID", "missing")]
    [InlineData("theirs", "CONFIG_INVALID", "missing")]
    [InlineData("mailers", "PERMISSION_DENIED", "agent")]
    [InlineData("hooks", "PERMISSION_DENIED", "skill")]
    [InlineData("mail", "INVALID_INPUT", "kind")]
    [InlineData("${{ inputs.x }}", "INVALID_INPUT", "written")]
    public async Task Simulate_and_the_start_of_a_run_tell_which_connections_a_plan_would_not_get(string name, string code, string reason)
    {
        await house.PutBearerAsync(await house.KeyAsync("admin", """ "tenant_id":"other" """), "theirs", peer.Url, "K");
        await house.PutBearerAsync(admin, "mailers", peer.Url, "K", """ "allow":{"agents":["mailer"]} """);
        await house.PutBearerAsync(admin, "hooks", peer.Url, "K", """ "allow":{"skills":["webhook_send"]} """);
        await house.PutBearerAsync(admin, "good", peer.Url, "K");
        await house.PutConnectionAsync(admin, "mail", """{"kind":"smtp","settings":{"host":"mail.example.com","from":"a@example.com"}}""");
        var plan = $$$"""
            {"plan":{"name":"p","inputs":{"x":{"type":"string","default":"good"}},"steps":[{{{ConnectionHouse.Step("a", "good")}}},
              {"id":"b","skill":"echo","params":{"connection":"anything"},"compensate":{{{ConnectionHouse.Step("c", name).Replace("\"id\":\"c\",", "", StringComparison.Ordinal)}}} }]}}
            """;

        var told = await house.AsAsync(admin, "POST", "/api/v1/simulate", plan);
        var started = await house.AsAsync(admin, "POST", "/api/v1/runs", plan);

        Assert.True(told.Status == 200, told.Body.GetRawText());
        var problem = Assert.Single(told["connection_problems"].EnumerateArray().ToArray());
        Assert.Equal(("steps[1].compensate.params.connection", code, reason), (problem.GetText("path"), problem.GetText("code"), problem.GetText("reason")));
        Assert.Contains($"steps[1].compensate.params.connection: {code}: {problem.GetText("message")}", told.Texts("warnings"));
        var warning = started["warnings"].EnumerateArray().Single(one => one.GetText("path") == "steps[1].compensate.params.connection");
        Assert.Equal((201, code, problem.GetText("message")), (started.Status, warning.GetText("code"), warning.GetText("message")));
        Assert.DoesNotContain(["mailers", "hooks", "theirs", "good"], other => other != name && problem.GetText("message")!.Contains(other, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "CONN-30")]
    public async Task A_plan_whose_connections_are_there_is_told_nothing()
    {
        await house.PutBearerAsync(admin, "good", peer.Url, "K");

        var told = await house.AsAsync(admin, "POST", "/api/v1/simulate", ConnectionHouse.Plan("good"));

        Assert.Equal(JsonValueKind.Null, told["connection_problems"].ValueKind);
        Assert.Empty(told.Texts("warnings"));
    }

    [Fact]
    [Trait("id", "CONN-18")]
    public async Task Calls_through_connections_count_in_the_limits_of_their_host()
    {
        await house.PutBearerAsync(admin, "one", peer.Url, "K");
        await house.PutBearerAsync(admin, "two", peer.Url, "K");
        for (var i = 0; i < 3; i++) Assert.Equal("succeeded", (await house.RunAsync(admin, ConnectionHouse.Plan(i % 2 == 0 ? "one" : "two"))).Text("status"));

        var refused = await FailureAsync("""{"plan":{"name":"p","steps":[{"id":"a","skill":"http_call","retry":{"max_attempts":1},"params":{"connection":"two","url":"/"}}]}}""");

        Assert.Equal("RATE_LIMITED", refused.Code);
        Assert.Equal(3, peer.Seen.Length);
    }

    private static bool Pairs((string[] A, string[] B) one, (string[] A, string[] B) other) => one.A.SequenceEqual(other.A) && one.B.SequenceEqual(other.B);

    private async Task<(string? Code, string? Reason, string? Message)> FailureAsync(string plan)
    {
        var run = await house.RunAsync(admin, plan);
        var step = await house.AsAsync(admin, "GET", $"/api/v1/runs/{run.Text("run_id")}/steps/a");
        return (step.Text("error.code"), step.Text("error.details.reason"), step.Text("error.message"));
    }
}
