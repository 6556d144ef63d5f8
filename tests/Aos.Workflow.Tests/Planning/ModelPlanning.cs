using Aos.Contracts;
using Aos.Runs;
using static Aos.Workflow.Tests.Planning.PlannerWorld;
using static Aos.Workflow.Tests.Planning.TalkingModel;

namespace Aos.Workflow.Tests.Planning;

public sealed class ModelPlanning
{
    private const string Good = """{"reasoning":"r","steps":[{"step_id":"s1","skill":"echo","params":{"m":1}},{"step_id":"s2","skill":"echo","params":{},"depends_on":["s1"]}]}""";

    [Theory, Trait("id", "A8.13-07")]
    [InlineData("LLM_AUTH_FAILED", PlannerCodes.GenerationFailed, false)]
    [InlineData("RATE_LIMITED", PlannerCodes.RateLimited, true)]
    [InlineData("LLM_CONTEXT_EXCEEDED", PlannerCodes.ContextTooLong, false)]
    [InlineData("TIMEOUT", PlannerCodes.Timeout, true)]
    public async Task A_model_that_cannot_answer_is_told_as_it_is_and_no_other_plan_takes_its_place(string failure, string code, bool retryable)
    {
        var error = (await PlanAsync(new TalkingModel(Fails(failure)))).Refused();

        Assert.Equal((code, retryable, failure, new Cents(1)), (error.Code, error.Retryable, error.Details.GetText("cause"), error.Cost));
    }

    [Fact, Trait("id", "A8.13-08"), Trait("id", "F5.67-09")]
    public async Task The_prompt_holds_goal_context_skills_with_their_schemas_and_limits()
    {
        var model = new TalkingModel(Says(Good));
        await PlanAsync(model, Ask("  find it ", "echo") with { ContextSummary = "yesterday", MemorySnippets = ["cats"], StepsMax = 7, Model = "m-1", TokensMax = 900 });

        var asked = Assert.Single(model.Asked);
        Assert.Equal(("scripted", "m-1", 900), (asked.GetText("provider"), asked.GetText("model"), asked.Get("max_tokens")!.Value.GetInt32()));
        var messages = asked.Get("messages")!.Value.EnumerateArray().Select(message => message.GetText("content")!).ToList();
        Assert.Contains("- echo 1.0.0: echo it Parameters: {\"type\":\"object\"}", messages[0], StringComparison.Ordinal);
        Assert.Contains("At most 7 steps", messages[0], StringComparison.Ordinal);
        var tag = DataBlock.Tag(["yesterday", "cats", "  find it "]);
        Assert.Equal(
            $"Goal: find it\nContext: <data-{tag} source=\"context\">\nyesterday\n</data-{tag}>\nRemembered: <data-{tag} source=\"memory\">\ncats\n</data-{tag}>\n{DataBlock.Note(tag)}",
            messages[1]);
    }

    [Theory, Trait("id", "A8.13-09")]
    [InlineData(Good)]
    [InlineData("```json\n" + Good + "\n```")]
    [InlineData("Here is the plan:\n" + Good)]
    public async Task A_good_answer_becomes_the_plan_with_its_bill(string answer)
    {
        var output = (await PlanAsync(new TalkingModel(Says(answer, 0.5m)))).Planned();

        Assert.Equal(["s1", "s2"], output.Steps.Select(step => step.StepId));
        Assert.Equal("s1", Assert.Single(output.Steps[1].DependsOn));
        Assert.Equal((new Cents(0.5m), 100, 20, 1), (output.Metadata.Cost, output.Metadata.InputTokens, output.Metadata.OutputTokens, output.Metadata.Rounds));
    }

    [Theory, Trait("id", "A8.13-10")]
    [InlineData("I would rather not.", "no JSON")]
    [InlineData("""{"steps":[]}""", "steps")]
    [InlineData("""{"steps":[{"skill":"echo","params":{}}]}""", "step_id")]
    [InlineData("""{"steps":[{"step_id":"s1","skill":"echo","params":{},"shell":"rm"}]}""", "shell")]
    public async Task A_bad_answer_is_sent_back_once_with_its_problems_and_then_refused(string answer, string told)
    {
        var model = new TalkingModel(Says(answer, 1), Says(answer, 2));
        var error = (await PlanAsync(model)).Refused();

        Assert.Equal((PlannerCodes.InvalidPlan, new Cents(3)), (error.Code, error.Cost));
        Assert.NotEqual(0, error.Details.Get("problems")!.Value.GetArrayLength());
        var repair = model.Asked[1].Get("messages")!.Value.EnumerateArray().Last();
        Assert.Equal("user", repair.GetText("role"));
        Assert.Contains(told, repair.GetText("content"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_check_finds_is_repaired_in_the_second_round()
    {
        var model = new TalkingModel(Says(Good, 1), Says(Good, 1));
        var checks = 0;
        PlanCheck check = (_, _) => Task.FromResult<IReadOnlyList<PlanProblem>>(checks++ == 0 ? [new PlanProblem("steps[0].skill", "SKILL_NOT_FOUND", "There is no skill ecko.")] : []);
        var output = (await new ModelPlanner("scripted", model, TimeProvider.System).PlanAsync(Ask("g", "echo"), check, CancellationToken.None)).Planned();

        Assert.Equal((2, new Cents(2)), (output.Metadata.Rounds, output.Metadata.Cost));
        Assert.Contains("There is no skill ecko.", model.Asked[1].Get("messages")!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blank_goal_and_an_empty_manifest_cost_nothing()
    {
        var model = new TalkingModel();

        Assert.Equal(PlannerCodes.InvalidGoal, (await PlanAsync(model, Ask(" ", "echo"))).Refused().Code);
        Assert.Equal(PlannerCodes.NoSkillsAvailable, (await PlanAsync(model, Ask("g"))).Refused().Code);
        Assert.Empty(model.Asked);
    }

    private static Task<PlannerReply> PlanAsync(TalkingModel model, PlannerRequest? request = null) =>
        new ModelPlanner("scripted", model, TimeProvider.System).PlanAsync(request ?? Ask("find it", "echo"), Anything, CancellationToken.None);
}
