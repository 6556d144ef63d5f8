using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Runs;
using static Aos.Workflow.Tests.Planning.PlannerWorld;

namespace Aos.Workflow.Tests.Planning;

public sealed class RulePlannerContract
{
    private static readonly PlannedStep Step = new("s1", "skill.echo", Json.Parse("""{"message":"hi"}"""));

    [Fact, Trait("id", "A8.5-01"), Trait("id", "A8.5-02")]
    public void A_step_has_the_defaults_of_the_contract()
    {
        Assert.Equal(("s1", "skill.echo", "hi"), (Step.StepId, Step.Skill, Step.Params.GetText("message")));
        Assert.Empty(Step.DependsOn);
        Assert.Equal(("abort", 3, null, null), (Step.OnError, Step.RetryCount, Step.OutputKey, Step.Description));
    }

    [Fact, Trait("id", "A8.5-03")]
    public void A_step_as_an_object_names_its_output_after_itself() => Assert.Equal(
        """{"step_id":"s1","skill":"skill.echo","params":{"message":"hi"},"depends_on":[],"on_error":"abort","retry_count":3,"output_key":"s1"}""", Step.ToJson().GetRawText());

    [Fact, Trait("id", "A8.5-04"), Trait("id", "A8.5-05")]
    public void Metadata_have_the_defaults_of_the_contract()
    {
        var metadata = new PlannerMetadata("rules", "1.0.0");

        Assert.Equal((null, 0L, 0L, Cents.Zero, false, null), (metadata.Model, metadata.InputTokens, metadata.OutputTokens, metadata.Cost, metadata.Deterministic, metadata.CacheKey));
    }

    [Fact, Trait("id", "A8.5-06")]
    public void Metadata_as_an_object_tell_who_planned_when_and_for_how_much()
    {
        var json = (new PlannerMetadata("openai", "1.0.0") { Model = "m", InputTokens = 7, Cost = new Cents(0.25m), GeneratedAt = DateTimeOffset.UnixEpoch }).ToJson();

        Assert.Equal(("openai", "m"), (json.GetText("planner"), json.GetText("model")));
        Assert.Equal((7, 0.25m), (json.Get("input_tokens")!.Value.GetInt32(), json.Get("cost_cents")!.Value.GetDecimal()));
        Assert.NotNull(json.GetText("generated_at"));
    }

    [Fact, Trait("id", "A8.5-07"), Trait("id", "A8.5-08")]
    public void An_output_becomes_a_plan_that_the_reader_takes()
    {
        var output = new PlannerOutput([Step], new PlannerMetadata("rules", "1.0.0"));
        var terms = new SkillTerms("echo", "1.0.0", EffectClass.Pure, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(1), [], [], []);
        var reading = PlanReader.Read(output.ToPlan("p", "say hi"), new Dictionary<string, SkillTerms> { ["echo"] = terms });

        Assert.Empty(output.Warnings);
        Assert.Equal(("p", "say hi", "echo"), (reading.Plan!.Name, reading.Plan.Goal, reading.Plan.Steps[0].Skill));
    }

    [Fact, Trait("id", "A8.5-09"), Trait("id", "A8.5-10")]
    public void An_error_has_a_code_a_message_and_details_and_is_not_retryable_by_itself()
    {
        var error = PlannerReply.Failed(PlannerCodes.GenerationFailed, "no", Json.Parse("""{"goal":"g"}""")).Refused();

        Assert.Equal((PlannerCodes.GenerationFailed, "no", false, null), (error.Code, error.Message, error.Retryable, error.RetryAfter));
        Assert.Equal("g", error.Details.GetText("goal"));
    }

    [Fact, Trait("id", "A8.5-11"), Trait("id", "A8.5-12"), Trait("id", "A8.5-13"), Trait("id", "A8.6-11")]
    public void The_rule_planner_says_who_it_is_and_what_it_promises()
    {
        var planner = Rules();

        Assert.Equal(("rules", "1.0.0", PlannerMode.Full), (planner.Id, planner.Version, planner.Mode));
    }

