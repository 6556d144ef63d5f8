using Aos.Contracts;
using Aos.Skills;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Workflow.Tests.Basics;

/// <summary>One plan over several skills that are the real ones, on the real engine.</summary>
public sealed class SeveralSkills : IDisposable
{
    private const string Planned = """
        {"plan_id":"digest","goal":"Digest the orders","steps":[
          {"step_id":"load","skill":"echo","params":{"orders":[{"id":"o1","total":12.5},{"id":"o2","total":7.5}],"month":"2026-01"},"depends_on":[],"on_error":"abort","retry_count":3,"output_key":"load"},
          {"step_id":"sum","skill":"json_transform","params":{"operation":"aggregate","data":"{{load.echo.orders}}","path":"$[*].total","fn":"sum"},"depends_on":["load"],"on_error":"abort","retry_count":3,"output_key":"sum"},
          {"step_id":"note","skill":"fs_write","params":{"path":"digest.txt","content":"{{load.echo.month}}: {{sum.result}} for {{load.echo.orders}}"},"depends_on":["sum"],"on_error":"abort","retry_count":3,"output_key":"note"}],
         "metadata":{"planner":"stub","planner_version":"1.0.0","cost_cents":0,"deterministic":true}}
        """;

    private static readonly string[] Real = ["echo", "json_transform", "fs_write", "fs_read"];

    private readonly string workspace = Directory.CreateTempSubdirectory("aos-several-").FullName;

    public void Dispose() => Directory.Delete(workspace, recursive: true);

    [Fact]
    [Trait("id", "B8.8-01")]
    [Trait("id", "B8.8-03")]
    public async Task Three_skills_are_called_each_with_what_the_ones_before_it_gave()
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync(Planned);

        Assert.Equal((RunStatus.Succeeded, 3), (run.Status, run.Steps.Count(step => step.Status == StepStatus.Succeeded)));
        Assert.Equal(20m, run.Steps[1].Result!.Value.GetProperty("result").GetDecimal());
        Assert.Equal(
            """2026-01: 20 for [{"id":"o1","total":12.5},{"id":"o2","total":7.5}]""", await File.ReadAllTextAsync(Path.Combine(workspace, "digest.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("id", "B8.8-02")]
    [Trait("id", "B8.8-06")]
    public async Task Order_skills_and_shape_of_the_run_are_those_of_its_plan()
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync(Planned);

        Assert.Equal("load echo success, sum json_transform success, note fs_write success", string.Join(", ", StepView.Server(run).Select(step => $"{run.Plan.Steps[step.StepIndex].Id} {step.SkillName} {step.Status}")));
        Assert.Equal(["run_start", "step", "step", "step", "run_end"], Recording.Of(run).Events.Select(e => e.Type));
        Assert.Equal(("digest", "Digest the orders", true), (run.Plan.Name, run.Plan.Goal, run.Plan.IsGraph));
        Assert.Equal(["echo"], run.Steps[0].Result!.Value.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    [Trait("id", "B8.8-04")]
    public async Task Two_runs_are_equal_in_all_that_counts()
    {
        await using var world = await OpenAsync();
        var (first, second) = (await world.RunAsync(Planned), await world.RunAsync(Planned));

        Assert.Equal(first.End!.RootHash, second.End!.RootHash);
        Assert.Equal(StepView.Server(first).Select(step => step.Hash()), StepView.Server(second).Select(step => step.Hash()));
        Assert.True(RecordingDiff.Of(Recording.Of(first), Recording.Of(second)).Match);
        Assert.NotEqual(first.End.RootHash, (await world.RunAsync(Planned.Replace("7.5", "7.6", StringComparison.Ordinal))).End!.RootHash);
    }

    [Fact]
    [Trait("id", "B8.8-05")]
    public async Task A_skill_that_is_not_there_when_its_turn_comes_ends_the_run_after_the_first()
    {
        await using var world = await OpenAsync();
        var called = new List<string>();
        world.Skills.Fails = _ => FailureCatalog.Fail("SKILL_NOT_FOUND", "It was taken away.");
        world.Skills.Behave = call =>
        {
            called.Add(call.Skill);
            return call.Skill == "json_transform" ? Behaviour.Fail : Behaviour.Answer;
        };
        var run = await world.RunAsync(Planned);

        Assert.Equal((RunStatus.Failed, "SKILL_NOT_FOUND"), (run.Status, run.End!.Failure!.Code));
        Assert.Equal(["echo", "json_transform"], called);
        Assert.Equal([StepStatus.Succeeded, StepStatus.Failed, StepStatus.Pending], run.Steps.Select(step => step.Status));
        Assert.False(File.Exists(Path.Combine(workspace, "digest.txt")));
    }

    [Theory]
    [InlineData("\"{{load.echo.month}}\"", "\"2026-01\"")]
    [InlineData("\"{{load.echo.order.lines}}\"", """[{"n":2}]""")]
    [InlineData("\"{{load.echo.order.id}}/{{load.echo.month}}: {{load.echo.order.lines}}\"", "\"o1/2026-01: [{\\\"n\\\":2}]\"")]
    [InlineData("""{"deep":[{"er":"{{load.echo.order.id}}"}]}""", """{"deep":[{"er":"o1"}]}""")]
    [InlineData("\"{{other.month}} stays\"", "\"{{other.month}} stays\"")] // No step has that name: it is a text.
    [Trait("id", "B8.8-07")]
    [Trait("id", "B8.8-08")]
    [Trait("id", "B8.8-09")]
    [Trait("id", "B8.8-10")]
    public async Task A_value_is_put_in_whole_or_as_text_at_any_depth(string value, string expected)
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync($$$$"""
            {"plan_id":"p","steps":[{"step_id":"load","skill":"echo","params":{"month":"2026-01","order":{"id":"o1","lines":[{"n":2}]}}},
              {"step_id":"b","skill":"echo","params":{"v":{{{{value}}}}},"depends_on":["load"]}]}
            """);

        Assert.Equal(expected, CanonicalJson.Text(run.Steps[1].Result!.Value.GetProperty("echo").GetProperty("v")));
    }

    [Fact]
    [Trait("id", "B8.8-10")]
    [Trait("id", "W-27")]
    public async Task What_a_known_step_did_not_give_fails_the_step_that_wants_it_and_never_stays_as_text()
    {
        await using var world = await OpenAsync();
        var run = await world.RunAsync("""
            {"plan_id":"p","steps":[{"step_id":"load","skill":"echo","params":{"month":"2026-01"}},{"step_id":"b","skill":"fs_write","params":{"path":"x.txt","content":"{{load.echo.year}}"},"depends_on":["load"]}]}
            """);

        Assert.Equal((RunStatus.Failed, "INVALID_REFERENCE"), (run.Status, run.End!.Failure!.Code));
        Assert.Contains("year", run.End.Failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(workspace, "x.txt")));
    }

    private async Task<World> OpenAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkills(new SkillsOptions { Workspace = workspace });
        var skills = services.BuildServiceProvider().GetRequiredService<ISkills>();
        var world = await World.OpenAsync();
        foreach (var name in Real)
        {
            world.Skills.Add(name, skills.Terms[name].Effect, call =>
            {
                var outcome = skills.InvokeAsync(name, call.Params, call.Call, CancellationToken.None).GetAwaiter().GetResult();
                return outcome.Ok ? outcome.Result : throw new InvalidOperationException(outcome.Failure!.Message);
            });
        }

        return world;
    }
}
