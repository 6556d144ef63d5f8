using System.Text.Json;
using Aos.Client;

namespace Aos.E2E.Tests;

/// <summary><c>aos</c> and <c>Aos.Client</c> against a server.</summary>
public sealed class WithServer(Served served) : IClassFixture<Served>
{
    private const string Plan = """[{"skill":"echo","params":{"n":1}},{"skill":"json_transform","params":{"operation":"extract","data":{"a":5},"path":"$.a"}}]""";

    private Task<Ended> AtAsync(params string[] arguments) => served.Aos.RunAsync([.. arguments, "--server", served.Url.ToString()]);

    [Fact]
    [Trait("id", "CLI-20")]
    public async Task A_run_over_the_server_prints_what_a_run_at_home_prints()
    {
        var plan = served.Aos.Write("remote.json", """
            {"name":"p","seed":3,"steps":[
              {"id":"x","skill":"echo","params":{"n":1}},
              {"id":"y","skill":"json_transform","params":{"operation":"extract","data":{"a":5},"path":"$.a"}}],
             "output":"${{ steps.y.result.result }}"}
            """);
        var remote = await AtAsync("run", plan, "--label", "who=me");
        var rows = (await AtAsync("runs", "list", "--label", "who=me", "--json")).Output.Trim().Split('\n');

        Assert.Equal((0, "5"), (remote.Code, remote.Output.Trim()));
        Assert.Equal("succeeded", Json.Parse(Assert.Single(rows)).GetText("status"));
        var events = (await AtAsync("runs", "events", Json.Parse(rows[0]).GetText("run_id")!, "--kind", "run.")).Output.Trim().Split('\n');
        Assert.Equal(["run.started.v1", "run.ended.v1"], events.Select(line => Json.Parse(line).GetText("kind")));
    }