    [Theory, Trait("id", "A8.5-14"), Trait("id", "A8.5-15"), Trait("id", "A8.5-16")]
    [InlineData("Echo hello", "skill.echo")]
    [InlineData("FETCH the page", "skill.http_call")]
    [InlineData("Summarize the news", "skill.http_call,skill.json_transform,skill.llm_invoke")]
    [InlineData("pick the names", "skill.json_transform")]
    [InlineData("compose a poem", "skill.llm_invoke")]
    [InlineData("say what you fetch", "skill.http_call")]
    [InlineData("fetch and pick", "skill.http_call")]
    public void Keywords_choose_the_rule_by_priority_and_then_by_order(string goal, string skills) =>
        Assert.Equal(skills, string.Join(',', Rules().Plan(Ask(goal)).Planned().Steps.Select(step => step.Skill)));

    [Fact, Trait("id", "A8.5-17")]
    public void The_steps_of_an_analysis_depend_on_each_other_in_a_chain() => Assert.Equal(
        ["", "s1", "s2"], Rules().Plan(Ask("analyze it")).Planned().Steps.Select(step => string.Join(',', step.DependsOn)));

    [Fact]
    public void Placeholders_take_the_goal_the_url_and_the_data_of_the_request()
    {
        var request = Ask("  echo this  ") with { Extra = Json.Parse("""{"url":"https://a.example/x","data":[1]}""") };

        Assert.Equal("echo this", Rules().Plan(request).Planned().Steps[0].Params.GetText("message"));
        Assert.Equal("https://a.example/x", Rules().Plan(request with { Goal = "fetch it" }).Planned().Steps[0].Params.GetText("url"));
        Assert.Equal("https://example.com", Rules().Plan(Ask("fetch it")).Planned().Steps[0].Params.GetText("url"));
        Assert.Equal("[1]", Rules().Plan(request with { Goal = "filter it" }).Planned().Steps[0].Params.Get("data")!.Value.GetRawText());
    }

    [Theory, Trait("id", "A8.5-18")]
    [InlineData("")]
    [InlineData(" \t\n")]
    public void A_blank_goal_is_invalid(string goal) => Assert.Equal(PlannerCodes.InvalidGoal, Rules().Plan(Ask(goal)).Refused().Code);

    [Fact, Trait("id", "A8.5-19")]
    public void A_goal_without_a_rule_fails_and_names_the_goal()
    {
        var error = Rules().Plan(Ask("dance")).Refused();

        Assert.Equal((PlannerCodes.GenerationFailed, "dance"), (error.Code, error.Details.GetText("goal")));
    }

    [Fact, Trait("id", "A8.5-20"), Trait("id", "A8.13-02"), Trait("id", "A8.13-03")]
    public void Only_skills_of_the_manifest_are_planned()
    {
        var steps = Rules().Plan(Ask("analyze it", "http_call", "echo")).Planned().Steps;
        var refused = Rules().Plan(Ask("analyze it", "echo")).Refused();

        Assert.Equal("skill.http_call", Assert.Single(steps).Skill);
        Assert.Equal(PlannerCodes.NoSkillsAvailable, refused.Code);
        Assert.Equal(3, refused.Details.Get("required_skills")!.Value.GetArrayLength());
    }

    [Fact, Trait("id", "A8.5-21"), Trait("id", "A8.5-22"), Trait("id", "A8.13-06")]
    public void Equal_requests_give_equal_plans_and_metadata_that_say_so()
    {
        var (one, two) = (Rules().Plan(Ask("echo a")).Planned(), Rules().Plan(Ask("echo a")).Planned());

        Assert.Equal((one.Canonical(), one.Hash(), one.Metadata.CacheKey), (two.Canonical(), two.Hash(), two.Metadata.CacheKey));
        Assert.Equal(("rules", "1.0.0", true, Cents.Zero), (one.Metadata.Planner, one.Metadata.PlannerVersion, one.Metadata.Deterministic, one.Metadata.Cost));
        Assert.Equal(16, one.Hash().Length);
    }

