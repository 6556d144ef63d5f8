using System.Collections.Immutable;
using Aos.Testing;

namespace Aos.Workflow.Tests.Basics;

/// <summary>What the first runs of anybody do, on the real engine.</summary>
public sealed class FirstRuns
{
    private const string Two = """{"name":"p","steps":[{"id":"a","skill":"put","params":{"n":1}},{"id":"b","skill":"put","params":{"was":"${{ steps.a.result.n }}"}}]}""";

    private int calls;

    [Fact]
    [Trait("id", "B8.1-07")]
    [Trait("id", "B8.1-10")]
    public async Task Two_steps_come_to_their_end_and_it_stays_on_record()
    {
        await using var world = await Worlds.OpenAsync();
        var run = await world.RunAsync(Two);
        await world.CrashAsync();

        var row = Assert.Single(world.Journal.Rows);
        var read = await world.ReadAsync(row.Id);
        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded, run.Seq, 2), (row.Status, read.Status, row.Seq, read.Steps.Count(step => step.Status == StepStatus.Succeeded)));
        Assert.Equal(2, read.Cursor); // The next step to do would be the third.
        Assert.Equal(("""{"n":1}""", """{"was":1}"""), (read.Result(0), read.Result(1)));
        Assert.Equal(run.End!.RootHash, row.RootHash);
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "B8.1-08")]
    public async Task Runs_of_one_seed_give_their_skills_the_same_seeds()
    {
        const string Plan = """[{"skill":"put"},{"skill":"put"}]""";
        await using var world = await Worlds.OpenAsync();
        world.Skills.Add("put", EffectClass.Idempotent, call => Json.Parse($$"""{"seed":"{{call.Call.Seed}}"}"""));
        var (first, second, other) = (await world.RunAsync(Plan), await world.RunAsync(Plan), await world.RunAsync(Plan, seed: 43));

        Assert.Equal($$"""{"seed":"{{Seeds.Step(42, 1)}}"}""", first.Result(1));
        Assert.Equal((first.Result(0), first.Result(1)), (second.Result(0), second.Result(1)));
        Assert.NotEqual(first.Result(0), first.Result(1));
        Assert.NotEqual(first.Result(1), other.Result(1));
    }

    [Fact]
    [Trait("id", "B8.1-09")]
    public async Task An_unknown_skill_is_refused_with_its_place_and_one_that_has_gone_since_fails_the_run()
    {
        await using var world = await Worlds.OpenAsync();
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => world.StartAsync(Two.Replace("\"put\"", "\"pit\"", StringComparison.Ordinal)));
        Assert.Equal("Did you mean put?", Assert.Single(PlanReader.Read(Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"skill.put"}]}"""), world.Skills.Terms).Problems).Suggestion);
        Answer(world, "a", "SKILL_NOT_FOUND", times: 9);
        var run = await world.RunAsync(Two);

        Assert.Contains("steps[0].skill", refused.Message, StringComparison.Ordinal);
        Assert.Contains("SKILL_NOT_FOUND", refused.Message, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Failed, "SKILL_NOT_FOUND", 1), (run.Status, run.End!.Failure!.Code, calls));
        Assert.Empty(world.Skills.Effects);
    }

    [Fact]
    [Trait("id", "B8.1-12")]
    public async Task After_the_end_of_its_process_a_run_goes_on_with_the_second_step()
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == "b" && world.Crashes == 0 ? Behaviour.CrashBefore : Behaviour.Answer;
        var run = await world.RunAsync(Two);

        Assert.Equal((1, RunStatus.Succeeded, "a b"), (world.Crashes, run.Status, world.Called()));
        Assert.Equal("""{"was":1}""", run.Result(1));
    }

    [Fact]
    [Trait("id", "B8.1-13")]
    public async Task A_reference_to_a_step_arrives_as_the_object_that_it_gave()
    {
        await using var world = await Worlds.OpenAsync();
        await world.RunAsync("""{"id":"w","steps":[{"id":"producer","skill_id":"put","inputs":{"k":{"l":[1,"x",null]}}},{"id":"b","skill_id":"put","inputs":{"all":"${producer}"}}]}""");

        Assert.Equal("""{"all":{"k":{"l":[1,"x",null]}}}""", world.Skills.Effects[1].Params.GetRawText());
    }

    [Fact]
    [Trait("id", "B8.1-14")]
    public async Task A_call_that_timed_out_once_is_made_again_and_succeeds()
    {
        await using var world = await Worlds.OpenAsync();
        Answer(world, "a", "TIMEOUT", times: 1);
        var run = await world.RunAsync(Two);

        Assert.Equal((RunStatus.Succeeded, 2), (run.Status, run.Steps[0].Calls[0].Attempts));
        Assert.Equal("a b", world.Called());
    }

    [Fact]
    [Trait("id", "B8.1-15")]
    [Trait("plants", "STEP_FAILED")]
    public async Task A_first_step_that_fails_ends_the_run_with_nothing_done()
    {
        await using var world = await Worlds.OpenAsync();
        Answer(world, "a", "STEP_FAILED", times: 9);
        var run = await world.RunAsync(Two);

        Assert.Equal((RunStatus.Failed, "STEP_FAILED", 1), (run.Status, run.End!.Failure!.Code, calls));
        Assert.Equal([StepStatus.Failed, StepStatus.Pending], run.Steps.Select(step => step.Status));
        Assert.Empty(world.Skills.Effects);
    }

    [Theory]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"dear"}]}""", 10, "RUN_BUDGET_EXCEEDED")]
    [InlineData("""{"name":"p","budget_cents":10,"steps":[{"id":"a","skill":"dear"}]}""", 1000, "RUN_BUDGET_EXCEEDED")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"dear","max_cost_cents":10}]}""", 1000, "STEP_CEILING_EXCEEDED")]
    [Trait("id", "B8.1-16")]
    public async Task A_step_dearer_than_a_ceiling_is_not_called(string plan, int budget, string code)
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Add("dear", EffectClass.Idempotent, cents: 100);
        var run = await world.RunAsync(plan, budget: new Cents(budget));

        Assert.Equal((RunStatus.Failed, code, Cents.Zero), (run.Status, run.End!.Failure!.Code, run.Spent));
        Assert.Empty(world.Skills.Effects);
    }

    [Theory]
    [InlineData("""{"id":"w","steps":[{"id":"a","skill_id":"SKILL"}]}""", "steps[0].skill")]
    [InlineData("""{"plan_id":"w","steps":[{"step_id":"a","skill":"put","params":{}},{"step_id":"b","skill":"SKILL","params":{}}]}""", "steps[1].skill")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"put","on_error":{"fallback":"b"}},{"id":"b","fallback_only":true,"skill":"SKILL"}]}""", "steps[1].skill")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"put","compensate":{"skill":"SKILL"}}]}""", "steps[0].compensate.skill")]
    [InlineData("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"SKILL"}]}}}]}""", "steps[0].run.plan.steps[0].skill")]
    [InlineData("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["SKILL"]}}]}""", "steps[0].agent.skills[0]")]
    [Trait("id", "B8.1-17")]
    public async Task What_is_no_registered_skill_gets_into_no_run_whatever_it_is_called_and_wherever_it_stands(string plan, string path)
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Add("llm_invoke", EffectClass.Idempotent);
        foreach (var skill in (ImmutableArray<string>)["shell_exec", "skill.shell_exec", "SHELL_EXEC", "os_command", "file_delete", "db_drop", "system_shutdown", "rm_rf"])
        {
            var reading = PlanReader.Read(Json.Parse(plan.Replace("SKILL", skill, StringComparison.Ordinal)), world.Skills.Terms);

            Assert.Null(reading.Plan);
            Assert.Contains(reading.Problems, problem => problem.Code == "SKILL_NOT_FOUND" && problem.Path == path);
        }
    }

    private void Answer(World world, string step, string code, int times)
    {
        world.Skills.Fails = _ => FailureCatalog.Fail(code, "The script says so.");
        world.Skills.Behave = call => call.Call.StepId == step && calls++ < times ? Behaviour.Fail : Behaviour.Answer;
    }
}
