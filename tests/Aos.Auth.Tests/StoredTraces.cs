using System.Text.Json;

namespace Aos.Auth.Tests;

/// <summary>Traces that clients store are held against their roots, kept whole, and found beside those of runs.</summary>
public sealed class StoredTraces : IAsyncLifetime
{
    private const string One = "47ac1afc78b5d71366ff6556d46a39fc33c86fb2de906b5a7b1f1fc7e876e029";
    private AuthHouse house = null!;
    private (string, string) acme;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "B8-TRACE-20")]
    [Trait("id", "W-16")]
    public async Task A_trace_of_an_SDK_comes_back_whole_and_verifies()
    {
        var trace = Traces.Made(steps: 3) with { Metadata = Json.Parse("""{"note":"n"}""") };
        var stored = await StoreAsync(Traces.Order(trace, """ "run_id":"r-1","agent_id":"a" """));

        var shown = await AskAsync("GET", "/api/v1/traces/r-1");
        var again = Trace11.Read((await AskAsync("GET", $"/api/v1/traces/{stored.Text("trace_id")}?schema=1.1")).Body);

        Assert.Equal((201, trace.RootHash, true), (stored.Status, stored.Text("root_hash"), stored["stored"].GetBoolean()));
        Assert.True(again.Verify());
        Assert.Equal(Json.Write(trace.WriteTo).GetRawText(), Json.Write(again.WriteTo).GetRawText());
        Assert.Equal(
            ("r-1", "r-1", "acme", "a", "completed", trace.RootHash, PythonJson.HashTrace(trace.Plan), Traces.At, "1.1"),
            (shown.Text("run_id"), shown.Text("correlation_id"), shown.Text("tenant_id"), shown.Text("agent_id"), shown.Text("status"), shown.Text("root_hash"), shown.Text("plan_hash"),
                shown.Text("frozen_timestamp"), shown.Text("schema_version")));
        var step = shown["steps"][1];
        Assert.Equal(
            ("test", "test", "success", "success", "SUCCESS", "key-42-1", "execute", trace.Steps[1].InputHash, trace.Steps[1].OutputHash),
            (step.GetText("skill_name"), step.GetText("skill_id"), step.GetText("status"), step.GetText("outcome"), step.GetText("outcome_category"), step.GetText("idempotency_key"),
                step.GetText("replay_behavior"), step.GetText("input_hash"), step.GetText("output_hash")));
    }

    [Fact]
    [Trait("id", "B8-TRACE-21")]
    [Trait("id", "W-16")]
    public async Task A_trace_in_the_server_s_words_keeps_them_and_gets_its_hashes()
    {
        const string Body = """
            {"run_id":"r","seed":0,"frozen_timestamp":"2025-01-01T00:00:00Z","status":"failed","started_at":"2025-01-01T00:00:00Z","completed_at":"2025-01-01T00:00:05Z","plan":[],
             "steps":[{"step_index":0,"skill_name":"http_call","params":{"n":1},"status":"retry","outcome_category":"TRANSIENT","outcome_code":"TIMEOUT","cost_cents":1.5,"duration_ms":2.25,"retry_count":2},
                      {"step_index":1,"skill_name":"http_call","params":{"n":1},"status":"failure","outcome_code":"TIMEOUT","outcome_data":{"y":2},"replay_behavior":"check"}]}
            """;
        var stored = await StoreAsync(Traces.Order(Body));
        var shown = await AskAsync("GET", "/api/v1/traces/r");
        var line = (await AskAsync("GET", "/api/v1/traces?source=client"))["traces"][0];

        Assert.Equal(201, stored.Status);
        Assert.Equal(("0", "failed"), (shown["seed"].GetRawText(), shown.Text("status")));
        Assert.Matches("^[0-9a-f]{64}$", shown.Text("root_hash"));
        var (first, second) = (shown["steps"][0], shown["steps"][1]);
        Assert.Equal(("http_call", "retry", "TRANSIENT", 1.5m, 2.25m, 2), (first.GetText("skill_name"), first.GetText("status"), first.GetText("outcome_category"), first.GetProperty("cost_cents").GetDecimal(), first.GetProperty("duration_ms").GetDecimal(), first.GetProperty("retry_count").GetInt32()));
        Assert.Equal(("failure", "TRANSIENT", "TIMEOUT", "check"), (second.GetText("status"), second.GetText("outcome_category"), second.GetText("outcome_code"), second.GetText("replay_behavior")));
        Assert.Equal((PythonJson.HashData(Json.Parse("""{"n":1}""")), "9a51a7767c3d6fba"), (second.GetText("input_hash"), second.GetText("output_hash")));
        Assert.Equal((2, 0, 1, 1.5m, 2.25m, "0", shown.Text("root_hash")), (line.GetProperty("total_steps").GetInt32(), line.GetProperty("success_count").GetInt32(), line.GetProperty("failure_count").GetInt32(),
            line.GetProperty("total_cost_cents").GetDecimal(), line.GetProperty("total_duration_ms").GetDecimal(), line.GetProperty("seed").GetRawText(), line.GetText("root_hash")));
    }

    [Fact]
    [Trait("id", "B8-TRACE-22")]
    public async Task The_root_of_the_SDKs_vectors_is_accepted_and_computed_where_it_is_absent()
    {
        var vector = new Trace11 { Seed = "42", Timestamp = Traces.At }.Add("test", Json.Parse("""{"x":1}"""), Json.Parse("""{"y":2}"""), "abc123", "success");

        Assert.Equal(One, (await StoreAsync(Traces.Order(vector.Finalize(), """ "trace_id":"with" """))).Text("root_hash"));
        Assert.Equal(One, (await StoreAsync(Traces.Order(Traces.With(vector, ("root_hash", null), ("trace_id", "\"without\""))))).Text("root_hash"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-23")]
    [Trait("id", "ROOT-05")]
    [Trait("id", "W-18")]
    public async Task A_root_that_does_not_come_out_is_refused_and_the_step_can_be_found()
    {
        var trace = Traces.Made(steps: 3);
        var changed = trace with { Steps = trace.Steps.SetItem(1, trace.Steps[1] with { Outcome = "failure" }) };

        var refused = await StoreAsync(Traces.Order(changed, """ "run_id":"r" """));
        var cut = await StoreAsync(Traces.Order(Traces.With(trace, ("root_hash", $"\"{trace.Chain()[2]}\""), ("run_id", "\"r\""))));
        var plan = await StoreAsync(Traces.Order(trace, $""" "run_id":"r","plan_hash":"{One}" """));
        var step = await StoreAsync(Traces.Order(Traces.With(trace, ("run_id", "\"r\""), ("root_hash", null), ("steps", $$"""[{"skill_id":"a","outcome":"success","step_hash":"{{One}}"}]"""))));

        Assert.Equal((400, 400, 400, 400), (refused.Status, cut.Status, plan.Status, step.Status));
        Assert.Contains(changed.ComputeRoot(), refused.Text("error.message"), StringComparison.Ordinal);
        var (ours, theirs) = (refused["error.details.steps"].EnumerateArray().Select(one => one.GetText("root_hash")).ToArray(), trace.Chain()[1..]);
        Assert.Equal(1, Enumerable.Range(0, 3).First(i => ours[i] != theirs[i]));
        Assert.Equal(2, cut["error.details.step_index"].GetInt32());
        Assert.Contains(PythonJson.HashTrace(trace.Plan), plan.Text("error.message"), StringComparison.Ordinal);
        Assert.Contains("steps[0].step_hash", step.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(404, (await AskAsync("GET", "/api/v1/traces/r")).Status);
        Assert.Equal(0, await house.CountAsync("client_trace_steps"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-25")]
    public async Task Too_many_steps_and_too_many_bytes_are_refused()
    {
        var steps = string.Join(',', Enumerable.Repeat("{}", 10_001));
        var many = await StoreAsync($$$"""{"trace":{"run_id":"r","steps":[{{{steps}}}]}}""");
        var large = await StoreAsync($$$$"""{"trace":{"run_id":"r","metadata":{"v":"{{{{new string('x', 4 * 1024 * 1024)}}}}"}}}""");
        var most = await StoreAsync($$$"""{"trace":{"run_id":"r","steps":[{{{string.Join(',', Enumerable.Repeat("{}", 250))}}}]}}""");

        Assert.Equal((400, "INPUT_TOO_LARGE"), (many.Status, many.Text("error.code")));
        Assert.Equal((400, "INPUT_TOO_LARGE"), (large.Status, large.Text("error.code")));
        Assert.Equal(201, most.Status);
        Assert.Equal(Enumerable.Range(0, 250), (await AskAsync("GET", "/api/v1/traces/r"))["steps"].EnumerateArray().Select(step => step.GetProperty("step_index").GetInt32()));
    }

    [Fact]
    [Trait("id", "B8-TRACE-26")]
    [Trait("id", "W-18")]
    public async Task An_existing_trace_is_replaced_only_when_that_is_asked_for()
    {
        var (first, second) = (Traces.Made("1", 2), Traces.Made("2"));
        await StoreAsync(Traces.Order(first, """ "run_id":"r" """));

        var refused = await StoreAsync(Traces.Order(second, """ "run_id":"r" """));
        var kept = await AskAsync("GET", "/api/v1/traces/r");
        var replaced = await StoreAsync(Traces.Order(second, """ "run_id":"r" """, overwrite: true));
        var now = await AskAsync("GET", "/api/v1/traces/r");

        Assert.Equal((409, first.RootHash), (refused.Status, kept.Text("root_hash")));
        Assert.Equal((201, second.RootHash, 1), (replaced.Status, now.Text("root_hash"), now["steps"].GetArrayLength()));
        Assert.Equal((1, 1), (await house.CountAsync("client_traces"), await house.CountAsync("client_trace_steps")));
        var record = (await house.AsFirstAsync("GET", "/api/v1/audit?all_tenants=true&resource=trace&limit=1"))["entries"][0];
        Assert.Equal(("write", "POST", 201), (record.GetText("action"), record.GetText("method"), record.GetProperty("status").GetInt32()));
        Assert.NotEqual(record.GetText("before"), record.GetText("after"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-27")]
    [Trait("id", "W-18")]
    public async Task Two_tenants_may_use_one_id_and_neither_reaches_the_other_s()
    {
        var rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
        var (ours, theirs) = (Traces.Made("1"), Traces.Made("2"));
        await StoreAsync(Traces.Order(ours, """ "trace_id":"t" """));

        Assert.Equal(404, (await house.AskAsync("GET", "/api/v1/traces/t", null, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("GET", $"/api/v1/traces/by-hash/{ours.RootHash}", null, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("DELETE", "/api/v1/traces/t", null, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("POST", "/api/v1/traces/t/mismatch", """{"step_index":0,"reason":"r"}""", rival)).Status);
        Assert.Equal(201, (await house.AskAsync("POST", "/api/v1/traces", Traces.Order(theirs, """ "trace_id":"t" """, overwrite: true), rival)).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/traces?tenant_id=acme", null, rival)).Status);
        Assert.Equal(0, (await house.AskAsync("POST", "/api/v1/traces/cleanup?days=1", "{}", rival))["deleted_count"].GetInt32());
        Assert.Equal(ours.RootHash, (await AskAsync("GET", "/api/v1/traces/t")).Text("root_hash"));
        Assert.Equal(1, (await AskAsync("GET", "/api/v1/traces"))["total"].GetInt32());
        Assert.False((await house.AskAsync("GET", "/api/v1/traces/idempotency/key-1-0", null, rival))["executed"].GetBoolean());
        Assert.Equal(1, (await house.AsFirstAsync("GET", "/api/v1/traces?tenant_id=acme"))["total"].GetInt32());
    }

    [Fact]
    [Trait("id", "B8-TRACE-28")]
    [Trait("id", "W-18")]
    public async Task Roles_may_do_what_they_are_for()
    {
        await StoreAsync(Traces.Order(Traces.Made(), """ "trace_id":"t" """));
        var report = (await AskAsync("POST", "/api/v1/traces/t/mismatch", """{"step_index":0,"reason":"r"}""")).Text("mismatch_id");
        (string Method, string Path, string? Body, string Least)[] asked =
        [
            ("GET", "/api/v1/traces", null, "read"), ("GET", "/api/v1/traces/t", null, "read"), ("GET", "/api/v1/traces/t/mismatches", null, "read"),
            ("POST", "/api/v1/traces", "{}", "write"), ("POST", "/api/v1/traces/t/mismatch", "{}", "write"),
            ("POST", $"/api/v1/traces/none/mismatches/{report}/resolve", null, "operate"), ("POST", $"/api/v1/traces/mismatches/bulk-report?mismatch_ids={Guid.Empty}", null, "operate"),
            ("DELETE", "/api/v1/traces/none", null, "delete"), ("POST", "/api/v1/traces/cleanup?days=0", null, "admin"),
        ];
        foreach (var (role, rights) in new[] { ("traces:read", "read"), ("traces:write", "read write"), ("machine", "read write"), ("operator", "read write operate delete"), ("admin", "read write operate delete admin") })
        {
            var key = ("X-AOS-Key", (await house.KeyAsync(role, """ "tenant_id":"acme","tier":"unlimited" """)).Text);
            foreach (var (method, path, body, least) in asked)
                Assert.True(((await house.AskAsync(method, path, body, key)).Status == 403) == !rights.Split(' ').Contains(least), $"{role} {method} {path}");
        }
    }

    [Fact]
    [Trait("id", "B8-TRACE-29")]
    [Trait("id", "W-16")]
    public async Task Every_filter_filters_and_the_total_is_of_what_fits()
    {
        await StoreAsync(Traces.Order(Traces.Made("1"), """ "trace_id":"a","agent_id":"x","status":"failed" """));
        await StoreAsync(Traces.Order(Traces.Made("2", skill: "other"), """ "trace_id":"b","agent_id":"y" """));
        await StoreAsync(Traces.Order(Traces.Made("2", 2), """ "trace_id":"c","agent_id":"x" """));
        var run = (await AskAsync("POST", "/api/v1/runs?wait=30", """{"agent_id":"x","seed":2,"plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""")).Text("run_id")!;
        var (ran, other) = (await AskAsync("GET", $"/api/v1/traces/{run}"), await AskAsync("GET", "/api/v1/traces/b"));
        (string Query, string[] Ids)[] cases =
        [
            ("", [run, "c", "b", "a"]), ("agent_id=x", [run, "c", "a"]), ("status=failed", ["a"]), ("status=completed", [run, "c", "b"]), ("status=odd", []),
            ("seed=2", [run, "c", "b"]), ("seed=0", []), ("seed=2&agent_id=x", [run, "c"]), ("seed=2&source=client", ["c", "b"]), ("source=run", [run]),
            ($"root_hash={other.Text("root_hash")}", ["b"]), ($"root_hash={ran.Text("root_hash")}", [run]),
            ($"plan_hash={other.Text("plan_hash")}", ["b"]), ($"plan_hash={ran.Text("plan_hash")}", [run]),
            ("from_date=2999-01-01", []), ("to_date=2000-01-01", []), ("from_date=2000-01-01&to_date=2999-01-01T00:00:00Z", [run, "c", "b", "a"]),
        ];
        foreach (var (query, ids) in cases)
        {
            var page = await AskAsync("GET", $"/api/v1/traces?{query}");
            Assert.Equal(ids, page["traces"].EnumerateArray().Select(trace => trace.GetText("trace_id")!));
            Assert.True(page["total"].GetInt32() == ids.Length, query);
        }

        var middle = await AskAsync("GET", "/api/v1/traces?limit=2&offset=1");
        Assert.Equal(["c", "b"], middle["traces"].EnumerateArray().Select(trace => trace.GetText("trace_id")!));
        Assert.Equal((4, 2, 1), (middle["total"].GetInt32(), middle["limit"].GetInt32(), middle["offset"].GetInt32()));
        foreach (var wrong in new[] { "seed=x", "from_date=soon", "source=me", "limit=0", "limit=1001", "offset=10001" }) Assert.Equal(422, (await AskAsync("GET", $"/api/v1/traces?{wrong}")).Status);
    }

    [Fact]
    [Trait("id", "B8-TRACE-30")]
    public async Task Traces_of_runs_and_of_clients_are_found_by_hash_and_compared_with_one_another()
    {
        var run = (await AskAsync("POST", "/api/v1/runs?wait=30", """{"seed":7,"plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""")).Text("run_id")!;
        var again = (await AskAsync("POST", "/api/v1/runs?wait=30", """{"seed":7,"plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""")).Text("run_id")!;
        var sdk = (await AskAsync("GET", $"/api/v1/traces/{run}?schema=1.1")).Body.GetRawText();
        Assert.Equal(201, (await StoreAsync(Traces.Order(sdk, """ "trace_id":"copy" """))).Status);
        await StoreAsync(Traces.Order(Traces.Made("8", 2), """ "trace_id":"other" """));

        var equal = await AskAsync("GET", $"/api/v1/traces/compare/{run}/copy");
        var runs = await AskAsync("GET", $"/api/v1/traces/compare/{run}/{again}");
        var differs = await AskAsync("GET", $"/api/v1/traces/compare/{run}/other");
        var root = (await AskAsync("GET", $"/api/v1/traces/{run}")).Text("root_hash");

        Assert.True(equal["match"].GetBoolean(), equal.Body.GetRawText());
        Assert.Equal(equal.Text("trace1_root_hash"), equal.Text("trace2_root_hash"));
        Assert.True(runs["match"].GetBoolean(), runs.Body.GetRawText());
        Assert.Equal((root, root), (runs.Text("trace1_root_hash"), runs.Text("trace2_root_hash")));
        Assert.False(differs["match"].GetBoolean());
        Assert.Equal(["root_hash", "seed", "frozen_timestamp", "step_count", "step[0].skill_name"], differs["differences"].EnumerateArray().Select(one => one.GetText("field")!));
        Assert.Contains("and 2 more", differs.Text("summary"), StringComparison.Ordinal);
        Assert.Equal(again, (await AskAsync("GET", $"/api/v1/traces/by-hash/{root}")).Text("run_id"));
        Assert.Equal("copy", (await AskAsync("GET", $"/api/v1/traces/by-hash/{equal.Text("trace2_root_hash")}")).Text("trace_id"));
        Assert.Contains("none", (await AskAsync("GET", $"/api/v1/traces/compare/{run}/none")).Text("detail"), StringComparison.Ordinal);
        Assert.Equal((404, 404), ((await AskAsync("GET", "/api/v1/traces/compare/none/copy")).Status, (await AskAsync("GET", $"/api/v1/traces/by-hash/{One}")).Status));
        Assert.Equal(409, (await AskAsync("DELETE", $"/api/v1/traces/{run}")).Status);
        Assert.Equal(409, (await StoreAsync(Traces.Order(sdk, $""" "trace_id":"{run}" """, overwrite: true))).Status);
    }

    [Fact]
    [Trait("id", "W-14")]
    public async Task What_the_root_leaves_out_is_covered_by_the_full_hash()
    {
        var trace = Traces.Made();
        (string Id, Trace11 Trace)[] stored =
        [
            ("a", trace), ("b", trace with { Plan = Json.Parse("[]") }), ("c", trace with { Metadata = Json.Parse("""{"v":1}""") }), ("d", trace with { Version = "1.1" }),
        ];
        foreach (var (id, one) in stored) await StoreAsync(Traces.Order(one, $""" "trace_id":"{id}" """));
        await StoreAsync(Traces.Order(trace, """ "trace_id":"e" """));

        var hashes = new List<string>();
        foreach (var (id, _) in stored)
        {
            var shown = await AskAsync("GET", $"/api/v1/traces/{id}");
            Assert.Equal(trace.RootHash, shown.Text("root_hash"));
            hashes.Add(shown.Text("full_hash")!);
        }

        Assert.Equal(4, hashes.Distinct().Count());
        Assert.Equal(hashes[0], (await AskAsync("GET", "/api/v1/traces/e")).Text("full_hash"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-31")]
    [Trait("id", "W-16")]
    public async Task A_trace_is_deleted_with_all_that_is_of_it()
    {
        await StoreAsync(Traces.Order(Traces.Made(steps: 2), """ "trace_id":"t" """));
        await AskAsync("POST", "/api/v1/traces/t/mismatch", """{"step_index":0,"reason":"r"}""");

        Assert.Equal(204, (await AskAsync("DELETE", "/api/v1/traces/t")).Status);
        Assert.Equal(404, (await AskAsync("DELETE", "/api/v1/traces/t")).Status);
        foreach (var table in new[] { "client_traces", "client_trace_steps", "trace_mismatches" }) Assert.Equal(0, await house.CountAsync(table));
    }

    [Fact]
    [Trait("id", "B8-TRACE-32")]
    [Trait("id", "W-19")]
    public async Task No_secret_is_stored_and_the_hashes_are_those_of_the_true_values()
    {
        const string Secret = "hunter2-hunter2";
        var token = $"ghp_{new string('A', 36)}";
        var plan = $$"""[{"skill":"s","params":[{"db_password":"{{Secret}}"}]}]""";
        var deep = string.Concat(Enumerable.Repeat("""{"a":[""", 20)) + $$"""{"x-api-key":"{{Secret}}"}""" + string.Concat(Enumerable.Repeat("]}", 20));
        var steps = $$$"""
            [{"skill_name":"s","status":"success","params":[{"cookie":"{{{Secret}}}"},{{{deep}}}],"outcome_data":{"text":"mail jo@example.com with {{{token}}}","inner":"{\"clientSecret\":\"{{{Secret}}}\"}","max_tokens":7,"at":1735689600000}}]
            """;
        var stored = await StoreAsync(Traces.Order($$"""{"run_id":"r","plan":{{plan}},"metadata":{"Authorization":"{{Secret}}","note":"Bearer {{Secret}}"},"steps":{{steps}}}"""));
        var shown = await AskAsync("GET", "/api/v1/traces/r");

        Assert.Equal(201, stored.Status);
        var text = shown.Body.GetRawText();
        foreach (var table in new[] { "SELECT plan, metadata FROM client_traces", "SELECT body, body FROM client_trace_steps" }) await house.ReadAsync(table, row => text += row.GetString(0) + row.GetString(1));
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        Assert.DoesNotContain("jo@example.com", text, StringComparison.Ordinal);
        Assert.Equal((7, 1735689600000), (shown["steps"][0].GetProperty("outcome_data").GetProperty("max_tokens").GetInt32(), shown["steps"][0].GetProperty("outcome_data").GetProperty("at").GetInt64()));
        Assert.Equal(PythonJson.HashTrace(Json.Parse(plan)), shown.Text("plan_hash"));
        Assert.Equal(PythonJson.HashData(Json.Parse(steps)[0].GetProperty("params")), shown["steps"][0].GetText("input_hash"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-33")]
    public async Task Stored_traces_count_to_what_a_tenant_may_store()
    {
        await StoreAsync(Traces.Order(Traces.Made(), """ "trace_id":"t" """));
        await house.AsFirstAsync("PUT", "/api/v1/tenants/acme", """{"quota":{"storage_bytes":100}}""");
        await house.Chore("tenant-storage").PassAsync(TestContext.Current.CancellationToken);

        var refused = await StoreAsync(Traces.Order(Traces.Made("9"), """ "trace_id":"u" """));

        Assert.Equal((429, "QUOTA_EXHAUSTED"), (refused.Status, refused.Text("error.code")));
    }

    [Fact]
    [Trait("id", "B8-TRACE-34")]
    [Trait("id", "W-23")]
    public async Task What_is_asked_of_traces_is_measured_without_a_tenant_s_name()
    {
        await StoreAsync(Traces.Order(Traces.Made(), """ "trace_id":"t" """));
        await AskAsync("GET", "/api/v1/traces/t");
        await AskAsync("GET", "/api/v1/traces/none");

        var page = (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;

        Assert.Contains("aos_trace_requests_total{operation=\"store\",status=\"success\",tenant_id=\"822b33ad\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("aos_trace_requests_total{operation=\"get\",status=\"error\",tenant_id=\"822b33ad\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("aos_trace_steps_count_bucket{tenant_id=\"822b33ad\",le=\"1\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("aos_traces_build_info{version=\"1.1\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("tenant_id=\"acme\"", page, StringComparison.Ordinal);
    }

    private Task<Reply> StoreAsync(string order) => AskAsync("POST", "/api/v1/traces", order);

    private Task<Reply> AskAsync(string method, string path, string? body = null) => house.AskAsync(method, path, body, acme);
}
