using System.Text.Json;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>Named, versioned plans over HTTP.</summary>
public sealed class Workflows : IAsyncLifetime
{
    private const string Route = "/api/v1/workflows";
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "WF-01")]
    public async Task A_plan_is_stored_as_the_next_version_and_the_same_plan_once_only()
    {
        var first = await PushAsync("w", "one");
        var same = await PushAsync("w", "one");
        var second = await PushAsync("w", "two");
        var named = await PushAsync("w", "three", "3.1.0");
        var after = await PushAsync("w", "four");
        var fix = await PushAsync("w", "five", "2.0.0");

        Assert.Equal((201, "1.0.0", true), (first.Status, first.Body.GetText("version"), first["created"].GetBoolean()));
        Assert.Equal((200, "1.0.0", false), (same.Status, same.Body.GetText("version"), same["created"].GetBoolean()));
        Assert.Equal(first.Body.GetText("plan_hash"), same.Body.GetText("plan_hash"));
        Assert.Equal(["1.0.1", "3.1.0", "3.1.1", "2.0.0"], new[] { second, named, after, fix }.Select(reply => reply.Body.GetText("version")));
        Assert.Equal("three", (await house.AskAsync($"{Route}/w/versions/3.1.0"))["plan.steps"][0].GetProperty("params").GetText("m"));
    }

    [Fact]
    [Trait("id", "WF-02")]
    public async Task A_version_never_changes()
    {
        await PushAsync("w", "one", "1.0.0");
        await PushAsync("w", "two", "2.0.0");
        var other = await PushAsync("w", "else", "1.0.0");
        var again = await PushAsync("w", "one", "1.0.0");
        var broken = await PushAsync("w", "x", "1.x");

        Assert.Equal((409, "WORKFLOW_CONFLICT"), (other.Status, other["error.code"].GetString()));
        Assert.Equal((200, false), (again.Status, again["created"].GetBoolean()));
        Assert.Equal((400, "INVALID_PLAN"), (broken.Status, broken["error.code"].GetString()));
        Assert.Equal("one", (await house.AskAsync($"{Route}/w/versions/1.0.0"))["plan.steps"][0].GetProperty("params").GetText("m"));
    }

    [Fact]
    [Trait("id", "WF-03")]
    public async Task Yaml_and_every_shape_are_taken_and_all_mistakes_are_told_without_storing()
    {
        var yaml = await house.AskAsync(Route, """{"plan":"name: from-yaml\nversion: 1.2.3\nsteps:\n  - id: a\n    skill: echo\n"}""");
        var wrong = await house.AskAsync(Route + "/validate", """{"name":"bad","plan":{"steps":[{"id":"a","skill":"ecko"},{"id":"b","run":{"plan":{"$ref":"workflow:from-yalm@1"}}}]}}""");
        var stored = await house.AskAsync(Route, """{"name":"bad","plan":{"steps":[{"id":"a","skill":"ecko"}]}}""");
        var right = await house.AskAsync(Route + "/validate", """{"name":"good","plan":{"steps":[{"id":"b","run":{"plan":{"$ref":"workflow:from-yaml@1"}}}]}}""");
        var text = await house.AskAsync(Route + "/validate", """{"name":"bad","plan":"steps: ["}""");

        Assert.Equal((201, "1.2.3"), (yaml.Status, yaml.Body.GetText("version")));
        Assert.Equal(["SKILL_NOT_FOUND", "INVALID_REFERENCE"], wrong["problems"].EnumerateArray().Select(problem => problem.GetText("code")));
        Assert.Equal("steps[1].run.plan.$ref", wrong["problems"][1].GetText("path"));
        Assert.Contains("Did you mean from-yaml?", wrong["problems"][1].GetText("message"), StringComparison.Ordinal);
        Assert.Equal((400, 404), (stored.Status, (await house.AskAsync(Route + "/bad")).Status));
        Assert.Equal((true, "from-yaml@1.2.3"), (right["valid"].GetBoolean(), right["references"].GetProperty("workflow:from-yaml@1").GetString()));
        Assert.Equal((400, "INVALID_PLAN"), (text.Status, text["error.code"].GetString()));
    }

    [Fact]
    [Trait("id", "WF-04")]
    public async Task Lists_are_filtered_and_paged_and_leave_out_what_is_deprecated()
    {
        foreach (var name in new[] { "b-two", "a-one", "b-three" }) await house.AskAsync(Route, $$"""{"name":"{{name}}","plan":[{"skill":"echo"}],"description":"About {{name}} 100%","tags":["x","{{name[..1]}}"]}""");
        await DeprecateAsync("b-three", "1.0.0");

        Assert.Equal(["a-one", "b-two"], await NamesAsync(""));
        Assert.Equal(["a-one", "b-three", "b-two"], await NamesAsync("?deprecated=true"));
        Assert.Equal(["b-two"], await NamesAsync("?prefix=b-"));
        Assert.Equal(["a-one"], await NamesAsync("?tag=a"));
        Assert.Equal(["b-two"], await NamesAsync("?q=ABOUT%20b-TWO"));
        Assert.Empty(await NamesAsync("?q=100_"));
        var page = await house.AskAsync(Route + "?limit=1");
        Assert.Equal(["b-two"], await NamesAsync($"?limit=1&after={page.Body.GetText("next_after")}"));
        var versions = await house.AskAsync($"{Route}/a-one/versions?limit=1");
        Assert.Empty((await house.AskAsync($"{Route}/a-one/versions?below={versions.Body.GetText("next_below")}"))["versions"].EnumerateArray());
    }

    [Fact]
    [Trait("id", "WF-05")]
    public async Task A_selector_chooses_the_highest_in_use_and_a_full_version_is_used_with_a_warning()
    {
        foreach (var version in new[] { "1.9.0", "1.10.0", "2.0.0" }) await PushAsync("w", version, version);
        await DeprecateAsync("w", "2.0.0", "not yet");

        Assert.Equal(("w@1.10.0", "w@1.10.0", "w@1.9.0"), (await RanAsync("w"), await RanAsync("w@1"), await RanAsync("w@1.9")));
        var full = await house.AskAsync(Route + "/w/run", """{"version":"2.0.0","wait":20}""");
        var none = await house.AskAsync(Route + "/w/run", """{"version":"2"}""");
        var unknown = await house.AskAsync("/api/v1/runs", """{"workflow_id":"w@7"}""");
        await house.AskAsync(Route + "/w/versions/2.0.0/deprecate", """{"undo":true}""");

        Assert.Equal((201, "WORKFLOW_DEPRECATED"), (full.Status, full["warnings"][0].GetText("code")));
        Assert.Contains("not yet", full["warnings"][0].GetText("message"), StringComparison.Ordinal);
        Assert.Equal((409, "WORKFLOW_DEPRECATED"), (none.Status, none["error.code"].GetString()));
        Assert.Equal((404, "NOT_FOUND"), (unknown.Status, unknown["error.code"].GetString()));
        Assert.Equal("w@2.0.0", await RanAsync("w"));
    }

    [Fact]
    [Trait("id", "WF-06")]
    public async Task A_run_pins_name_version_hash_and_skills_and_is_found_by_them()
    {
        var pushed = await PushAsync("w", "one", "1.2.0");
        await PushAsync("wide", "one", "1.2.0");
        var run = await house.AskAsync("/api/v1/runs?wait=20", """{"workflow_id":"w@1","input":{"x":1},"config":{"seed":9},"labels":{"a":"b"}}""");
        await RanAsync("wide");

        Assert.Equal("w@1.2.0", run.Body.GetText("workflow_id"));
        Assert.Equal((pushed.Body.GetText("plan_hash"), "1.2.0"), (run["workflow.plan_hash"].GetString(), run["workflow.version"].GetString()));
        Assert.NotNull(run["skills"].GetText("echo"));
        foreach (var filter in new[] { "w", "w@1", "w@1.2", "w@1.2.0" })
            Assert.Equal([run.Body.GetText("run_id")], (await house.AskAsync($"/api/v1/runs?workflow={filter}"))["runs"].EnumerateArray().Select(row => row.GetText("run_id")));
        Assert.Empty((await house.AskAsync("/api/v1/runs?workflow=w@2"))["runs"].EnumerateArray());
    }

    [Fact]
    [Trait("id", "WF-07")]
    public async Task A_run_that_waits_or_is_retried_keeps_its_plan_whatever_is_pushed_or_restarted()
    {
        const string First = """{"name":"w","plan":{"steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","run":{"plan":{"$ref":"workflow:inner"}}},{"id":"c","skill":"fs_read","params":{"path":"absent"}}]}}""";
        await PushAsync("inner", "old");
        await house.AskAsync(Route, First);
        var run = (await house.AskAsync(Route + "/w/run", "{}")).Body.GetText("run_id");
        await PushAsync("inner", "new");
        await house.AskAsync(Route, """{"name":"w","plan":[{"skill":"echo"}]}""");
        await house.RestartAsync();
        await house.AskAsync($"/api/v1/runs/{run}/signals/go", "{}");
        var failed = await house.AskAsync($"/api/v1/runs/{run}?wait=20");
        await house.AskAsync($"/api/v1/runs/{run}/retry", "{}");
        var again = await house.AskAsync($"/api/v1/runs/{run}?wait=20");

        Assert.Equal("failed", failed.Body.GetText("status"));
        Assert.Equal((2, "w@1.0.0"), (again["attempt"].GetInt32(), again.Body.GetText("workflow_id")));
        Assert.Equal("1.0.0", again["references"].GetProperty("workflow:inner").GetText("version"));
        Assert.Equal("old", again["steps"][1].GetProperty("result").GetProperty("echo").GetText("m"));
        var replay = await house.AskAsync($"/api/v1/traces/{run}/replay", "{}");
        Assert.True(replay.Status is 200 or 201, replay.Body.GetRawText());
        Assert.True(replay["match"].GetBoolean(), replay.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "WF-08")]
    public async Task A_child_by_reference_is_a_run_of_its_workflow_within_the_parents_budget()
    {
        await house.AskAsync(Route, """{"name":"inner","plan":{"version":"2.3.0","inputs":{"n":{"type":"integer"}},"steps":[{"id":"x","skill":"echo","params":{"n":"${{ inputs.n }}"}}]}}""");
        const string Plan = """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"$ref":"workflow:inner@2"},"inputs":{"n":NUMBER}}}]}}""";
        var good = await house.AskAsync("/api/v1/runs?wait=20", Plan.Replace("NUMBER", "7", StringComparison.Ordinal));
        var bad = await house.AskAsync("/api/v1/runs?wait=20", Plan.Replace("NUMBER", "\"seven\"", StringComparison.Ordinal));
        var child = (await house.AskAsync($"/api/v1/runs?parent={good.Body.GetText("run_id")}"))["runs"][0];

        Assert.True(good["outcome.result.echo"].Get("n") is not null, good.Body.GetRawText());
        Assert.Equal(7, good["outcome.result.echo"].GetProperty("n").GetInt32());
        Assert.Equal("inner@2.3.0", child.GetText("workflow_id"));
        Assert.Equal("failed", bad.Body.GetText("status"));
        Assert.Equal("INVALID_INPUT", bad["outcome.error.code"].GetString());
    }

    [Fact]
    [Trait("id", "WF-09")]
    public async Task Circles_and_unknown_references_are_refused_by_run_and_simulate_alike()
    {
        await PushAsync("a", "x");
        await house.AskAsync(Route, """{"name":"b","plan":{"steps":[{"id":"s","run":{"plan":{"$ref":"workflow:a@latest"}}}]}}""");
        await house.AskAsync(Route, """{"name":"a","plan":{"steps":[{"id":"s","run":{"plan":{"$ref":"workflow:b"}}}]}}""");
        foreach (var (body, code) in new[]
        {
            ("""{"workflow_id":"a"}""", "CYCLE"), ("""{"plan":{"name":"p","steps":[{"id":"s","run":{"plan":{"$ref":"workflow:c"}}}]}}""", "INVALID_REFERENCE"),
            ("""{"plan":{"name":"p","steps":[{"id":"s","run":{"plan":{"$ref":"workflow:a"}}}]}}""", "CYCLE"),
        })
        {
            var (run, simulated) = (await house.AskAsync("/api/v1/runs", body), await house.AskAsync("/api/v1/runtime/simulate", body));
            Assert.Equal((400, code), (run.Status, run["error.code"].GetString()));
            Assert.False(simulated["feasible"].GetBoolean());
            Assert.Equal(code, simulated["error.code"].GetString());
            Assert.Contains("run.plan.$ref", run["error.message"].GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("id", "WF-10")]
    public async Task Simulate_prices_the_plan_that_is_named()
    {
        await house.AskAsync(Route, """{"name":"inner","plan":[{"skill":"llm_invoke","params":{"prompt":"hi"}}]}""");
        var named = await house.AskAsync("/api/v1/runtime/simulate", """{"workflow_id":"inner"}""");
        var referred = await house.AskAsync("/api/v1/runtime/simulate", """{"plan":{"name":"p","steps":[{"id":"a","run":{"plan":{"$ref":"workflow:inner"}}}]},"budget_cents":1}""");

        Assert.Equal(5, named["estimated_cost_cents"].GetDecimal());
        Assert.Equal((5m, "budget_insufficient"), (referred["estimated_cost_cents"].GetDecimal(), referred.Body.GetText("status")));
    }

    [Fact]
    [Trait("id", "WF-11")]
    public async Task A_difference_says_what_changed_and_who_could_go_on()
    {
        await house.AskAsync(Route, """{"name":"w","plan":{"steps":[{"id":"a","skill":"echo"},{"id":"b","skill":"echo"}]}}""");
        await house.AskAsync(Route, """{"name":"w","plan":{"steps":[{"id":"a","skill":"echo"},{"id":"b","skill":"echo","params":{"n":1}}]}}""");
        var diff = await house.AskAsync(Route + "/w/diff?from=1.0.0&to=latest");
        var same = await house.AskAsync(Route + "/w/diff?from=1.0.0&to=1.0.0");

        Assert.Equal(("w@1.0.0", "w@1.0.1", "b", 1), (diff.Body.GetText("from"), diff.Body.GetText("to"), diff.Body.GetText("first_difference"), diff["resumable_steps"].GetInt32()));
        Assert.Equal((false, true), (diff["match"].GetBoolean(), same["match"].GetBoolean()));
    }

    [Fact]
    [Trait("id", "WF-12")]
    public async Task Only_what_nothing_ran_is_deleted()
    {
        await PushAsync("w", "x");
        await PushAsync("unused", "x");
        await RanAsync("w");

        Assert.Equal((409, "WORKFLOW_CONFLICT"), Short(await house.AskAsync("DELETE", Route + "/w", null)));
        Assert.Equal(200, (await house.AskAsync("DELETE", Route + "/unused", null)).Status);
        Assert.Equal((404, 404), ((await house.AskAsync("DELETE", Route + "/unused", null)).Status, (await house.AskAsync(Route + "/unused/versions/1.0.0")).Status));
        Assert.Equal(200, (await house.AskAsync(Route + "/w")).Status);
    }

    [Fact]
    [Trait("id", "WF-13")]
    public async Task A_plan_is_stored_up_to_its_limit_and_a_run_has_one_plan()
    {
        var large = await PushAsync("w", new string('x', 1024 * 1024));
        await PushAsync("w", "x");
        var two = await house.AskAsync("/api/v1/runs", """{"workflow_id":"w","plan":[{"skill":"echo"}]}""");

        Assert.Equal((400, "INPUT_TOO_LARGE"), Short(large));
        Assert.Equal((422, "INVALID_INPUT"), Short(two));
    }

    [Fact]
    [Trait("id", "WF-14")]
    public async Task Of_the_same_push_at_once_one_makes_the_version()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PushAsync("w", "same")));
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PushAsync("w", $"other {i}")));

        Assert.Equal(1, replies.Count(reply => reply.Status == 201));
        Assert.Equal(8, others.Select(reply => reply.Body.GetText("version")).Distinct().Count());
    }

    private static (int, string?) Short(Reply reply) => (reply.Status, reply["error.code"].GetString());

    private Task<Reply> PushAsync(string name, string text, string? version = null) => house.AskAsync(
        Route, $$$"""{"name":"{{{name}}}","plan":{{{{(version is null ? "" : $"\"version\":\"{version}\",")}}}"steps":[{"id":"a","skill":"echo","params":{"m":"{{{text}}}"}}]}}""");

    private Task<Reply> DeprecateAsync(string name, string version, string message = "old") => house.AskAsync($"{Route}/{name}/versions/{version}/deprecate", $$"""{"message":"{{message}}"}""");

    private async Task<string?> RanAsync(string id)
    {
        var run = await house.AskAsync("/api/v1/runs?wait=20", $$"""{"workflow_id":"{{id}}"}""");
        Assert.True(run.Status == 201, run.Body.GetRawText());
        return run.Body.GetText("workflow_id");
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string query) =>
        [.. (await house.AskAsync(Route + query))["workflows"].EnumerateArray().Select(workflow => workflow.GetText("name")!)];
}
