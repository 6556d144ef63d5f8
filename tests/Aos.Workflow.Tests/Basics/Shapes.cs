namespace Aos.Workflow.Tests.Basics;

/// <summary>Older shapes of a plan: what they say is done, and what makes no sense is refused.</summary>
public sealed class Shapes
{
    [Theory]
    [InlineData("abort", RunStatus.Failed)]
    [InlineData("retry", RunStatus.Failed)] // Tried again, and then it is a failure like any other.
    [InlineData("continue", RunStatus.Succeeded)]
    [Trait("id", "W-29")]
    [Trait("plants", "STEP_FAILED")]
    public async Task A_step_that_failed_ends_the_run_unless_its_spec_says_that_it_goes_on(string onError, RunStatus status)
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Fails = _ => FailureCatalog.Fail("STEP_FAILED", "It broke.");
        world.Skills.Behave = call => call.Call.StepId == "a" ? Testing.Behaviour.Fail : Testing.Behaviour.Answer;
        var run = await world.RunAsync("""{"id":"w","steps":[{"id":"a","skill_id":"put","on_error":"HOW","retry":true,"max_retries":2},{"id":"b","skill_id":"put"}]}""".Replace("HOW", onError, StringComparison.Ordinal));

        Assert.Equal((status, StepStatus.Failed), (run.Status, run.Steps[0].Status));
        Assert.Equal(onError == "continue" ? "b" : "", world.Called());
    }

    [Theory]
    [InlineData("\"skip\"")]
    [InlineData("\"contniue\"")]
    [InlineData("\"\"")]
    [InlineData("{\"fallback\":\"nobody\"}")]
    [Trait("id", "W-29")]
    public async Task What_a_step_does_on_an_error_is_one_of_what_there_is(string onError)
    {
        await using var world = await Worlds.OpenAsync();
        foreach (var shape in new[] { """{"id":"w","steps":[{"id":"a","skill_id":"put","on_error":HOW}]}""", """[{"id":"a","skill":"put","on_error":HOW}]""", """{"name":"p","steps":[{"id":"a","skill":"put","on_error":HOW}]}""" })
        {
            var reading = PlanReader.Read(Json.Parse(shape.Replace("HOW", onError, StringComparison.Ordinal)), world.Skills.Terms);

            Assert.Null(reading.Plan);
            Assert.StartsWith("steps[0].on_error", Assert.Single(reading.Problems).Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("id", "W-29")]
    [Trait("plants", "STEP_FAILED")]
    public async Task A_list_of_steps_keeps_every_clause_that_its_steps_have()
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Fails = _ => FailureCatalog.Fail("STEP_FAILED", "It broke.");
        world.Skills.Behave = call => call.Call.StepId == "b" ? Testing.Behaviour.Fail : Testing.Behaviour.Answer;
        var run = await world.RunAsync("""
            [{"id":"a","skill":"put","for_each":"${{ [1,2,3] }}","as":"n","max_parallel":1,"params":{"v":"${{ n }}"}},
             {"id":"b","skill":"put","retry":{"max_attempts":1},"on_error":{"fallback":"c"}},{"id":"c","skill":"put","fallback_only":true,"params":{"instead":true}},
             {"id":"nap","sleep":"1h"},
             {"id":"d","skill":"put","repeat":{"until":"steps.d.result.n == 1","max":2,"delay":"1s"},"params":{"n":1}}]
            """);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal("a a a c d", world.Called());
        Assert.Equal("""[{"v":1},{"v":2},{"v":3}]""", run.Result(0));
        Assert.Equal("""{"instead":true}""", run.Result(1));
        Assert.True(run.EndedAt - run.StartedAt >= TimeSpan.FromHours(1));
    }

    [Theory]
    [InlineData("""{"id":"a","skill":"put","params":{"v":"${{ n }}"},"description":"d","for_each":"${{ [1,2] }}","as":"n","max_parallel":2,"when":"true","timeout":"3s","max_cost_cents":4,"idempotency_key":"k","replay_behavior":"skip"}""")]
    [InlineData("""{"id":"a","skill":"put","params":{},"retry":{"max_attempts":4,"backoff":"1s","max_backoff":"9s","factor":3},"on_error":"compensate","compensate":{"skill":"put","params":{"undo":1}}}""")]
    [InlineData("""{"id":"a","skill":"put","params":{},"repeat":{"until":"steps.a.result.done","max":3,"delay":"1s"}}""")]
    [InlineData("""{"id":"a","skill":"put","params":{},"on_error":{"fallback":"b"}},{"id":"b","skill":"put","params":{},"fallback_only":true}""")]
    [InlineData("""{"id":"a","skill":"put","params":{},"depends_on":["b"]},{"id":"b","sleep":"1h"}""")]
    [InlineData("""{"id":"a","await":{"signal":"go","timeout":"1h"}},{"id":"b","await":{"approval":{"level":2}}}""")]
    [InlineData("""{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"put","params":{}}]},"inputs":{"n":1}},"timeout":"1h"}""")]
    [InlineData("""{"id":"a","agent":{"goal":"g","skills":["put"],"max_turns":3,"output_schema":{"type":"object"}}}""")]
    [Trait("id", "W-29")]
    public async Task Steps_mean_the_same_as_a_list_and_within_a_plan(string steps)
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Add("llm_invoke", EffectClass.Idempotent);
        var plan = PlanReader.Read(Json.Parse($$"""{"name":"plan","steps":[{{steps}}]}"""), world.Skills.Terms);

        Assert.Empty(plan.Problems);
        foreach (var shape in new[] { $"[{steps}]", $$"""{"plan":[{{steps}}]}""", $$"""{"id":"plan","steps":[{{steps}}]}""" })
        {
            var reading = PlanReader.Read(Json.Parse(shape), world.Skills.Terms);

            Assert.Empty(reading.Problems);
            Assert.Equal(CanonicalJson.Text(plan.Plan!.Source), CanonicalJson.Text(reading.Plan!.Source));
        }
    }

    [Fact]
    [Trait("id", "W-05")]
    [Trait("id", "W-29")]
    public async Task A_plan_whose_steps_have_older_names_keeps_its_timeout_output_and_undoing()
    {
        await using var world = await Worlds.OpenAsync();
        var plan = PlanReader.Read(
            Json.Parse("""{"id":"w","timeout":"5s","output":"${{ steps.a.result.n }}","on_failure":"compensate","steps":[{"id":"a","skill_id":"put","compensate":{"skill":"put"}}]}"""), world.Skills.Terms).Plan!;

        Assert.Equal((TimeSpan.FromSeconds(5), true, "put"), (plan.Timeout, plan.CompensateOnFailure, plan.Steps[0].Compensate?.Skill));
        Assert.Equal("\"${{ steps.a.result.n }}\"", plan.Output?.GetRawText());
        Assert.Equal("INVALID_PLAN", Assert.Single(PlanReader.Read(Json.Parse("""{"id":"w","on_failure":"skip","steps":[{"id":"a","skill_id":"put"}]}"""), world.Skills.Terms).Problems).Code);
    }

    [Fact]
    [Trait("id", "W-29")]
    public async Task What_an_older_client_says_beside_its_skill_stays_without_meaning()
    {
        await using var world = await Worlds.OpenAsync();
        var run = await world.RunAsync("""[{"skill":"put","agent":"a1","run":7,"repeat":2,"note":"x","params":{}}]""");

        Assert.Equal((RunStatus.Succeeded, "s1"), (run.Status, world.Called()));
    }
}
