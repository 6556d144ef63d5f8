using Aos.Campaigns;

namespace Aos.Workflow.Tests;

/// <summary>Small slices of what <c>./test campaigns</c> and <c>./test properties</c> do at length.</summary>
public sealed class Campaigns
{
    [Fact]
    [Trait("id", "B8.9-01")]
    [Trait("id", "B8.9-02")]
    [Trait("id", "B8.9-03")]
    [Trait("id", "B8.9-04")]
    [Trait("id", "B8.9-05")]
    [Trait("id", "B8.9-06")]
    [Trait("id", "CAMPAIGN-01")]
    [Trait("id", "W-26")]
    public async Task Equal_workflows_of_three_kinds_are_equal_whoever_runs_them_beside_what()
    {
        await using var product = await Product.OpenAsync(Kinds.Answer);

        var (counts, mismatches) = await new GoldenCampaign(product, workers: 3, iterations: 2, seeds: 5).RunAsync();

        Assert.Empty(mismatches);
        Assert.Equal([("compute pipeline", 30), ("I/O heavy", 30), ("LLM heavy", 30)], counts.Select(count => (count.Kind, count.Runs)));
        Assert.All(counts, count => Assert.Equal((5, 5), (count.Roots, count.Recordings))); // One for each seed, and none for two of them.
        Assert.True(counts[1].Retries > 0);
        Assert.True(product.Model.Asked.Count >= 30 * 4);
    }

    [Fact]
    [Trait("id", "CAMPAIGN-02")]
    public async Task A_run_that_a_fault_strikes_comes_out_as_one_that_it_does_not_strike()
    {
        var counts = new List<FaultCount>();
        foreach (var kind in FaultKind.InWorlds) counts.Add(await FaultCampaign.RunAsync(kind, places: 1));
        counts.Add(await DiskFaults.TornAsync(1, 4));
        counts.Add(await DiskFaults.FullAsync(12));

        Assert.Equal(12, counts.Count);
        Assert.All(counts, count => Assert.Empty(count.Wrong));
        Assert.All(counts.Take(2), count => Assert.Equal(count.Runs, count.Deaths));
        Assert.Equal([0, 0], counts[^2..].Select(count => count.Runs - count.Succeeded));
    }

    [Fact]
    [Trait("id", "CAMPAIGN-03")]
    public async Task A_sample_that_is_killed_at_each_append_goes_on_to_the_same_end()
    {
        var count = await KillCampaign.RunAsync("workflows/line.yaml");

        Assert.Empty(count.Wrong);
        Assert.Equal((3, count.Kills), (count.Events, count.Equal));
        Assert.InRange(count.Kills, 2, 2 * count.Appends);
        Assert.Empty(KillCampaign.Left());
    }

    [Fact]
    [Trait("id", "PROPERTY-01")]
    [Trait("id", "PROPERTY-02")]
    [Trait("id", "PROPERTY-03")]
    [Trait("id", "PROPERTY-04")]
    public void Random_plans_keep_the_laws_of_the_machine()
    {
        var (tally, broken) = PropertyCampaign.Run(first: 1, count: 300);

        Assert.Empty(broken);
        Assert.Equal(300, tally.Plans);
        Assert.True(tally is { Forks: > 200, Children: > 20, Decisions: > 2_000 });
        Assert.DoesNotContain("plan budget", tally.Missing());
    }

    [Fact]
    [Trait("id", "PROPERTY-04")]
    public void One_seed_gives_one_plan_and_one_story()
    {
        var stories = new[] { new List<string>(), new List<string>() };
        var plans = stories.Select(story =>
        {
            Assert.Empty(PropertyCampaign.Try(77, new Tally { Story = story.Add }, out var plan));
            return plan;
        }).ToList();

        Assert.Equal(plans[0], plans[1]);
        Assert.NotEmpty(stories[0]);
        Assert.Equal(stories[0], stories[1]);
    }

    [Fact]
    [Trait("id", "B8.9-07")]
    public async Task Many_runs_leave_nothing_in_memory()
    {
        await using var world = await FaultPlans.OpenAsync();
        const string plan = """{"name":"p","steps":[{"id":"a","skill":"put","params":{"n":1}},{"id":"b","skill":"echo"}]}""";
        var before = Used();
        for (var i = 0; i < 400; i++) await world.StartAsync(plan);
        await world.SettleAsync();
        var stored = world.Journal.Rows.Sum(row => world.Journal.Events(row.Id).Sum(entry => (long)entry.Body.Length));

        Assert.Equal(400, world.Journal.Rows.Count(row => row.Status == RunStatus.Succeeded));
        Assert.InRange(Used() - before, long.MinValue, (20 * stored) + 8_000_000); // The journal of this world is in memory itself; the engine adds nothing to it.

        static long Used() => GC.GetTotalMemory(forceFullCollection: true);
    }

    [Fact]
    [Trait("id", "B8.9-08")]
    public async Task No_two_seeds_have_one_hash()
    {
        await using var world = await FaultPlans.OpenAsync();
        var roots = new HashSet<string>(StringComparer.Ordinal);
        for (ulong seed = 0; seed < 200; seed++) await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{"n":"${{ uuid() }}"}}]}""", seed: seed);
        await world.SettleAsync();

        foreach (var run in world.Started) Assert.True(roots.Add((await world.ReadAsync(run)).End!.RootHash));
        Assert.Equal(200, roots.Count);
    }
}
