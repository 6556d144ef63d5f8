using System.Collections.Concurrent;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using static Aos.Workflow.Tests.Planning.PlannerWorld;

namespace Aos.Workflow.Tests.Planning;

public sealed class Determinism
{
    [Fact, Trait("id", "A8.6-01"), Trait("id", "A8.6-12")]
    public void A_hundred_plans_are_byte_identical()
    {
        var planner = Rules();

        Assert.Single(Enumerable.Range(0, 100).Select(_ => planner.Plan(Ask("analyze it")).Planned().Canonical()).Distinct());
    }

    [Fact, Trait("id", "A8.6-02"), Trait("id", "A8.6-03")]
    public void A_thousand_cache_keys_are_equal_also_with_context()
    {
        var planner = Rules();

        Assert.Single(Enumerable.Range(0, 1000).Select(_ => planner.Plan(Ask("echo a")).Planned().Metadata.CacheKey).Distinct());
        Assert.Single(Enumerable.Range(0, 100).Select(_ => planner.Plan(Ask("echo a") with { ContextSummary = "c", MemorySnippets = ["m"] }).Planned().Metadata.CacheKey).Distinct());
    }

    [Fact, Trait("id", "A8.6-04")]
    public void A_context_nested_fifty_deep_enters_the_plan_unchanged()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 50)) + "1" + new string('}', 50);
        var step = Rules().Plan(Ask("filter it") with { Extra = Json.Parse($$"""{"data":{{deep}}}""") }).Planned().Steps[0];

        Assert.Equal(deep, step.Params.Get("data")!.Value.GetRawText());
    }

    [Fact, Trait("id", "A8.6-05")]
    public void A_manifest_of_a_hundred_skills_is_a_filter_like_any_other()
    {
        var names = Enumerable.Range(0, 100).Select(n => $"skill_{n}").ToArray();

        Assert.Equal(PlannerCodes.NoSkillsAvailable, Rules().Plan(Ask("echo a", names)).Refused().Code);
        Assert.Single(Rules().Plan(Ask("echo a", [.. names, "echo"])).Planned().Steps);
    }

    [Fact, Trait("id", "A8.6-06"), Trait("id", "A8.6-07")]
    public void The_order_of_keys_does_not_enter_the_cache_key()
    {
        var random = new Random(7);
        var members = Enumerable.Range(0, 12).Select(n => $"\"k{n}\":{n}").ToArray();

        var keys = Enumerable.Range(0, 1000).Select(_ =>
        {
            random.Shuffle(members);
            var schema = Json.Parse("{" + string.Join(',', members) + "}");
            return (Ask("echo a") with { Manifest = [new ManifestSkill("echo", "1.0.0", "d", schema)], Extra = schema }).InputHash();
        });

        Assert.Single(keys.Distinct());
    }

    [Fact, Trait("id", "A8.6-08")]
    public void Two_planners_have_histories_of_their_own()
    {
        var (one, two) = (Rules(), Rules());
        one.Plan(Ask("echo a"));

        Assert.Single(one.History);
        Assert.Empty(two.History);
    }

    [Fact, Trait("id", "A8.6-10")]
    public async Task Fifty_concurrent_requests_give_one_key_and_are_all_remembered()
    {
        var planner = Rules();
        var keys = new ConcurrentBag<string?>();
        await Parallel.ForAsync(0, 50, async (_, cancel) => keys.Add((await planner.PlanAsync(Ask("echo a"), Anything, cancel)).Output!.Metadata.CacheKey));

        Assert.Single(keys.Distinct());
        Assert.Equal(50, planner.History.Count);
    }

    [Fact, Trait("id", "A8.6-13"), Trait("id", "A8.13-04")]
    public void An_empty_manifest_filters_nothing_each_time()
    {
        var planner = Rules();

        Assert.Equal(3, planner.Plan(Ask("analyze it")).Planned().Steps.Length);
        Assert.Equal(planner.Plan(Ask("analyze it")).Planned().Hash(), planner.Plan(Ask("analyze it")).Planned().Hash());
    }

    [Theory, Trait("id", "A8.6-14"), Trait("id", "A8.6-15")]
    [InlineData("echo žluťoučký kůň 🐎 你好", 1)]
    [InlineData("echo x", 10_000)]
    public void A_goal_of_any_script_and_length_reaches_the_step_whole(string goal, int length)
    {
        goal = goal.PadRight(length, 'x');

        Assert.Equal(goal, Rules().Plan(Ask(goal)).Planned().Steps[0].Params.GetText("message"));
    }

    [Theory, Trait("id", "A8.13-11"), Trait("id", "A8.13-12"), Trait("id", "A8.13-13"), Trait("id", "A8.13-14")]
    [InlineData("rules", "rules")]
    [InlineData("stub", "rules")]
    [InlineData("anthropic", "anthropic")]
    [InlineData("OpenAI", "openai")]
    [InlineData("scripted", "scripted")]
    [InlineData("no-such", "rules")]
    [InlineData(null, "rules")]
    public void The_configured_name_chooses_the_planner_and_an_unknown_one_means_the_rules(string? name, string id) =>
        Assert.Equal(id, PlannerRegistry.Of(name, new TalkingModel(), TimeProvider.System).Get()!.Id);
}