    [Fact]
    [Trait("id", "CLI-21")]
    [Trait("store", "sqlite")]
    public async Task The_owner_of_the_data_needs_no_key_and_no_address()
    {
        var over = await served.Again().RunAsync("agents", "create", "socketed");

        Assert.Equal((0, ""), (over.Code, over.Errors));
        Assert.Equal("active", over.Json.GetText("status"));
        var socket = new FileInfo(Path.Combine(served.Aos.Data, "aos.sock"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, socket.UnixFileMode);
    }

    [Fact]
    [Trait("id", "CLI-22")]
    public async Task A_wrong_address_or_key_says_what_to_do()
    {
        var nobody = await served.Aos.RunAsync("runs", "list", "--server", "http://127.0.0.1:1");
        Assert.Equal(5, nobody.Code);
        Assert.Contains("aos serve", nobody.Errors, StringComparison.Ordinal);

        var stranger = served.Again();
        stranger.Environment.Add(("AOS_API_KEY", "wrong"));
        var refused = await stranger.RunAsync("runs", "list", "--server", served.Url.ToString());
        Assert.Equal(2, refused.Code);
        Assert.Contains("UNAUTHORIZED", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-23")]
    public async Task Simulate_in_the_old_spelling_saves_a_trace_that_replays_and_shows_tampering()
    {
        var trace = Path.Combine(served.Folder, "a.trace.json");
        var saved = await AtAsync("simulate", Plan, "--budget", "100", "--seed", "42", "--timestamp", "2025-01-01T00:00:00Z", "--save-trace", trace);
        Assert.Equal(0, saved.Code);
        Assert.Equal(JsonValueKind.True, saved.Json.GetProperty("feasible").ValueKind);

        Assert.Equal(0, (await AtAsync("simulate", "--load-trace", trace)).Code);
        Assert.Equal(0, (await AtAsync("replay", trace)).Code);
        Assert.Equal(0, (await AtAsync("diff", trace, trace)).Code);

        var other = served.Aos.Write("b.trace.json", (await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken)).Replace("\"success\"", "\"failure\"", StringComparison.Ordinal));
        Assert.Equal(1, (await AtAsync("replay", other)).Code);
        Assert.Equal(1, (await AtAsync("diff", trace, other)).Code);
    }

    [Fact]
    [Trait("id", "CLI-24")]
    public async Task A_dry_simulation_asks_nobody()
    {
        var dry = await served.Aos.RunAsync("simulate", """[{"skill_id":"a"},{"skill":"b"},{}]""", "--dry-run", "--seed", "7", "--server", "http://127.0.0.1:1");

        Assert.Equal(0, dry.Code);
        Assert.Contains("seed       7", dry.Output, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "unknown"], dry.Output.Split('\n').Where(line => line.StartsWith("step", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]));
    }

    [Fact]
    [Trait("id", "CLI-25")]
    public async Task A_plan_that_is_not_feasible_exits_with_1_as_the_older_option_has_it()
    {
        var ended = await AtAsync("simulate", "-p", """{"steps":[{"skill":"llm_invoke","params":{"prompt":"x"}},{"skill":"llm_invoke","params":{"prompt":"x"}}]}""", "-b", "0");

        Assert.Equal(1, ended.Code);
        Assert.Equal("budget_insufficient", ended.Json.GetText("status"));
        Assert.Equal(1, (await AtAsync("simulate", "[{]")).Code);
    }

    [Fact]
    [Trait("id", "CLI-26")]
    public async Task What_older_clients_ask_is_printed_as_json()
    {
        Assert.Equal("healthy", (await AtAsync("health")).Json.GetText("status"));
        Assert.Contains("http_call", (await AtAsync("skills")).Json.GetProperty("skills").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("echo", (await AtAsync("skill", "echo")).Json.GetText("skill_id"));
        Assert.Equal(JsonValueKind.True, (await AtAsync("capabilities")).Json.GetProperty("skills").GetProperty("http_call").GetProperty("available").ValueKind);
        Assert.Equal("allowed_skills", (await AtAsync("query", "allowed_skills")).Json.GetText("query_type"));
        Assert.Equal(1, (await AtAsync("skill", "nothing")).Code);
    }

    [Fact]
    [Trait("id", "CLI-27")]
    public async Task An_agent_made_on_the_command_line_is_listed()
    {
        var made = await AtAsync("create-agent", "--name", "clerk");
        Assert.Equal(("active", "clerk"), (made.Json.GetText("status"), made.Json.GetText("name")));

        var listed = (await AtAsync("list-agents", "--json")).Output.Trim().Split('\n').Select(line => Json.Parse(line).GetText("agent_id"));
        Assert.Contains(made.Json.GetText("agent_id"), listed);
    }

    [Fact]
    [Trait("id", "AGENT-can-cli")]
    public async Task Whether_a_key_may_use_a_skill_as_an_agent_is_told_wall_by_wall()
    {
        var agent = (await AtAsync("agents", "create", "asked", "--json")).Json.GetText("agent_id")!;

        var allowed = await AtAsync("auth", "can", "me", "use", "skill:http_call", "--agent", agent, "--url", "https://api.example.com/", "--cost-cents", "20");
        var denied = await AtAsync("auth", "can", "me", "use", "skill:http_call", "--agent", agent, "--cost-cents", "501");
        var plain = await AtAsync("auth", "can", "me", "write", "run");

        Assert.True(allowed.Code == 0, allowed.Output + allowed.Errors);
        Assert.StartsWith("allowed by role:admin", allowed.Output, StringComparison.Ordinal);
        Assert.Contains("  agent_domain         no limit", allowed.Output, StringComparison.Ordinal);
        Assert.Contains("  budget_per_run       per_run  500 of 500 cents left", allowed.Output, StringComparison.Ordinal);
        Assert.Equal(1, denied.Code);
        Assert.StartsWith("denied by per_run", denied.Output, StringComparison.Ordinal);
        Assert.Contains("\n> budget_per_run ", denied.Output, StringComparison.Ordinal);
        Assert.Equal((0, 1), (plain.Code, plain.Output.Trim().Split('\n').Length));
    }

    [Fact]
    [Trait("id", "CLI-28")]
    public async Task The_record_of_a_run_is_exported_and_checked_without_a_server()
    {
        var run = await new AosClient(served.Http).StartRunAsync(new NewRun { Plan = Json.Parse(Plan), Wait = 20 }, TestContext.Current.CancellationToken);
        var file = Path.Combine(served.Folder, "run.aos-trace.json");
        Assert.Equal(0, (await AtAsync("trace", "export", run.RunId, "-o", file)).Code);
        var verified = await served.Again().RunAsync("trace", "verify", file);
        Assert.Equal(0, verified.Code);
        Assert.Contains(run.RootHash!, verified.Output, StringComparison.Ordinal);

        var record = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
        var second = record["events"]![1]!;
        second["body"] = second["body"]!.GetValue<string>().Replace("\"n\":1", "\"n\":2", StringComparison.Ordinal);
        var changed = served.Aos.Write("changed.json", record.ToJsonString());
        var tampered = await served.Again().RunAsync("trace", "verify", changed);
        Assert.Equal(1, tampered.Code);
        Assert.Contains("event 2", tampered.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-30")]
    public async Task The_client_starts_follows_and_reads_a_run()
    {
        var client = new AosClient(served.Http);
        var started = await client.StartRunAsync(
            new NewRun { Plan = Json.Parse("""{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}"""), AgentId = "typed", Labels = new Dictionary<string, string> { ["a"] = "b" } },
            TestContext.Current.CancellationToken);
        await client.SignalRunAsync(started.RunId, "go", Json.Parse("[1]"), cancel: TestContext.Current.CancellationToken);
        var kinds = new List<string>();
        await foreach (var message in client.FollowRunAsync(started.RunId, cancel: TestContext.Current.CancellationToken)) kinds.Add(message.Kind);
        var ended = await client.GetRunAsync(started.RunId, cancel: TestContext.Current.CancellationToken);

        Assert.Equal(("run.started.v1", "run.ended.v1"), (kinds[0], kinds[^1]));
        Assert.True(ended.IsOver);
        Assert.Equal("[1]", ended.Outcome!.Result!.Value.GetRawText());
        var page = await client.ListRunsAsync(new RunQuery(AgentId: "typed", Labels: new Dictionary<string, string> { ["a"] = "b" }), TestContext.Current.CancellationToken);
        Assert.Equal(started.RunId, Assert.Single(page.Runs).RunId);
    }

    [Fact]
    [Trait("id", "CLI-31")]
    public async Task The_client_tells_what_is_refused_with_code_status_and_body()
    {
        var client = new AosClient(served.Http);
        var unknown = await Assert.ThrowsAsync<AosException>(() => client.GetRunAsync(Guid.NewGuid().ToString("D"), cancel: TestContext.Current.CancellationToken));
        var invalid = await Assert.ThrowsAsync<AosException>(() => client.StartRunAsync(new NewRun { Plan = Json.Parse("""[{"skill":"ecko"}]""") }, TestContext.Current.CancellationToken));

        Assert.Equal(("RUN_NOT_FOUND", 404), (unknown.Code, unknown.Status));
        Assert.Equal(400, invalid.Status);
        Assert.Equal("steps[0].skill", invalid.Body!.Value.GetProperty("error").GetProperty("details").GetProperty("problems")[0].GetText("path"));
        Assert.NotNull(invalid.RequestId);
    }
}
