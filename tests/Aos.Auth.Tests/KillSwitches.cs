using System.Globalization;

namespace Aos.Auth.Tests;

/// <summary>Kill switches over HTTP: what each scope stops, who may, and what goes on afterwards.</summary>
public sealed class KillSwitches : IAsyncLifetime
{
    private const string Engage = "/api/v1/killswitches/engage";
    private const string Release = "/api/v1/killswitches/release";

    private AuthHouse house = null!;
    private HoldingPeer peer = null!;
    private MadeKey acme = null!, rival = null!;

    public async ValueTask InitializeAsync()
    {
        peer = await HoldingPeer.OpenAsync();
        house = await AuthHouse.OpenAsync();
        acme = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        rival = await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """);
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "SWITCH-10")]
    [Trait("id", "W-07")]
    public async Task A_tenants_switch_calls_off_what_is_under_way_and_ends_what_waits()
    {
        var held = await StartAsync(acme, $$$"""{"name":"p","on_failure":"compensate","steps":[{{{Call("done")}}},{"id":"hold","skill":"http_call","params":{"url":"{{{peer.Url}}}/hold?acme"}},{{{Call("after")}}}]}""");
        var parked = await StartAsync(acme, """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        var other = await StartAsync(rival, $$$"""{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        Assert.Equal("?acme", await peer.BeganAsync());

        var engaged = await house.AsAsync(acme, "POST", Engage, """{"reason":"wrong invoices"}""");
        Assert.Equal((201, "tenant", "acme", true), (engaged.Status, engaged.Text("scope"), engaged.Text("tenant_id"), engaged["engaged"].GetBoolean()));

        Assert.Equal("?acme", await peer.EndedAsync());
        foreach (var run in new[] { held, parked })
        {
            var ended = await EndedAsync(acme, run);
            Assert.Equal(("failed", "EMERGENCY_STOP", "wrong invoices"), (ended.Text("status"), ended.Text("outcome.error.code"), ended.Text("outcome.error.details.reason")));
            Assert.Contains("retry", ended.Text("outcome.error.recovery_suggestion")!, StringComparison.Ordinal);
        }

        Assert.Equal(["/done", "/hold"], peer.Seen);
        Assert.Equal("succeeded", (await house.AsAsync(acme, "GET", $"/api/v1/runs/{held}?wait=0"))["steps"][0].GetText("status"));
        var refused = await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"plan":[{"skill":"echo"}]}""");
        Assert.Equal((503, "EMERGENCY_STOP", false), (refused.Status, refused.Text("error.code"), refused["error.retryable"].GetBoolean()));
        Assert.Equal("waiting", (await house.AsAsync(rival, "GET", $"/api/v1/runs/{other}?wait=0")).Text("status"));
        Assert.Equal("succeeded", (await house.AsAsync(rival, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}]}""")).Text("status"));
    }

    [Fact]
    [Trait("id", "SWITCH-05")]
    public async Task The_record_of_a_stopped_run_verifies_and_its_replay_decides_the_same()
    {
        var run = await StartAsync(acme, $$$"""{"name":"p","steps":[{"id":"a","skill":"echo"},{"id":"hold","skill":"http_call","params":{"url":"{{{peer.Url}}}/hold?x"}}]}""");
        await peer.BeganAsync();
        await house.AsAsync(acme, "POST", Engage, """{"reason":"stop"}""");
        await EndedAsync(acme, run);

        var verdict = await house.AsAsync(acme, "GET", $"/api/v1/runs/{run}/trace/verify");
        Assert.True(verdict["ok"].GetBoolean(), verdict.Body.GetRawText());
        var replay = await house.AsAsync(acme, "POST", $"/api/v1/runtime/replay/{run}", """{"mode":"verify"}""");
        Assert.True(replay["success"].GetBoolean() && replay["parity_check.is_parity"].GetBoolean(), replay.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "SWITCH-11")]
    public async Task A_workflows_switch_stops_its_runs_and_those_below_them_and_no_others()
    {
        const string waits = """{"id":"a","await":{"signal":"go"}}""";
        await house.AsAsync(acme, "POST", "/api/v1/workflows", $$$"""{"name":"stopped","plan":{"name":"stopped","steps":[{"id":"c","run":{"plan":{"name":"inner","steps":[{{{waits}}}]} } }] } }""");
        await house.AsAsync(acme, "POST", "/api/v1/workflows", $$$"""{"name":"stopped-not","plan":{"name":"stopped-not","steps":[{{{waits}}}] } }""");
        var run = (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"workflow_id":"stopped"}""")).Text("run_id")!;
        var other = (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"workflow_id":"stopped-not"}""")).Text("run_id")!;
        await house.WaitsAsync(run, "acme");
        var child = (await ChildAsync(run))!;

        Assert.Equal("workflow", (await house.AsAsync(acme, "POST", Engage, """{"workflow":"stopped","reason":"wrong"}""")).Text("scope"));

        foreach (var one in new[] { run, child }) Assert.Equal("EMERGENCY_STOP", (await EndedAsync(acme, one)).Text("outcome.error.code"));
        Assert.Equal("waiting", (await house.AsAsync(acme, "GET", $"/api/v1/runs/{other}?wait=0")).Text("status"));
        Assert.Equal("stopped", (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"workflow_id":"stopped"}""")).Text("error.details.workflow"));
        Assert.Equal(201, (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"workflow_id":"stopped-not"}""")).Status);

        var parent = (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=30", """{"plan":{"name":"p","steps":[{"id":"c","on_error":"continue","run":{"plan":{"$ref":"workflow:stopped@1"}}},{"id":"e","skill":"echo"}]}}"""));
        Assert.True(parent.Text("status") == "succeeded" && parent["steps"][0].Get("error")?.GetText("code") == "EMERGENCY_STOP", parent.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "SWITCH-12")]
    public async Task The_houses_switch_stops_every_tenant_and_only_the_house_has_it()
    {
        var runs = new[] { (acme, await StartAsync(acme, Waits)), (rival, await StartAsync(rival, Waits)) };
        foreach (var key in new[] { acme, rival })
        {
            var refused = await house.AsAsync(key, "POST", "/api/v1/killswitches/house/engage", """{"reason":"mine"}""");
            Assert.Equal((403, "house-only"), (refused.Status, refused.Text("error.details.reason")));
        }

        Assert.Equal((201, "house"), Told(await house.AsFirstAsync("POST", "/api/v1/killswitches/house/engage", """{"reason":"provider breach"}""")));

        foreach (var (key, run) in runs)
        {
            Assert.Equal("house", (await EndedAsync(key, run)).Text("outcome.error.details.scope"));
            Assert.Equal(503, (await house.AsAsync(key, "POST", "/api/v1/runs?wait=0", """{"plan":[{"skill":"echo"}]}""")).Status);
            var seen = (await house.AsAsync(key, "GET", "/api/v1/killswitches"))["switches"][0];
            Assert.Equal(("house", "provider breach", null), (seen.GetText("scope"), seen.GetText("reason"), seen.GetText("engaged_by")));
            Assert.Equal(403, (await house.AsAsync(key, "POST", "/api/v1/killswitches/house/release")).Status);
        }

        Assert.Equal(200, (await house.AsFirstAsync("POST", "/api/v1/killswitches/house/release", """{"reason":"rotated"}""")).Status);
        Assert.Equal("succeeded", (await house.AsAsync(rival, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}]}""")).Text("status"));
    }

    [Fact]
    [Trait("id", "SWITCH-13")]
    public async Task Released_it_lets_new_runs_begin_and_stopped_ones_go_on_when_retried()
    {
        var run = await StartAsync(acme, $$$"""{"name":"p","steps":[{{{Call("once")}}},{"id":"b","await":{"signal":"go"}}]}""");
        await house.WaitsAsync(run, "acme");
        await house.AsAsync(acme, "POST", Engage, """{"reason":"stop"}""");
        await EndedAsync(acme, run);
        Assert.Equal((503, "EMERGENCY_STOP"), Refused(await house.AsAsync(acme, "POST", $"/api/v1/runs/{run}/retry")));

        var again = await house.AsAsync(acme, "POST", Engage, """{"reason":"another"}""");
        Assert.Equal((200, "stop"), (again.Status, again.Text("reason")));
        Assert.Equal(200, (await house.AsAsync(acme, "POST", Release, """{"reason":"fixed"}""")).Status);
        Assert.Equal((404, "NOT_FOUND"), Refused(await house.AsAsync(acme, "POST", Release)));

        Assert.Equal("succeeded", (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}]}""")).Text("status"));
        Assert.True((await house.AsAsync(acme, "POST", $"/api/v1/runs/{run}/retry")).Status is 200 or 202);
        await house.AsAsync(acme, "POST", $"/api/v1/runs/{run}/signals/go", "{}");
        Assert.Equal("succeeded", (await EndedAsync(acme, run)).Text("status"));
        Assert.Equal(["/once"], peer.Seen);
    }

    [Fact]
    [Trait("id", "SWITCH-14")]
    public async Task Both_are_on_record_with_who_and_why()
    {
        await house.AsAsync(acme, "POST", Engage, """{"reason":"wrong amounts","workflow":"invoices"}""");
        await house.AsAsync(acme, "POST", Release, """{"reason":"fixed in 2.1.0","workflow":"invoices"}""");

        var audit = (await house.AsAsync(acme, "GET", "/api/v1/audit?resource=killswitch"));
        var entries = audit["entries"].EnumerateArray().ToList();
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(("operate", true, $"key:{acme.Id}"), (entry.GetText("action"), entry.GetProperty("allowed").GetBoolean(), entry.GetText("principal") ?? entry.GetText("subject"))));
        var former = (await house.AsAsync(acme, "GET", "/api/v1/killswitches?released=10"))["switches"][0];
        Assert.Equal(("invoices", "wrong amounts", "fixed in 2.1.0", false), (former.GetText("workflow"), former.GetText("reason"), former.GetText("release_reason"), former.GetProperty("engaged").GetBoolean()));
        Assert.Equal((former.GetText("engaged_by"), former.GetText("released_by")), ($"key:{acme.Id}", $"key:{acme.Id}"));
        Assert.Equal(0, (await house.AsAsync(rival, "GET", "/api/v1/audit?resource=killswitch"))["entries"].GetArrayLength());
    }

    [Fact]
    [Trait("id", "SWITCH-15")]
    public async Task A_tenant_neither_sees_nor_releases_anothers()
    {
        await house.AsAsync(acme, "POST", Engage, """{"reason":"ours","workflow":"invoices"}""");

        Assert.Equal(0, (await house.AsAsync(rival, "GET", "/api/v1/killswitches?released=10"))["count"].GetInt32());
        Assert.Equal(403, (await house.AsAsync(rival, "GET", "/api/v1/killswitches?all_tenants=true")).Status);
        Assert.Equal(404, (await house.AsAsync(rival, "POST", Release, """{"workflow":"invoices"}""")).Status);
        Assert.Equal(403, (await house.AskAsync("POST", Engage, """{"reason":"x"}""", ("X-AOS-Key", rival.Text), ("X-Tenant-ID", "acme"))).Status);
        Assert.Equal(1, (await house.AsFirstAsync("GET", "/api/v1/killswitches?all_tenants=true"))["count"].GetInt32());

        var operators = await house.KeyAsync("operator", """ "tenant_id":"acme" """);
        Assert.Equal(1, (await house.AsAsync(operators, "GET", "/api/v1/killswitches"))["count"].GetInt32());
        Assert.Equal(403, (await house.AsAsync(operators, "POST", Engage, """{"reason":"x"}""")).Status);
        var bound = await house.KeyAsync("admin", """ "tenant_id":"acme","agent_id":"bot" """);
        Assert.Equal((403, "PERMISSION_DENIED"), Refused(await house.AsAsync(bound, "POST", Release, """{"workflow":"invoices"}""")));
        var forAcme = await house.AskAsync("POST", Release, """{"workflow":"invoices"}""", ("X-AOS-Key", AuthHouse.FirstKey), ("X-Tenant-ID", "acme"));
        Assert.Equal((200, "acme"), (forAcme.Status, forAcme.Text("tenant_id")));
    }

    [Fact]
    [Trait("id", "SWITCH-17")]
    public async Task No_goal_is_planned_and_whoever_asks_what_an_agent_may_is_told()
    {
        var agent = (await house.AsAsync(acme, "POST", "/agents", """{"name":"a"}""")).Text("agent_id");
        await house.AsAsync(acme, "POST", Engage, """{"reason":"stop"}""");

        Assert.Equal("EMERGENCY_STOP", (await house.AsAsync(acme, "POST", $"/agents/{agent}/goals", """{"goal":"echo hello"}""")).Text("error.code"));
        var can = await house.AsAsync(acme, "GET", $"/api/v1/rbac/can?action=use&resource=skill:echo&agent={agent}");
        Assert.Equal((false, "kill_switch"), (can["allowed"].GetBoolean(), can.Text("denied_by")));
        var simulated = await house.AsAsync(acme, "POST", "/api/v1/runtime/simulate", """{"plan":[{"skill":"echo"}]}""");
        Assert.Equal((false, "tenant"), (simulated["feasible"].GetBoolean(), simulated["facts"].GetText("kill_switch") ?? simulated.Text("facts.versions.kill_switch")));
    }

    [Fact]
    [Trait("id", "SWITCH-18")]
    public async Task A_repeated_start_is_answered_with_its_run_and_a_new_one_is_refused()
    {
        var first = await house.AsAsync(acme, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}],"idempotency_key":"k1"}""");
        await house.AsAsync(acme, "POST", Engage, """{"reason":"stop"}""");

        var repeat = await house.AsAsync(acme, "POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}],"idempotency_key":"k1"}""");
        Assert.Equal((first.Text("run_id"), "succeeded"), (repeat.Text("run_id"), repeat.Text("status")));
        Assert.Equal(503, (await house.AsAsync(acme, "POST", "/api/v1/runs?wait=0", """{"plan":[{"skill":"echo"}],"idempotency_key":"k2"}""")).Status);
    }

    private const string Waits = """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""";

    private static (int, string?) Refused(Reply reply) => (reply.Status, reply.Text("error.code"));

    private static (int, string?) Told(Reply reply) => (reply.Status, reply.Text("scope"));

    private string Call(string path) => $$$"""{"id":"{{{path}}}","skill":"http_call","params":{"url":"{{{peer.Url}}}/{{{path}}}"},"compensate":{"skill":"http_call","params":{"url":"{{{peer.Url}}}/undo"} } }""";

    private async Task<string> StartAsync(MadeKey key, string plan)
    {
        var reply = await house.AsAsync(key, "POST", "/api/v1/runs?wait=0", $$"""{"plan":{{plan}} }""");
        Assert.True(reply.Status is 200 or 201 or 202, reply.Body.GetRawText());
        return reply.Text("run_id")!;
    }

    private async Task<string?> ChildAsync(string run)
    {
        var rows = await house.AsAsync(acme, "GET", $"/api/v1/runs?parent={run}");
        return rows["runs"].EnumerateArray().FirstOrDefault(row => row.GetText("parent_run_id") == run).GetText("run_id");
    }

    private Task<Reply> EndedAsync(MadeKey key, string run) => house.AsAsync(key, "GET", string.Create(CultureInfo.InvariantCulture, $"/api/v1/runs/{run}?wait={30}"));
}
