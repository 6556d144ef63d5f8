using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Aos.Contracts;
using Aos.Runs;
using Aos.Integration.Tests.Storage;

namespace Aos.Integration.Tests.Http;

/// <summary>Traces, replay and proof of real runs in a real store.</summary>
public sealed class Traces : IAsyncLifetime
{
    private const string Plan =
        """{"name":"p","seed":7,"steps":[{"id":"a","skill":"echo","params":{"n":1,"password":"hunter2"}},{"id":"w","skill":"fs_write","params":{"path":"x.txt","content":"old"}},{"id":"b","skill":"echo","params":{"v":"${{ steps.a.result }}"}}]}""";

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_run_s_trace_holds_its_events_with_the_chain()
    {
        var run = await RunAsync(Plan);

        var trace = (await GetAsync($"/api/v1/runs/{run}/trace")).Body;
        var page = (await GetAsync($"/api/v1/runs/{run}/trace?after=1&limit=2")).Body;

        Assert.Equal("aos.trace.v2", trace.GetText("schema"));
        Assert.Equal("succeeded", trace.GetText("status"));
        Assert.Equal("7", trace.GetText("seed"));
        var kinds = trace.GetProperty("events").EnumerateArray().Select(e => e.GetText("kind")).ToList();
        Assert.Equal("run.started.v1", kinds[0]);
        Assert.Equal("run.ended.v1", kinds[^1]);
        Assert.Equal([2, 3], page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("seq").GetInt32()));
        Assert.Equal(3, page.GetProperty("next_after").GetInt32());
        Assert.Equal(JsonValueKind.Null, trace.GetProperty("next_after").ValueKind);
    }

    [Fact]
    public async Task An_SDK_reads_the_trace_of_a_run_and_verifies_it()
    {
        var run = await RunAsync(Plan);

        var file = (await GetAsync($"/api/v1/runs/{run}/trace?schema=1.1")).Body;
        var trace = Trace11.Read(file);

        Assert.True(trace.Verify());
        Assert.Equal(["echo", "fs_write", "echo"], trace.Steps.Select(step => step.SkillId));
        Assert.Equal(PythonJson.HashData(Json.Parse("""{"n":1,"password":"hunter2"}""")), trace.Steps[0].InputHash);
        Assert.True(RunsRoom.VerifyTrace(Encoding.UTF8.GetBytes(file.GetRawText()), null, TestContext.Current.CancellationToken).Ok);
    }

    [Fact]
    public async Task Views_hide_secrets_and_the_export_keeps_what_is_stored()
    {
        var run = await RunAsync(Plan);

        foreach (var path in new[] { $"/api/v1/runs/{run}/trace", $"/api/v1/runs/{run}/trace?schema=1.1", $"/api/v1/runtime/traces/{run}" })
            Assert.DoesNotContain("hunter2", (await GetAsync(path)).Body.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("hunter2", Encoding.UTF8.GetString(await ExportAsync(run)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_decides_everything_again_and_calls_nothing()
    {
        var run = await RunAsync(Plan);
        var file = Directory.EnumerateFiles(house.Workspace, "x.txt", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, "new", TestContext.Current.CancellationToken);

        var replay = (await PostAsync($"/api/v1/runtime/replay/{run}", "{}")).Body;

        Assert.True(replay.GetProperty("success").GetBoolean(), replay.GetRawText());
        Assert.Equal(run, replay.GetText("original_run_id"));
        Assert.True(replay.GetProperty("parity_check").GetProperty("is_parity").GetBoolean());
        Assert.Matches("^[0-9a-f]{32}$", replay.GetProperty("parity_check").GetText("original_signature"));
        Assert.Equal(replay.GetProperty("parity_check").GetText("original_signature"), replay.GetProperty("parity_check").GetText("replay_signature"));
        Assert.Equal(JsonValueKind.Null, replay.GetProperty("divergence_point").ValueKind);
        Assert.Equal(JsonValueKind.Null, replay.GetProperty("error").ValueKind);
        Assert.Equal((await GetAsync($"/api/v1/runs/{run}")).Body.GetText("root_hash"), replay.GetText("replay_root_hash"));
        Assert.Equal("new", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("id", "A8.4-11")]
    [Trait("id", "A8.4-12")]
    public async Task A_dry_run_keeps_parity_and_its_trace_says_what_it_replays()
    {
        var run = await RunAsync(Plan);

        var replay = (await PostAsync($"/api/v1/runtime/replay/{run}", """{"dry_run":true}""")).Body;
        var trace = (await GetAsync($"/api/v1/runtime/traces/{replay.GetText("run_id")}")).Body;

        Assert.True(replay.GetProperty("success").GetBoolean());
        Assert.True(replay.GetProperty("parity_check").GetProperty("is_parity").GetBoolean());
        Assert.Equal(JsonValueKind.Null, replay.GetProperty("divergence_point").ValueKind);
        Assert.NotEqual(run, replay.GetText("run_id"));
        Assert.Equal(run, trace.GetProperty("metadata").GetText("replay_of"));
        Assert.True(trace.GetProperty("metadata").GetProperty("dry_run").GetBoolean());
        Assert.Equal("completed", trace.GetText("status"));
        Assert.All(trace.GetProperty("steps").EnumerateArray(), step => Assert.Equal(0, step.GetProperty("duration_ms").GetDouble()));
    }

    [Theory]
    [Trait("id", "A8.4-10")]
    [InlineData("run_1")]
    [InlineData("01900000-0000-7000-8000-000000000001")]
    public async Task The_replay_of_an_unknown_run_is_an_answer_that_says_so(string run)
    {
        var replay = await PostAsync($"/api/v1/runtime/replay/{run}", "");

        Assert.Equal(HttpStatusCode.OK, replay.Status);
        Assert.False(replay.Body.GetProperty("success").GetBoolean());
        Assert.Equal("", replay.Body.GetText("run_id"));
        Assert.Equal(run, replay.Body.GetText("original_run_id"));
        Assert.Contains("not found", replay.Body.GetText("error"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.4-13")]
    public async Task Runs_that_failed_waited_or_were_retried_replay_alike()
    {
        var failed = await RunAsync("""{"name":"f","steps":[{"id":"a","skill":"fs_read","params":{"path":"none.txt"},"on_error":"continue"},{"id":"b","skill":"fs_read","params":{"path":"none.txt"}}]}""");
        await PostAsync($"/api/v1/runs/{failed}/retry", "{}");
        await GetAsync($"/api/v1/runs/{failed}?wait=20");
        var waiting = await RunAsync("""{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""", wait: 0);
        while ((await GetAsync($"/api/v1/runs/{waiting}?wait=0")).Body.GetText("status") != "waiting") TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        foreach (var run in new[] { failed, waiting })
        {
            var match = await PostAsync($"/api/v1/traces/{run}/replay", "");
            Assert.Equal(HttpStatusCode.OK, match.Status);
            Assert.True(match.Body.GetProperty("match").GetBoolean(), match.Body.GetRawText());
            Assert.Equal(JsonValueKind.Null, match.Body.GetProperty("first_mismatch_step").ValueKind);
        }

        Assert.Equal(2, Json.Parse(await ExportAsync(failed)).GetProperty("signatures").GetArrayLength());
        Assert.True((await GetAsync($"/api/v1/runs/{failed}/trace/verify")).Body.GetProperty("ok").GetBoolean());
        Assert.Equal(0, Json.Parse(await ExportAsync(waiting)).GetProperty("signatures").GetArrayLength());
    }

    [Fact]
    public async Task A_run_of_parallel_steps_items_and_a_child_replays_alike_and_its_equal_has_its_root_hash()
    {
        const string Graph =
            """
            {"name":"g","seed":3,"steps":[
              {"id":"list","skill":"echo","params":{"n":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}},
              {"id":"each","skill":"fs_write","for_each":"${{ steps.list.result.echo.n }}","params":{"path":"${{ 'f' + string(item) }}","content":"${{ string(item) }}"},"depends_on":["list"]},
              {"id":"left","skill":"echo","params":{"v":1},"depends_on":["list"]},
              {"id":"nap","sleep":"5ms","depends_on":["list"]},
              {"id":"none","skill":"fs_read","params":{"path":"none.txt"},"on_error":"continue","depends_on":["nap"]},
              {"id":"child","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo","params":{"from":"${{ inputs.k }}"}}]},"inputs":{"k":"${{ steps.left.result }}"}},"depends_on":["left"]},
              {"id":"end","skill":"echo","params":{"all":"${{ steps.each.result }}"},"depends_on":["each","none","child"]}]}
            """;
        var (one, two) = (await RunAsync(Graph), await RunAsync(Graph));

        foreach (var run in new[] { one, two })
        {
            Assert.Equal("succeeded", (await GetAsync($"/api/v1/runs/{run}")).Body.GetText("status"));
            var match = (await PostAsync($"/api/v1/traces/{run}/replay", "")).Body;
            Assert.True(match.GetProperty("match").GetBoolean(), match.GetRawText());
            Assert.True(Verify(await ExportAsync(run)).Ok);
        }

        var diff = RunsRoom.DiffTraces(await ExportAsync(one), await ExportAsync(two));
        Assert.True(diff.Match, diff.Summary);
    }

    [Fact]
    public async Task Traces_are_listed_newest_first_and_read_with_their_steps()
    {
        var first = await RunAsync(Plan);
        var second = await RunAsync("""{"name":"f","steps":[{"id":"b","skill":"fs_read","params":{"path":"none.txt"}}]}""");

        var list = (await GetAsync("/api/v1/runtime/traces?limit=10")).Body;
        var paged = (await GetAsync("/api/v1/runtime/traces?limit=1&offset=1")).Body;
        var record = (await GetAsync($"/api/v1/runtime/traces/{second}")).Body;

        Assert.Equal([second, first], list.GetProperty("traces").EnumerateArray().Select(trace => trace.GetText("run_id")));
        Assert.Equal(2, list.GetProperty("count").GetInt32());
        Assert.Equal(first, paged.GetProperty("traces")[0].GetText("run_id"));
        Assert.Equal(3, paged.GetProperty("traces")[0].GetProperty("success_count").GetInt32());
        Assert.Equal("failed", record.GetText("status"));
        var step = record.GetProperty("steps")[0];
        Assert.Equal(("failure", "FILE_NOT_FOUND", "fs_read"), (step.GetText("status"), step.GetText("outcome_code"), step.GetText("skill_name")));
        var unknown = await GetAsync("/api/v1/runtime/traces/run_1");
        Assert.Equal((HttpStatusCode.NotFound, "Trace not found: run_1"), (unknown.Status, unknown.Body.GetText("detail")));
    }

    [Fact]
    public async Task An_export_verifies_without_a_store_and_every_changed_byte_is_found_at_its_event()
    {
        var export = await ExportAsync(await RunAsync(Plan));
        var keys = (await GetAsync("/api/v1/keys/public")).Body.GetProperty("keys");
        var verdict = Verify(export);

        Assert.True(verdict.Ok, verdict.Reason);
        Assert.Equal([keys[0].GetText("key_id")!], verdict.Keys);
        var count = Json.Parse(export).GetProperty("events").GetArrayLength();
        Assert.Equal(count, verdict.Events);
        for (var seq = 1; seq <= count; seq++)
        {
            var changed = JsonNode.Parse(export)!;
            var body = ((string)changed["events"]![seq - 1]!["body"]!).ToCharArray();
            var at = Array.FindIndex(body, body.Length / 2, char.IsAsciiLetterOrDigit);
            body[at] ^= (char)1;
            changed["events"]![seq - 1]!["body"] = new string(body);

            var bad = Verify(Encoding.UTF8.GetBytes(changed.ToJsonString()));

            Assert.Equal((false, seq), (bad.Ok, bad.Seq));
        }
    }

    [Theory]
    [InlineData("\"agent_id\":\"default\"", "\"agent_id\":\"other\"", "agent_id")]
    [InlineData("\"status\":\"succeeded\"", "\"status\":\"failed\"", "status")]
    [InlineData("\"seed\":\"7\"", "\"seed\":\"8\"", "seed")]
    [InlineData("\"name\":\"p\"", "\"name\":\"q\"", "plan")]
    [InlineData("\"attempt\":1,\"seq\":", "\"attempt\":2,\"seq\":", "Attempt 2")]
    [InlineData("\"value\":\"", "\"value\":\"AAAA", "signature")]
    [InlineData("\"public_key\":\"M", "\"public_key\":\"A", "key")]
    [InlineData("\"signatures\":[{", "\"signatures\":[],\"was\":[{", "not signed")]
    public async Task An_export_whose_other_members_were_changed_is_refused(string text, string other, string named)
    {
        var export = Encoding.UTF8.GetString(await ExportAsync(await RunAsync(Plan)));
        var at = export.IndexOf(text, StringComparison.Ordinal);
        Assert.True(at > 0, text);

        var verdict = Verify(Encoding.UTF8.GetBytes(export[..at] + other + export[(at + text.Length)..]));

        Assert.False(verdict.Ok);
        Assert.Contains(named, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_event_with_one_changed_byte_is_named_by_verify_and_replay()
    {
        var run = await RunAsync(Plan);
        Tamper("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '\"content\":\"old\"', '\"content\":\"0ld\"') AS BLOB) WHERE kind = 'step.started.v1'");
        var seq = Scalar("SELECT seq FROM journal WHERE kind = 'step.started.v1'");

        var verdict = (await GetAsync($"/api/v1/runs/{run}/trace/verify")).Body;
        var replay = (await PostAsync($"/api/v1/runtime/replay/{run}", "{}")).Body;
        var match = (await PostAsync($"/api/v1/traces/{run}/replay", "")).Body;

        Assert.Equal((false, seq), (verdict.GetProperty("ok").GetBoolean(), verdict.GetProperty("seq").GetInt64()));
        Assert.Contains($"Event {seq} ", verdict.GetText("reason"), StringComparison.Ordinal);
        Assert.False(replay.GetProperty("success").GetBoolean());
        Assert.Equal((seq, 1), (replay.GetProperty("divergence_event").GetInt64(), replay.GetProperty("divergence_point").GetInt32()));
        Assert.Contains($"Event {seq} ", replay.GetText("error"), StringComparison.Ordinal);
        Assert.Equal((false, 1), (match.GetProperty("match").GetBoolean(), match.GetProperty("first_mismatch_step").GetInt32()));
        Assert.False(Verify(await ExportAsync(run)).Ok);
        var trace = await GetAsync($"/api/v1/runs/{run}/trace");
        Assert.Contains($"Event {seq} ", trace.Body.GetText("detail"), StringComparison.Ordinal);
        var sound = await RunAsync("""{"name":"s","steps":[{"id":"a","skill":"echo","params":{}}]}""");
        var list = (await GetAsync("/api/v1/runtime/traces")).Body.GetProperty("traces");
        Assert.Equal([(sound, "completed"), (run, "error")], list.EnumerateArray().Select(one => (one.GetText("run_id"), one.GetText("status"))));
        Assert.Contains($"Event {seq} ", list[1].GetText("error"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE FROM journal WHERE kind = 'run.ended.v1'", "missing")]
    [InlineData("DELETE FROM journal WHERE kind = 'step.started.v1'", "missing")]
    [InlineData("UPDATE journal SET kind = 'run.paused.v1' WHERE kind = 'step.started.v1'", "kind")]
    [InlineData("UPDATE journal SET at = at + 1 WHERE kind = 'step.started.v1'", "time")]
    [InlineData("UPDATE journal SET chain = zeroblob(32) WHERE kind = 'step.started.v1'", "chain")]
    [InlineData("UPDATE journal SET body = CAST('{' AS BLOB) WHERE kind = 'step.started.v1'", "chain")]
    public async Task Whatever_is_done_to_the_table_is_named(string sql, string named)
    {
        var run = await RunAsync(Plan);
        Tamper(sql);

        var verdict = (await GetAsync($"/api/v1/runs/{run}/trace/verify")).Body;

        Assert.False(verdict.GetProperty("ok").GetBoolean());
        Assert.Contains(named, verdict.GetText("reason"), StringComparison.Ordinal);
        Assert.True(verdict.GetProperty("seq").GetInt32() > 0);
    }

    [Fact]
    public async Task A_journal_rewritten_with_its_chain_after_it_was_signed_does_not_fit_the_signature()
    {
        var run = await RunAsync("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{}}]}""");
        Assert.True(Verify(await ExportAsync(run)).Ok);
        Forge("run.started.v1", "\"agent_id\":\"default\"", "\"agent_id\":\"forged1\"");

        var verdict = (await GetAsync($"/api/v1/runs/{run}/trace/verify")).Body;

        Assert.False(verdict.GetProperty("ok").GetBoolean());
        Assert.Contains("signed", verdict.GetText("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_rewritten_with_its_chain_is_not_what_the_machine_decides()
    {
        var run = await RunAsync(Plan);
        Forge("step.started.v1", "\"content\":\"old\"", "\"content\":\"0ld\"");

        var verdict = (await GetAsync($"/api/v1/runs/{run}/trace/verify")).Body;

        Assert.Contains("not what the machine decides", verdict.GetText("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_rotated_by_an_admin_and_old_exports_still_verify()
    {
        var old = await ExportAsync(await RunAsync(Plan));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/api/v1/keys/rotate", "")).Status);
        var key = house.Key();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/keys/rotate");
        request.Headers.Add("X-AOS-Key", key);
        using var rotated = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, rotated.StatusCode);

        await house.RestartAsync();
        var fresh = await ExportAsync(await RunAsync(Plan));

        var keys = (await GetAsync("/api/v1/keys/public")).Body.GetProperty("keys").EnumerateArray().Select(k => k.GetText("key_id")!).ToList();
        Assert.Equal(2, keys.Count);
        Assert.Equal([keys[1]], Verify(old).Keys);
        Assert.Equal([keys[0]], Verify(fresh).Keys);
        Assert.False(RunsRoom.VerifyTrace(old, new HashSet<string> { keys[0] }, TestContext.Current.CancellationToken).Ok);
        Assert.True(RunsRoom.VerifyTrace(old, keys.ToHashSet(), TestContext.Current.CancellationToken).Ok);
    }

    [Fact]
    public async Task Equal_runs_have_no_difference_and_others_name_theirs()
    {
        var (one, two) = (await ExportAsync(await RunAsync(Plan)), await ExportAsync(await RunAsync(Plan)));
        var other = await ExportAsync(await RunAsync(Plan.Replace("\"n\":1", "\"n\":2", StringComparison.Ordinal)));

        Assert.True(RunsRoom.DiffTraces(one, two).Match, RunsRoom.DiffTraces(one, two).Summary);
        Assert.Equal(
            ["plan_hash", "step[0].input_hash", "step[0].output_hash", "step[2].input_hash", "step[2].output_hash", "root_hash"],
            RunsRoom.DiffTraces(one, other).Differences.Select(difference => difference.Field));
        Assert.Throws<TraceException>(() => RunsRoom.DiffTraces(one, "{}"u8.ToArray()));
    }

    [Fact]
    public async Task Runs_are_signed_after_their_end_without_being_asked_and_only_once()
    {
        var signer = house.Get<RunSigner>();
        await RunAsync("""{"name":"s","steps":[{"id":"a","sleep":"0s"}]}""");
        await RunAsync(Plan);
        var signed = 0;
        while (signed < 2) signed += await signer.PassAsync(TestContext.Current.CancellationToken); // A run's name comes in just after its end is told.

        Assert.Equal(2, Scalar("SELECT count(*) FROM run_signatures"));
        Assert.Equal(0, await signer.PassAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(55)]
    [InlineData(58)]
    public async Task A_run_that_was_accepted_can_be_read_and_proved_again_however_deep_its_values_are(int depth)
    {
        var value = string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth));
        var started = await PostAsync("/api/v1/runs?wait=20", "{\"plan\":[{\"skill\":\"echo\",\"params\":{\"v\":" + value + "}}]}");
        Assert.Equal(HttpStatusCode.Created, started.Status);
        await house.RestartAsync();

        var run = started.Body.GetText("run_id")!;
        Assert.True((await GetAsync($"/api/v1/runs/{run}/trace/verify")).Body.GetProperty("ok").GetBoolean());
        Assert.True(Verify(await ExportAsync(run)).Ok);
    }

    [Fact]
    public async Task A_damaged_record_is_never_signed()
    {
        var run = await RunAsync(Plan);
        Tamper("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '\"content\":\"old\"', '\"content\":\"0ld\"') AS BLOB) WHERE kind = 'step.started.v1'");
        await ExportAsync(run);
        await house.Get<RunSigner>().PassAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, Scalar("SELECT count(*) FROM run_signatures"));
    }

    [Fact]
    public void An_SDK_trace_is_checked_and_replayed_from_its_file()
    {
        var trace = new Trace11 { Seed = "42", Timestamp = "2025-01-01T00:00:00Z" }
            .Add("s", Json.Null, Json.Null, new PythonRandom(42).State(), "success", "k", "skip").Add("s", Json.Null, Json.Null, "", "success", "k", "skip").Finalize();
        var file = Encoding.UTF8.GetBytes(Json.Write(trace.WriteTo).GetRawText());

        var verdict = Verify(file);

        Assert.Equal((true, "1.1.0", 2, "python"), (verdict.Ok, verdict.Form, verdict.Events, verdict.Generator));
        Assert.Equal(["executed", "skipped"], RunsRoom.ReplayTrace(file).Select(step => step.Action));
        Assert.False(Verify(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(file).Replace("\"seed\":42", "\"seed\":43", StringComparison.Ordinal))).Ok);
        Assert.False(Verify("{"u8.ToArray()).Ok);
        Assert.False(Verify("{}"u8.ToArray()).Ok);
    }

    [Fact]
    public void A_golden_recording_is_checked_by_signature_and_outputs()
    {
        var line = Encoding.UTF8.GetBytes("{\"event_type\":\"step\",\"data\":{\"output\":{\"a\":1},\"output_hash\":\"" + Golden.Hash(Json.Parse("""{"a":1}""")) + "\"}}\n");
        var wrong = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line).Replace("\"a\":1", "\"a\":2", StringComparison.Ordinal));

        Assert.True(RunsRoom.VerifyGolden(line, Golden.Sign(line, "k"), "k").Ok);
        Assert.Equal((false, null), RunsRoom.VerifyGolden(wrong, Golden.Sign(line, "k"), "k") is var changed ? (changed.Ok, changed.Seq) : default);
        Assert.Equal((false, 1), RunsRoom.VerifyGolden(wrong, Golden.Sign(wrong, "k"), "k") is var forged ? (forged.Ok, forged.Seq) : default);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"dry_run":1}""")]
    [InlineData("""{"timeout_seconds":0}""")]
    [InlineData("""{"timeout_seconds":"soon"}""")]
    public async Task A_replay_order_that_makes_no_sense_is_refused(string body)
    {
        var reply = await PostAsync($"/api/v1/runtime/replay/{await RunAsync(Plan)}", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
    }

    [Fact]
    public async Task Another_tenant_s_traces_are_not_listed() =>
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync("/api/v1/runtime/traces?tenant_id=other")).Status);

    private static TraceVerdict Verify(byte[] file) => RunsRoom.VerifyTrace(file, null, TestContext.Current.CancellationToken);

    /// <summary>Changes bodies and makes the chain fit again, as somebody with the file could.</summary>
    private void Forge(string kind, string text, string other)
    {
        using var connection = house.Store.Connect();
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT seq, body, kind FROM journal ORDER BY seq";
        var bodies = new List<(int Seq, byte[] Body, string Kind)>();
        using (var rows = select.ExecuteReader())
        {
            while (rows.Read()) bodies.Add((rows.GetInt32(0), rows.GetFieldValue<byte[]>(1), rows.GetString(2)));
        }

        var chain = ChainHash.Start;
        foreach (var (seq, body, of) in bodies)
        {
            var forged = of == kind ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(text, other, StringComparison.Ordinal)) : body;
            chain = ChainHash.Next(chain, forged);
            using var update = connection.CreateCommand();
            update.CommandText = "UPDATE journal SET body = @body, chain = @chain WHERE seq = @seq";
            update.Bind("@body", forged).Bind("@chain", chain).Bind("@seq", seq).ExecuteNonQuery();
        }
    }

    private void Tamper(string sql) => house.Store.Tamper(sql);

    private long Scalar(string sql) => house.Store.Scalar(sql);

    private async Task<string> RunAsync(string plan, int wait = 20)
    {
        var reply = await PostAsync($"/api/v1/runs?wait={wait}", $$"""{"plan":{{plan}}}""");
        Assert.True(reply.Status == HttpStatusCode.Created, reply.Body.GetRawText());
        return reply.Body.GetText("run_id")!;
    }

    private async Task<byte[]> ExportAsync(string run)
    {
        using var reply = await house.Http.GetAsync($"/api/v1/runs/{run}/trace/export", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return await reply.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await house.Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var reply = await house.Http.GetAsync(path, TestContext.Current.CancellationToken);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }
}
