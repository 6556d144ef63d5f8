using System.Net;

namespace Aos.Integration.Tests.Http;

public sealed class AgentRecords : IAsyncLifetime
{
    private AgentWorld world = null!;

    public async ValueTask InitializeAsync() => world = await AgentWorld.OpenAsync();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_run_of_another_agent_is_not_found()
    {
        var (one, two) = (await world.AgentAsync(), await world.AgentAsync());
        var run = await world.GoalAsync(one, "echo a");

        var other = await world.SendAsync("GET", $"/agents/{two}/runs/{run}");
        Assert.Equal((HttpStatusCode.NotFound, "Run not found"), (other.Status, other.Body.GetText("detail")));
        Assert.Equal("Run not found", (await world.SendAsync("GET", $"/agents/{one}/runs/nonsense")).Body.GetText("detail"));
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_within_bounds()
    {
        var agent = await world.AgentAsync();
        var runs = new List<string>();
        foreach (var goal in new[] { "echo a", "echo b", "echo c" }) runs.Add(await world.GoalAsync(agent, goal));

        var listed = (await world.SendAsync("GET", $"/agents/{agent}/runs?limit=2")).Body;
        Assert.Equal([runs[2], runs[1]], listed.EnumerateArray().Select(run => run.GetText("run_id")!));
        Assert.Equal(422, (int)(await world.SendAsync("GET", $"/agents/{agent}/runs?limit=0")).Status);
        Assert.Equal(404, (int)(await world.SendAsync("GET", "/agents/none/runs")).Status);
    }

    [Fact]
    public async Task Recall_finds_results_by_their_text_whatever_its_case_newest_first_and_takes_signs_as_they_are()
    {
        var agent = await world.AgentAsync();
        foreach (var goal in new[] { "echo the Rates", "echo 100% of it", "echo more rates" }) await world.EndedAsync(agent, await world.GoalAsync(agent, goal));

        var rates = (await world.SendAsync("GET", $"/agents/{agent}/recall?query=RATES&k=5")).Body;
        Assert.Equal(["more rates", "the Rates"], rates.EnumerateArray().Select(one => one.GetText("text")!).Select(text => text.Contains("more") ? "more rates" : "the Rates"));
        Assert.Equal("echo", Json.Parse(rates[0].GetText("meta")!).GetText("skill"));
        Assert.NotNull(rates[0].GetText("created_at"));
        Assert.Equal(1, (await world.SendAsync("GET", $"/agents/{agent}/recall?q=%25")).Body.GetArrayLength());
        Assert.Equal(1, (await world.SendAsync("GET", $"/agents/{agent}/recall?query=Skill&k=1")).Body.GetArrayLength());
        Assert.Equal(422, (int)(await world.SendAsync("GET", $"/agents/{agent}/recall")).Status);
        Assert.Equal(422, (int)(await world.SendAsync("GET", $"/agents/{agent}/recall?query=a&k=101")).Status);
    }

    [Fact]
    public async Task Every_ended_attempt_has_its_provenance_and_a_rerun_of_a_failed_run_is_a_new_one()
    {
        var agent = await world.AgentAsync();
        var failing = await world.GoalAsync(agent, "filter it");
        Assert.Equal("failed", (await world.EndedAsync(agent, failing)).GetText("status"));
        var failed = (await world.SendAsync("GET", "/admin/failed-runs")).Body;
        Assert.Equal((1, failing), (failed.Get("count")!.Value.GetInt32(), failed.Get("runs")!.Value[0].GetText("run_id")));

        var again = await world.SendAsync("POST", "/admin/rerun", $$"""{"run_id":"{{failing}}","reason":"upstream fixed"}""");
        Assert.Equal(("queued", failing, "failed", "upstream fixed"), (again.Body.GetText("status"), again.Body.GetText("run_id"), again.Body.GetText("original_status"), again.Body.GetText("reason")));
        Assert.Equal(2, (await world.EndedAsync(agent, failing)).Get("attempts")!.Value.GetInt32());

        var provenance = (await world.SendAsync("GET", $"/agents/{agent}/provenance")).Body;
        Assert.Equal([$"{failing}.2", $"{failing}.1"], provenance.EnumerateArray().Select(one => one.GetText("id")!));
        Assert.All(provenance.EnumerateArray(), one => Assert.Equal(("failed", "filter it"), (one.GetText("status"), one.GetText("goal"))));
        Assert.Equal(1, provenance[0].Get("tool_calls")!.Value.GetArrayLength());
        Assert.Equal(1, (await world.SendAsync("GET", $"/agents/{agent}/provenance/{failing}.1")).Body.Get("attempts")!.Value.GetInt32());
        var unknown = await world.SendAsync("GET", $"/agents/{await world.AgentAsync()}/provenance/{failing}.1");
        Assert.Equal((HttpStatusCode.NotFound, "Provenance not found"), (unknown.Status, unknown.Body.GetText("detail")));
    }

    [Fact]
    public async Task A_succeeded_run_is_run_again_as_a_new_run_of_the_same_plan()
    {
        var agent = await world.AgentAsync();
        var first = await world.GoalAsync(agent, "echo a");
        await world.EndedAsync(agent, first);
        var again = (await world.SendAsync("POST", "/admin/rerun", $$"""{"run_id":"{{first}}"}""")).Body;
        var second = await world.EndedAsync(agent, again.GetText("run_id")!);

        Assert.NotEqual(first, again.GetText("run_id"));
        Assert.Equal((first, "succeeded"), (again.GetText("original_run_id"), again.GetText("original_status")));
        Assert.Equal(("succeeded", "echo a"), (second.GetText("status"), second.GetText("goal")));
    }

    [Fact]
    public async Task A_run_under_way_is_not_run_again_and_an_unknown_one_not_found()
    {
        var waiting = await world.SendAsync("POST", "/api/v1/runs", """{"plan":{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}}""");
        var refused = await world.SendAsync("POST", "/admin/rerun", $$"""{"run_id":"{{waiting.Body.GetText("run_id")}}"}""");
        var unknown = await world.SendAsync("POST", "/admin/rerun", """{"run_id":"x"}""");

        Assert.Equal(400, (int)refused.Status);
        Assert.Contains("waiting", refused.Body.GetText("detail"), StringComparison.Ordinal);
        Assert.Contains("failed, cancelled or succeeded", refused.Body.GetText("detail"), StringComparison.Ordinal);
        Assert.Equal(404, (int)unknown.Status);
    }
}
