using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>Lists, steps, events and outcomes of runs.</summary>
public sealed class Lists : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_list_is_filtered_by_status_agent_and_label()
    {
        var done = await house.RunAsync("""{"agent_id":"a","labels":{"team":"x","stage":"1"},"plan":[{"skill":"echo"}]}""");
        var failed = await house.RunAsync("""{"agent_id":"a","labels":{"team":"y"},"plan":[{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");
        var waiting = (await house.AskAsync("/api/v1/runs", """{"agent_id":"b","name":"w","steps":[{"id":"s","await":{"signal":"go"}}]}""")).Body.GetText("run_id")!;

        Assert.Equal([waiting, failed, done], await IdsAsync("/api/v1/runs"));
        Assert.Equal([failed, done], await IdsAsync("/api/v1/runs?status=succeeded,failed"));
        Assert.Equal([failed, done], await IdsAsync("/api/v1/runs?status=succeeded&status=failed"));
        Assert.Equal([waiting], await IdsAsync("/api/v1/runs?agent_id=b"));
        Assert.Equal([done], await IdsAsync("/api/v1/runs?label.team=x&label.stage=1"));
        Assert.Equal([], await IdsAsync("/api/v1/runs?label.team=x&label.stage=2"));
    }

    [Fact]
    public async Task Pages_go_on_where_the_last_one_ended()
    {
        var all = new List<string>();
        for (var i = 0; i < 5; i++) all.Insert(0, await house.RunAsync("""{"plan":[{"skill":"echo"}]}"""));

        var first = await house.AskAsync("/api/v1/runs?limit=2");
        var second = await house.AskAsync($"/api/v1/runs?limit=2&before={first.Body.GetText("next_before")}");
        var third = await house.AskAsync($"/api/v1/runs?limit=2&before={second.Body.GetText("next_before")}");

        Assert.Equal(all, [.. Ids(first), .. Ids(second), .. Ids(third)]);
        Assert.Null(third.Body.GetText("next_before"));
    }

    [Fact]
    public async Task Children_are_listed_by_their_parent()
    {
        var id = await house.RunAsync("""{"name":"p","steps":[{"id":"c","run":{"plan":{"name":"child","steps":[{"id":"x","skill":"echo"}]}}}]}""");

        var child = Assert.Single((await house.AskAsync($"/api/v1/runs?parent={id}"))["runs"].EnumerateArray());
        Assert.Equal(id, child.GetText("parent_run_id"));
    }

    [Fact]
    public async Task An_outcome_tells_the_failure_with_its_catalog_entry_and_what_was_retried()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"fs_read","params":{"path":"no-such-file","retry":{"max_attempts":2,"backoff_seconds":0}}}]}""");
        var run = await house.AskAsync($"/api/v1/runs/{id}");

        Assert.False(run["outcome.success"].GetBoolean());
        Assert.Equal(run["outcome.error.code"].GetString(), run["outcome.error.catalog_entry.id"].GetString());
        Assert.True(run["outcome.error.catalog_match"].GetBoolean());
        Assert.NotEmpty(run["outcome.error.recovery_suggestion"].GetString()!);
        Assert.Equal(JsonValueKind.Array, run["outcome.retries"].ValueKind);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("[1,\"a\",null]")]
    [InlineData("{\"a\":{\"b\":[]}}")]
    [Trait("id", "A8.1-05")]
    [Trait("id", "A8.2-20")]
    [Trait("id", "A8.2-21")]
    public async Task Any_result_is_written_as_it_is(string result)
    {
        var id = await house.RunAsync($$"""{"name":"r","steps":[{"id":"e","skill":"echo"}],"output":{{result}}}""");
        var run = await house.AskAsync($"/api/v1/runs/{id}");

        Assert.True(run["outcome.success"].GetBoolean());
        Assert.Equal(result, run["outcome.result"].GetRawText());
        Assert.All(["created_at", "completed_at"], name => Assert.EndsWith("Z", run.Body.GetText(name), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_shapes_ignore_what_they_do_not_know_and_say_so()
    {
        var parity = await house.AskAsync("/api/v1/runs?wait=20", """{"steps":[{"id":"s1","skill":"echo","params":{"msg":"hi"}},{"id":"s2","skill":"wait","params":{"ms":1}}],"budget":{"max_cost_usd":0.01}}""");
        var list = await house.AskAsync("/api/v1/runs?wait=20", """{"agent_id":"my-first-agent","goal":"g","force_skill":"x","plan":[{"skill":"echo","params":{},"note":1}]}""");

        Assert.Equal((201, "succeeded"), (parity.Status, parity.Body.GetText("status")));
        Assert.Equal((201, "succeeded"), (list.Status, list.Body.GetText("status")));
    }

    [Fact]
    public async Task A_goal_alone_is_planned_for_an_agent_that_exists()
    {
        var agent = (await house.AskAsync("POST", "/agents", """{"name":"bot"}""", ("X-AOS-Key", house.Key()))).Body.GetText("agent_id");
        var run = await house.AskAsync("/api/v1/runs?wait=20", $$"""{"agent_id":"{{agent}}","goal":"echo hello"}""");
        var nobody = await house.AskAsync("/api/v1/runs", """{"agent_id":"nobody","goal":"echo hello"}""");
        var budget = await house.AskAsync("/api/v1/runs", $$"""{"agent_id":"{{agent}}","goal":"echo hello","budget_cents":1}""");

        Assert.True(run.Status == 201, run.Body.GetRawText());
        Assert.Equal("succeeded", run.Body.GetText("status"));
        Assert.Equal(404, nobody.Status);
        Assert.Equal(422, budget.Status);
    }

    [Fact]
    public async Task A_plan_at_the_top_takes_labels_and_agent_beside_it()
    {
        var run = await house.AskAsync("/api/v1/runs?wait=20", """{"name":"n","agent_id":"a","labels":{"k":"v"},"steps":[{"id":"x","skill":"echo"}]}""");

        Assert.Equal((201, "a", "v"), (run.Status, run.Body.GetText("agent_id"), run["labels.k"].GetString()));
    }

    [Fact]
    public async Task Steps_are_read_all_or_one_by_one()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo","params":{"n":1}},{"skill":"fs_write","params":{"path":"a.txt","content":"x","api_key":"s"}}]}""");
        var steps = await house.AskAsync($"/api/v1/runs/{id}/steps");
        var one = await house.AskAsync($"/api/v1/runs/{id}/steps/s1");

        Assert.Equal(["s1", "s2"], steps["steps"].EnumerateArray().Select(step => step.GetText("id")));
        Assert.Equal(1, one["result.echo.n"].GetInt32());
        Assert.Equal("succeeded", Assert.Single(one["calls"].EnumerateArray()).GetText("status"));
        Assert.Equal(404, (await house.AskAsync($"/api/v1/runs/{id}/steps/s9")).Status);
    }

    [Fact]
    public async Task Large_results_are_left_out_of_the_run_and_read_step_by_step()
    {
        var text = new string('x', 3 * 1024 * 1024);
        var steps = string.Join(',', Enumerable.Range(0, 4).Select(_ => $$$"""{"skill":"echo","params":{"t":"{{{text}}}"}}"""));
        var id = await house.RunAsync($$"""{"plan":[{{steps}}]}""");
        var run = await house.AskAsync($"/api/v1/runs/{id}");
        var last = await house.AskAsync($"/api/v1/runs/{id}/steps/s4");

        Assert.Contains(run["steps"].EnumerateArray(), step => step.Get("result_omitted") is { ValueKind: JsonValueKind.True });
        Assert.Equal(text.Length, last["result.echo.t"].GetString()!.Length);
    }

    [Fact]
    public async Task A_stream_goes_on_after_the_last_event_seen_and_stops_after_the_end()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        var all = (await house.AskAsync($"/api/v1/runs/{id}/events")).Body.GetString()!;
        var count = all.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length;
        var rest = await house.AskAsync("GET", $"/api/v1/runs/{id}/events", null, ("Last-Event-ID", "1"));
        var none = await house.AskAsync("GET", $"/api/v1/runs/{id}/events", null, ("Last-Event-ID", count.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        Assert.StartsWith("id: 1\n", all, StringComparison.Ordinal);
        Assert.StartsWith("id: 2\n", rest.Body.GetString(), StringComparison.Ordinal);
        Assert.Equal(204, none.Status);
    }

    [Fact]
    public async Task Secrets_in_events_are_hidden()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo","params":{"password":"hunter2"}}]}""");

        Assert.DoesNotContain("hunter2", (await house.AskAsync($"/api/v1/runs/{id}/events")).Body.GetString()!, StringComparison.Ordinal);
    }

    private async Task<IEnumerable<string>> IdsAsync(string path) => Ids(await house.AskAsync(path));

    private static IEnumerable<string> Ids(Reply reply) => reply["runs"].EnumerateArray().Select(run => run.GetText("run_id")!).ToList();
}
