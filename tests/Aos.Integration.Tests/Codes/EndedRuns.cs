namespace Aos.Integration.Tests.Codes;

/// <summary>Runs that end otherwise than they should, and commands that come too early or too late.</summary>
public sealed class EndedRuns(CodeHouse house) : OfOneCode(house), IClassFixture<CodeHouse>
{
    private const string Wait = """{"id":"a","await":{"signal":"go"}}""";
    private const string Echo = """{"id":"a","skill":"echo"}""";

    [Fact]
    [Trait("id", "F5.80-AGENT-LIMIT")]
    public Task A_loop_that_does_not_end() => FailsAsync("""{"id":"a","agent":{"goal":"never ending","skills":["echo"],"max_turns":2}}""");

    [Fact]
    [Trait("id", "F5.80-APPROVAL-REJECTED")]
    public async Task Somebody_says_no()
    {
        var run = await WaitingAsync("""{"id":"a","await":{"approval":{"level":1,"policy_type":"cost","message":"May it?"}}}""");
        Assert.Equal(200, (await House.AskAsync($"/api/v1/runs/{run}/steps/a/reject", """{"note":"no"}""")).Status);
        await OverAsync(run);
    }

    [Fact]
    [Trait("id", "F5.80-AWAIT-TIMEOUT")]
    public Task Nobody_signals() => FailsAsync("""{"id":"a","await":{"signal":"go","timeout":"10ms"}}""");

    [Fact]
    [Trait("id", "F5.80-CANCELLED")]
    public async Task Somebody_cancels()
    {
        var run = await WaitingAsync(Wait);
        Assert.Equal(200, (await House.AskAsync($"/api/v1/runs/{run}/cancel", "{}")).Status);
        await OverAsync(run, "cancelled");
    }

    [Fact]
    [Trait("id", "F5.80-CHILD-FAILED")]
    public Task A_child_fails() => FailsAsync($$$$"""{"id":"a","run":{"plan":{"name":"c","steps":[{{{{Once("kv_get", """{"key":"nothing"}""")}}}}]}}}""");

    [Fact]
    [Trait("id", "F5.80-EMERGENCY-STOP")]
    public async Task A_switch_is_thrown()
    {
        Assert.Equal(201, (await House.AskAsync("/api/v1/workflows", $$$"""{"name":"stopped","plan":{"version":"1.0.0","steps":[{{{Wait}}}]}}""")).Status);
        var run = await House.StartAsync("""{"workflow_id":"stopped"}""");
        await House.StandsAsync(run);
        var thrown = await House.AskAsync("/api/v1/killswitches/engage", """{"workflow":"stopped","reason":"wrong amounts"}""");
        Assert.True(thrown.Status is 200 or 201, thrown.Body.GetRawText());
        await RefusedAsync(House.AskAsync("/api/v1/runs", """{"workflow_id":"stopped"}"""));
        await OverAsync(run, (await House.EndedAsync(run)).Body.GetText("status")!);
    }

    [Fact]
    [Trait("id", "F5.80-REPEAT-LIMIT")]
    public Task A_condition_that_never_holds() => FailsAsync("""{"id":"a","skill":"echo","repeat":{"until":"false","max":2}}""");

    [Fact]
    [Trait("id", "F5.80-RUN-BUDGET-EXCEEDED")]
    public Task More_calls_than_there_is_money_for() => FailsAsync(
        """{"id":"a","skill":"odd","params":{"way":"well"}},{"id":"b","skill":"odd","params":{"way":"${{ item }}"},"for_each":"${{ steps.a.result.list }}","as":"item"}""", "\"budget_cents\":12");

    [Fact]
    [Trait("id", "F5.80-RUN-TIMEOUT")]
    public Task A_run_that_takes_too_long() => FailsAsync(Wait, "\"timeout\":\"10ms\"");

    [Fact]
    [Trait("id", "F5.80-STEP-CEILING-EXCEEDED")]
    public Task A_call_that_is_too_dear() => FailsAsync(Once("odd", """{"way":"well"}""", "\"max_cost_cents\":4"));

    [Fact]
    [Trait("id", "F5.80-OUTCOME-UNKNOWN")]
    public async Task A_call_of_which_nobody_knows_whether_it_happened()
    {
        var run = await WaitingAsync("""{"id":"a","skill":"http_call","params":{"url":"http://PEER/hangup","method":"POST"}}""");
        var given = await House.AskAsync($"/api/v1/runs/{run}/steps/a/resolve", """{"verdict":"abort"}""");
        Assert.True(given.Status == 200, given.Body.GetRawText());
        await OverAsync(run);
    }

    [Fact]
    [Trait("id", "F5.80-INVALID-STATE")]
    public async Task Nothing_to_approve() => await RefusedAsync(House.AskAsync($"/api/v1/runs/{await WaitingAsync(Wait)}/steps/a/approve", "{}"));

    [Fact]
    [Trait("id", "F5.80-RUN-NOT-PAUSED")]
    public async Task A_run_that_does_not_stand_still() => await RefusedAsync(House.AskAsync($"/api/v1/runs/{await WaitingAsync(Wait)}/resume", "{}"));

    [Fact]
    [Trait("id", "F5.80-RUN-OVER")]
    public async Task A_run_that_is_over() => await RefusedAsync(House.AskAsync($"/api/v1/runs/{await WaitingAsync(Echo)}/cancel", "{}"));

    [Fact]
    [Trait("id", "F5.80-RUN-NOT-FOUND")]
    public Task A_run_that_never_was() => RefusedAsync(House.AskAsync($"/api/v1/runs/{Guid.CreateVersion7()}"));

    /// <summary>A run that is over or waits for somebody.</summary>
    private async Task<string> WaitingAsync(string steps)
    {
        var run = await House.StartAsync(Plan(steps));
        await House.StandsAsync(run);
        return run;
    }
}
