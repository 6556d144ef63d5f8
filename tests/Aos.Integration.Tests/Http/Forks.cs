using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;

namespace Aos.Integration.Tests.Http;

/// <summary>Forks, diffs, replay modes and recordings of real runs, over HTTP, in a real store.</summary>
public sealed class Forks : IAsyncLifetime
{
    private const string Plan =
        """{"name":"p","seed":7,"inputs":{"n":{"type":"integer","default":1}},"steps":[{"id":"a","skill":"echo","params":{"n":"${{ inputs.n }}","password":"hunter2"}},{"id":"w","skill":"fs_write","params":{"path":"x.txt","content":"old"}},{"id":"b","skill":"echo","params":{"v":"${{ inputs.n }}"}}]}""";

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "FORK-13")]
    public async Task A_fork_goes_on_from_its_step_and_names_where_it_comes_from()
    {
        var origin = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        await File.WriteAllTextAsync(Path.Combine(house.Workspace, "x.txt"), "touched since", TestContext.Current.CancellationToken);

        var fork = await house.AskAsync($"/api/v1/runs/{origin}/fork?wait=20", """{"from_step":"b","reason":"look again"}""");
        var id = fork.Body.GetText("run_id")!;
        var verified = await house.AskAsync($"/api/v1/runs/{id}/trace/verify");
        var replay = await house.AskAsync($"/api/v1/runtime/replay/{id}", "{}");
        var exported = await house.AskAsync($"/api/v1/runs/{id}/trace/export");

        Assert.Equal((201, "succeeded"), (fork.Status, fork.Body.GetText("status")));
        Assert.Equal((origin, "b", "look again", 2), (fork["forked_from.run_id"].GetString(), fork["forked_from.step"].GetString(), fork["forked_from.reason"].GetString(), fork["forked_from.steps_taken"].GetInt32()));
        Assert.Equal("touched since", await File.ReadAllTextAsync(Path.Combine(house.Workspace, "x.txt"), TestContext.Current.CancellationToken));
        Assert.Equal((await house.AskAsync($"/api/v1/runs/{origin}")).Body.GetText("root_hash"), fork.Body.GetText("root_hash"));
        Assert.True(verified["ok"].GetBoolean(), verified.Body.GetRawText());
        Assert.True(replay["success"].GetBoolean(), replay.Body.GetRawText());
        Assert.True(RunsRoom.VerifyTrace(Encoding.UTF8.GetBytes(exported.Body.GetRawText()), null, TestContext.Current.CancellationToken).Ok);
        Assert.True((await house.AskAsync($"/api/v1/runs/{origin}/diff/{id}"))["match"].GetBoolean());
    }

    [Fact]
    [Trait("id", "FORK-14")]
    public async Task One_key_makes_one_fork_and_what_makes_no_sense_is_refused_with_what_and_where()
    {
        var origin = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        var path = $"/api/v1/runs/{origin}/fork";

        var first = await house.AskAsync(path, """{"from_step":"b","idempotency_key":"k"}""");
        var again = await house.AskAsync(path, """{"from_step":"b","idempotency_key":"k"}""");
        var other = await house.AskAsync(path, """{"from_step":"w","idempotency_key":"k"}""");
        var changed = await house.AskAsync(path, $$"""{"from_step":"b","plan":{{Plan.Replace("old", "new", StringComparison.Ordinal)}}}""");

        Assert.Equal(first.Body.GetText("run_id"), again.Body.GetText("run_id"));
        Assert.Equal((409, "IDEMPOTENCY_CONFLICT"), (other.Status, other["error.code"].GetString()));
        Assert.Equal(400, changed.Status);
        Assert.Contains("step w (index 1) was taken over and differs at params.content", changed["error.message"].GetString(), StringComparison.Ordinal);
        foreach (var (body, status, text) in new[]
                 {
                     ("{}", 422, "one of them"), ("""{"from_step":"b","from_event":3}""", 422, "one of them"), ("""{"from_step":"zz"}""", 400, "no step zz"),
                     ("""{"from_event":999}""", 400, "from_event: the run has"), ("""{"from_event":0}""", 422, "from 1"), ("""{"from_step":"b","wish":1}""", 400, "wish"),
                     ("""{"from_step":"b","model":"m"}""", 400, "no step after the fork point calls a model"), ("""{"from_step":"b","inputs":{"n":"x"}}""", 400, "n"),
                 })
        {
            var refused = await house.AskAsync(path, body);
            Assert.True(refused.Status == status && refused["error.message"].GetString()!.Contains(text, StringComparison.Ordinal), $"{body}: {refused.Status} {refused.Body.GetRawText()}");
        }

        Assert.Equal(404, (await house.AskAsync("/api/v1/runs/01900000-0000-7000-8000-000000000001/fork", """{"from_step":"b"}""")).Status);
    }

    [Fact]
    [Trait("id", "FORK-15")]
    public async Task Only_what_is_still_to_be_done_is_admitted_and_budgeted()
    {
        const string Dear = """{"name":"p","steps":[{"id":"a","skill":"llm_invoke","params":{"prompt":"x"},"on_error":"continue"},{"id":"b","skill":"echo","params":{"n":1}}]}""";
        var origin = await house.RunAsync($$"""{"plan":{{Dear}}}""");

        var nothing = await house.AskAsync($"/api/v1/runs/{origin}/fork?wait=20", """{"from_step":"b","budget_cents":0}""");
        var everything = await house.AskAsync($"/api/v1/runs/{origin}/fork?wait=20", """{"from_step":"a","budget_cents":0}""");

        Assert.Equal((201, "succeeded"), (nothing.Status, nothing.Body.GetText("status")));
        Assert.NotEqual(201, everything.Status);
    }

    [Fact]
    [Trait("id", "FORK-16")]
    [Trait("id", "DIFF-08")]
    public async Task Runs_of_another_tenant_are_not_there()
    {
        var origin = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        var stranger = new Caller(new TenantId("other"), "key:test", ["admin"]);
        var id = RunId.TryParse(origin, out var run) ? run : default;

        Assert.Null(await house.Get<IForks>().ForkAsync(stranger, id, new ForkRequest("b", null), TestContext.Current.CancellationToken));
        Assert.Null(await house.Get<IRecordings>().RecordAsync(stranger, id, TestContext.Current.CancellationToken));
        Assert.Null(await house.Get<IRuns>().ReadAsync(stranger, id, TestContext.Current.CancellationToken)); // What a diff reads.
        Assert.Equal(404, (await house.AskAsync($"/api/v1/runs/{origin}/diff/01900000-0000-7000-8000-000000000001")).Status);
        Assert.Equal(404, (await house.AskAsync($"/api/v1/runs/nonsense/diff/{origin}")).Status);
    }

    [Fact]
    [Trait("id", "DIFF-09")]
    public async Task A_diff_says_which_step_what_differed_and_what_each_had()
    {
        var a = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        var b = await house.RunAsync($$$"""{"plan":{{{Plan}}},"inputs":{"n":2}}""");

        var diff = await house.AskAsync($"/api/v1/runs/{a}/diff/{b}");

        Assert.False(diff["match"].GetBoolean());
        Assert.Equal(("a", 0), (diff["first_divergence.step"].GetString(), diff["first_divergence.index"].GetInt32()));
        Assert.Equal("Step a (index 0) is the first that differs: params.n is 1 in A and 2 in B. They were given different things: inputs.n is 1 in A and 2 in B.", diff["first_divergence.text"].GetString());
        Assert.Equal([false, true, false], diff["steps"].EnumerateArray().Select(step => step.GetProperty("match").GetBoolean()));
        Assert.DoesNotContain("hunter2", diff.Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "REPLAY-02")]
    [Trait("id", "B8.11-08")]
    [Trait("id", "W-02")]
    public async Task The_modes_of_a_replay_say_of_every_step_what_became_of_it()
    {
        var run = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        File.Delete(Path.Combine(house.Workspace, "x.txt"));
        var path = $"/api/v1/runtime/replay/{run}";

        var executed = await house.AskAsync(path, """{"mode":"re-execute"}""");
        var decided = await house.AskAsync(path, """{"mode":"verify"}""");
        var read = await house.AskAsync(path, """{"mode":"dry-run"}""");

        Assert.Equal("checked skipped checked", Results(executed));
        Assert.Equal("checked checked checked", Results(decided));
        Assert.Equal("skipped skipped skipped", Results(read));
        Assert.All([executed, decided, read], reply => Assert.True(reply["success"].GetBoolean()));
        Assert.Contains("fs_write has effects", executed["steps"][1].GetText("reason"), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(house.Workspace, "x.txt")));
        return;

        static string Results(Reply reply) => string.Join(' ', reply["steps"].EnumerateArray().Select(step => step.GetText("result")));
    }

    [Fact]
    [Trait("id", "REPLAY-03")]
    public async Task A_replay_without_a_mode_is_answered_as_ever()
    {
        var run = await house.RunAsync($$"""{"plan":{{Plan}}}""");

        var old = await house.AskAsync($"/api/v1/runtime/replay/{run}", """{"dry_run":true}""");

        Assert.Equal(
            ["success", "run_id", "original_run_id", "parity_check", "divergence_point", "error", "divergence_event", "original_root_hash", "replay_root_hash"],
            old.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(422, (await house.AskAsync($"/api/v1/runtime/replay/{run}", """{"mode":"verify","dry_run":true}""")).Status);
        Assert.Equal(422, (await house.AskAsync($"/api/v1/runtime/replay/{run}", """{"mode":"all"}""")).Status);
    }

    [Fact]
    [Trait("id", "B8.6-01")]
    [Trait("id", "B8.5-04")]
    [Trait("id", "B8.5-05")]
    [Trait("id", "B8.5-07")]
    [Trait("id", "B8.6-06")]
    [Trait("id", "B8.11-12")]
    [Trait("id", "W-11")]
    [Trait("id", "B8.4-09")]
    [Trait("id", "B8.4-11")]
    public async Task A_recording_is_signed_by_the_house_and_its_replay_s_recording_matches_it()
    {
        var run = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        var replay = (await house.AskAsync($"/api/v1/runtime/replay/{run}", "{}")).Body.GetText("run_id");

        var recorded = await house.AskAsync($"/api/v1/runs/{run}/recording");
        var replayed = await house.AskAsync($"/api/v1/runs/{replay}/recording");
        var (file, signature) = (Encoding.UTF8.GetBytes(recorded.Body.GetText("content")!), recorded.Body.GetText("signature")!);
        var key = (await house.AskAsync("/api/v1/keys/public"))["keys"][0].GetText("key_id")!;

        Assert.Equal(($"{run}.steps.jsonl", key), (recorded.Body.GetText("file_name"), recorded.Body.GetText("key_id")));
        Assert.DoesNotContain("hunter2", recorded.Body.GetRawText(), StringComparison.Ordinal);
        var verdict = RunsRoom.VerifyRecording(file, signature, new HashSet<string> { key }, null);
        Assert.True(verdict.Ok, verdict.Reason);
        Assert.Equal([key], verdict.Keys);
        Assert.Contains("no signature", RunsRoom.VerifyRecording(file, null, null, null).Reason, StringComparison.Ordinal);
        Assert.False(RunsRoom.VerifyRecording(file, replayed.Body.GetText("signature"), null, null).Ok);
        Assert.Contains("none of those you trust", RunsRoom.VerifyRecording(file, signature, new HashSet<string> { "0123456789abcdef" }, null).Reason, StringComparison.Ordinal);
        var (a, b) = (Recording.Read(file), Recording.Read(Encoding.UTF8.GetBytes(replayed.Body.GetText("content")!)));
        Assert.NotEqual(a.Run, b.Run);
        Assert.True(b.Events[0].Data.GetProperty("replay").GetBoolean());
        Assert.True(RecordingDiff.Of(a, b).Match);
        Assert.Equal(404, (await house.AskAsync("/api/v1/runs/..%2F..%2Fetc%2Fpasswd/recording")).Status);
    }

    [Fact]
    [Trait("id", "B8.6-04")]
    [Trait("id", "B8.6-05")]
    public async Task Signed_again_the_bytes_stay_and_the_new_key_is_named_and_nothing_foreign_is_signed()
    {
        var run = await house.RunAsync($$"""{"plan":{{Plan}}}""");
        var recorded = (await house.AskAsync($"/api/v1/runs/{run}/recording")).Body;
        var (content, old) = (recorded.GetText("content")!, recorded.GetText("key_id")!);
        var rotated = (await house.Get<IKeyring>().RotateAsync(TestContext.Current.CancellationToken)).Id;

        var signed = await house.AskAsync("/api/v1/recordings/sign", Body(content, recorded.GetText("signature")!));
        var file = Encoding.UTF8.GetBytes(content);
        var forged = await house.AskAsync("/api/v1/recordings/sign", Body(content.Replace("old", "new", StringComparison.Ordinal), recorded.GetText("signature")!));
        using var stranger = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var publicKey = stranger.ExportSubjectPublicKeyInfo();
        var foreign = await house.AskAsync("/api/v1/recordings/sign", Body(content, RecordingFile.SignatureLine(
            ContentHash.Hex(publicKey)[..16], publicKey, stranger.SignData(RecordingFile.Message(file), System.Security.Cryptography.HashAlgorithmName.SHA256))));

        Assert.Equal(rotated, signed.Body.GetText("key_id"));
        Assert.True(RunsRoom.VerifyRecording(file, signed.Body.GetText("signature"), new HashSet<string> { rotated }, null).Ok);
        Assert.False(RunsRoom.VerifyRecording(file, signed.Body.GetText("signature"), new HashSet<string> { old }, null).Ok);
        Assert.NotEqual(200, forged.Status);
        Assert.Contains("none of those you trust", foreign["error.message"].GetString(), StringComparison.Ordinal);
        return;

        static string Body(string content, string signature) => JsonSerializer.Serialize(new { content, signature });
    }
}