    [Fact, Trait("id", "A8.5-23"), Trait("id", "A8.5-24")]
    public void It_remembers_its_requests_until_reset()
    {
        var planner = Rules();
        planner.Plan(Ask(" echo a "));
        planner.Plan(Ask("dance"));

        Assert.Equal([("agent-1", "echo a"), ("agent-1", "dance")], planner.History.Select(call => (call.AgentId, call.Goal)));
        planner.Reset();
        Assert.Empty(planner.History);
    }

    [Fact, Trait("id", "A8.5-25"), Trait("id", "A8.5-26")]
    public void A_custom_rule_with_a_higher_priority_wins_and_cleared_rules_plan_nothing()
    {
        var planner = Rules();
        planner.Add(new PlannerRule("mine", ["fetch"], 100, [new PlannedStep("s1", "skill.fs_read", Json.EmptyObject)]));

        Assert.Equal("skill.fs_read", planner.Plan(Ask("fetch it")).Planned().Steps[0].Skill);
        planner.ClearRules();
        Assert.Equal(PlannerCodes.GenerationFailed, planner.Plan(Ask("fetch it")).Refused().Code);
    }

    [Fact, Trait("id", "A8.5-27"), Trait("id", "A8.13-01"), Trait("id", "A8.13-05")]
    public void A_plan_as_an_object_has_steps_with_ids_metadata_and_warnings()
    {
        var json = Rules().Plan(Ask("analyze it")).Planned().ToJson();

        Assert.Equal(["s1", "s2", "s3"], json.Get("steps")!.Value.EnumerateArray().Select(step => step.GetText("step_id")));
        Assert.Equal("rules", json.Get("metadata")!.Value.GetText("planner"));
        Assert.Equal(0, json.Get("warnings")!.Value.GetArrayLength());
    }

    [Fact, Trait("id", "A8.5-28")]
    public void An_error_comes_without_steps() => Assert.Null(Rules().Plan(Ask("")).Output);

    [Fact, Trait("id", "A8.5-29"), Trait("id", "A8.5-30"), Trait("id", "A8.5-31"), Trait("id", "A8.5-32"), Trait("id", "A8.6-09")]
    public void The_registry_finds_planners_by_id_and_has_a_default()
    {
        var registry = new PlannerRegistry();
        Assert.Null(registry.Get());
        var (first, second) = (Rules(), new ModelPlanner("openai", new TalkingModel(), TimeProvider.System));
        registry.Register(first);
        Assert.Same(first, registry.Get());
        registry.Register(second);
        Assert.Same(first, registry.Get());
        Assert.Same(second, registry.Get("openai"));
        Assert.Same(registry.Get("openai"), registry.Get("openai"));
        Assert.Null(registry.Get("other"));
        registry.Register(second, isDefault: true);
        Assert.Same(second, registry.Get());
        Assert.Equal(["openai", "rules"], registry.Ids);
        registry.Clear();
        Assert.Null(registry.Get());
    }

    [Fact, Trait("id", "A8.5-33"), Trait("id", "A8.5-34"), Trait("id", "A8.5-35")]
    public void The_hash_of_a_request_sees_a_trimmed_goal_and_everything_else()
    {
        var hash = Ask("echo a", "echo").InputHash();

        Assert.Matches("^[0-9a-f]{16}$", hash);
        Assert.Equal(hash, Ask("  echo a\n", "echo").InputHash());
        Assert.All(
            [
                Ask("echo b", "echo"), Ask("echo a"), Ask("echo a", "echo") with { AgentId = "other" }, Ask("echo a", "echo") with { ContextSummary = "c" },
                Ask("echo a", "echo") with { MemorySnippets = ["m"] },
            ],
            other => Assert.NotEqual(hash, other.InputHash()));
    }
}
