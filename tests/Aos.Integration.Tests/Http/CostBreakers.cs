using System.Text.Json;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>The circuit breaker of the second cost model over HTTP, under both of its prefixes.</summary>
public sealed class CostBreakers : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Theory]
    [Trait("id", "D4-33")]
    [Trait("id", "D4-34")]
    [InlineData("/costsim")]
    [InlineData("/api/v1/costsim")]
    public async Task It_is_opened_closed_and_read_and_health_tells_how_it_stands(string prefix)
    {
        var key = ("X-AOS-Key", house.Key());
        Assert.Equal("closed", (await house.AskAsync("/health"))["checks.costsim_breaker"].GetString());
        var idle = await house.AskAsync("POST", prefix + "/v2/reset", null, key);
        Assert.Equal((200, true, false), (idle.Status, idle["success"].GetBoolean(), idle["state.is_open"].GetBoolean()));
        Assert.Contains("closed already", idle["message"].GetString(), StringComparison.Ordinal);

        var opened = await house.AskAsync("POST", prefix + "/circuit-breaker/disable", """{"reason":"new prices are not in yet","ttl_hours":2}""", key);
        var again = await house.AskAsync("POST", prefix + "/circuit-breaker/disable", """{"reason":"new prices are not in yet"}""", key);
        Assert.Equal((200, true, "open", true), (opened.Status, opened["changed"].GetBoolean(), opened["state.status"].GetString(), opened["state.is_open"].GetBoolean()));
        Assert.Equal((false, opened["incident_id"].GetString()), (again["changed"].GetBoolean(), again["incident_id"].GetString()));
        Assert.InRange((opened["state.disabled_until"].GetDateTimeOffset() - opened["state.opened_at"].GetDateTimeOffset()).TotalMinutes, 119, 121);
        Assert.Equal("open", (await house.AskAsync("/health"))["checks.costsim_breaker"].GetString());
        var state = await house.AskAsync(prefix + "/circuit-breaker");
        Assert.Equal(["name", "status", "is_open", "opened_at", "reason", "incident_id", "consecutive_failures", "last_failure_at", "disabled_until", "disabled_by", "probes_left", "alerts", "changes"], state.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("closed", "open"), (state["changes"][0].GetText("from"), state["changes"][0].GetText("to")));

        var closed = await house.AskAsync("POST", prefix + "/v2/reset?reason=prices%20are%20in", null, key);
        Assert.Equal((200, "closed", JsonValueKind.Null), (closed.Status, closed["state.status"].GetString(), closed["state.incident_id"].ValueKind));
        Assert.Equal(0, (await house.AskAsync(prefix + "/v2/incidents"))["total"].GetInt32());
        var incidents = await house.AskAsync(prefix + "/v2/incidents?include_resolved=true&limit=1");
        var incident = incidents["incidents"][0];
        Assert.Equal(
            ["id", "timestamp", "reason", "severity", "drift_score", "sample_count", "details", "resolved", "resolved_at", "resolved_by", "resolution_notes", "alert_sent", "alert_sent_at", "alert_response"],
            incident.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("P2", true, "prices are in", false), (incident.GetText("severity"), incident.GetProperty("resolved").GetBoolean(), incident.GetText("resolution_notes"), incident.GetProperty("alert_sent").GetBoolean()));
        Assert.Equal(200, (await house.AskAsync("POST", prefix + "/circuit-breaker/enable", "{}", key)).Status);
    }

    [Fact]
    [Trait("id", "D4-35")]
    public async Task What_is_no_order_changes_nothing()
    {
        var key = ("X-AOS-Key", house.Key());
        foreach (var body in new[] { "{}", """{"reason":"  "}""", """{"reason":"x","ttl_hours":-1}""", """{"reason":"x","ttl_hours":"2"}""", """{"reason":"x","until":"2026"}""", $$"""{"reason":"{{new string('x', 501)}}"}""" })
            Assert.Equal(422, (await house.AskAsync("POST", "/costsim/circuit-breaker/disable", body, key)).Status);
        foreach (var query in new[] { "limit=0", "limit=101", "include_resolved=perhaps" }) Assert.Equal(422, (await house.AskAsync("/costsim/v2/incidents?" + query)).Status);
        Assert.Equal(422, (await house.AskAsync("POST", "/costsim/v2/reset?reason=" + new string('x', 501), null, key)).Status);

        Assert.Empty((await house.AskAsync("/costsim/circuit-breaker"))["changes"].EnumerateArray());
    }

    [Fact]
    [Trait("id", "D4-36")]
    public async Task Tenants_see_it_but_neither_who_acted_nor_what_was_reported_and_change_nothing()
    {
        var breaker = house.Get<ICostBreaker>();
        for (var i = 0; i < 3; i++) await breaker.ReportAsync(new BreakerReport(0.9, 1, Json.Parse("""{"plan":"of another tenant"}""")), TestContext.Current.CancellationToken);
        var first = ("X-AOS-Key", house.Key());
        await house.AskAsync("POST", "/costsim/circuit-breaker/disable", """{"reason":"by hand"}""", first);
        var made = await house.AskAsync("POST", "/api/v1/keys", """{"name":"t","roles":["admin"],"tenant_id":"acme"}""", first);
        var tenant = ("X-AOS-Key", made["key"].GetString()!);

        var seen = await house.AskAsync("GET", "/costsim/v2/incidents?include_resolved=true", null, tenant);
        var state = await house.AskAsync("GET", "/costsim/circuit-breaker", null, tenant);
        Assert.Equal((2, "open", JsonValueKind.Null), (seen["total"].GetInt32(), state["status"].GetString(), state["disabled_by"].ValueKind));
        Assert.DoesNotContain("another tenant", seen.Body.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("key:", seen.Body.GetRawText() + state.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("another tenant", (await house.AskAsync("GET", "/costsim/v2/incidents?include_resolved=true", null, first)).Body.GetRawText(), StringComparison.Ordinal);
        foreach (var path in new[] { "/costsim/v2/reset", "/costsim/circuit-breaker/enable", "/costsim/circuit-breaker/disable" })
            Assert.Equal(403, (await house.AskAsync("POST", path, """{"reason":"x"}""", tenant)).Status);
    }
}
