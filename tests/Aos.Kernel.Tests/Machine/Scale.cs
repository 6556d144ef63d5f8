using System.Globalization;
using System.Text;

namespace Aos.Kernel.Tests.Machine;

/// <summary>Big runs: what may run at once, and that an event costs the same however big its run is. Nothing is timed: what is counted is memory.</summary>
public sealed class Scale
{
    /// <summary>What an event of a run four times as big may take more: the way to one of its elements is a level longer.</summary>
    private const double GrowthMax = 1.3;

    [Theory]
    [InlineData("", 100)]
    [InlineData("\"max_parallel_steps\":7,", 7)]
    [InlineData("\"max_parallel_steps\":120,", 120)]
    [Trait("id", "SCALE-01")]
    public void A_graph_has_a_hundred_steps_at_once_or_as_many_as_it_says(string member, int most)
    {
        var run = new QuickRun(Wide(150, member));
        Assert.Equal(KernelRule.Scale, run.State.Start!.Rule);
        Assert.Equal(most, run.Owed().Count);

        run.Answer(run.Owed()[3]);

        Assert.Equal(most, run.Owed().Count);
        Assert.Equal(most, run.Owed()[^1].Id.Step);
    }

    [Fact]
    [Trait("id", "SCALE-02")]
    public void A_run_that_began_under_an_earlier_rule_has_sixty_four_at_once()
    {
        var run = new QuickRun(Wide(150, ""), KernelRule.First);

        Assert.Equal(64, run.Owed().Count);
        Assert.Equal(KernelRule.First, new QuickRun(Wide(64, "")).State.Start!.Rule); // It never has more.
    }

    [Theory]
    [InlineData("""{"name":"p","max_parallel_steps":0,"steps":[{"skill":"put"}]}""", "max_parallel_steps")]
    [InlineData("""{"name":"p","max_parallel_steps":1001,"steps":[{"skill":"put"}]}""", "max_parallel_steps")]
    [Trait("id", "SCALE-01")]
    public void A_limit_that_makes_no_sense_is_refused(string plan, string path) =>
        Assert.Equal(path, Assert.Single(PlanReader.Read(Json.Parse(plan), MachineWorld.Skills).Problems).Path);

    [Fact]
    [Trait("id", "SCALE-06")]
    public void Steps_without_effect_are_owed_no_more_at_once_than_may_run()
    {
        var run = new QuickRun(Wide(300, "", "echo"));
        Assert.Equal(100, run.Owed().Count);

        run.Finish();

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Equal(302, run.State.Seq);
    }

    [Theory]
    [InlineData("put")]
    [InlineData("echo")]
    [Trait("id", "SCALE-03")]
    public void An_event_of_a_graph_takes_no_more_memory_when_the_graph_is_four_times_as_big(string skill) =>
        Grows(run => run, size => new QuickRun(Columns(size, skill)), 250);

    [Theory]
    [InlineData("put")]
    [InlineData("echo")]
    [Trait("id", "SCALE-04")]
    public void An_event_of_a_list_of_items_takes_no_more_memory_when_the_list_is_four_times_as_long(string skill) =>
        Grows(run => run, size => new QuickRun(Items(skill), inputs: Rows(size)), 1_000);

    [Fact]
    [Trait("id", "SCALE-07")]
    public void A_big_run_replays_to_itself_and_takes_no_more_memory_an_event()
    {
        Assert.InRange(Cost(2_000) / Cost(500), 0, GrowthMax);

        static double Cost(int size)
        {
            var run = new QuickRun(Items("put"), inputs: Rows(size));
            run.Finish();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var replay = MachineReplay.Of(run.Journal, static e => e.GetType().Name);
            Assert.True(replay.Seq is null, replay.Reason);
            Assert.Equal(run.State.End!.RootHash, replay.State.End!.RootHash);
            return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / run.Journal.Count;
        }
    }

    [Fact]
    [Trait("id", "SCALE-08")]
    public void One_element_of_a_long_result_is_found_without_a_walk_over_those_before_it()
    {
        var run = new QuickRun("""
            {"name":"z","inputs":{"rows":{"type":"array"}},"steps":[
              {"id":"a","for_each":"${{ inputs.rows }}","as":"row","max_parallel":100,"skill":"put","params":{"v":"${{ row.n }}"}},
              {"id":"b","for_each":"${{ inputs.rows }}","as":"row","max_parallel":100,"skill":"put","params":{"first":"${{ steps.a.results[index].v }}","last":"${{ steps.a.results[-1].v }}"}}]}
            """, inputs: Rows(300));
        run.Finish();

        var calls = run.State.Steps[1].Calls;
        Assert.Equal(Enumerable.Range(0, 300).Select(n => $$"""{"first":{{n}},"last":299}"""), calls.Select(call => call.Started!.Params.GetRawText()));
    }

    private static void Grows(Func<QuickRun, QuickRun> warm, Func<int, QuickRun> make, int size)
    {
        warm(make(100)).Finish(); // What is made once for all runs is made by now.
        var growth = Cost(make(4 * size)) / Cost(make(size));

        Assert.InRange(growth, 0, GrowthMax);
    }

    /// <summary>Bytes an event, with what is still owed asked for after each.</summary>
    private static double Cost(QuickRun run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var events = run.Finish();
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / events;
    }

    private static string Wide(int steps, string member, string skill = "put") =>
        $$"""{"name":"w",{{member}}"steps":[{{string.Join(',', Enumerable.Range(0, steps).Select(i => $$"""{"id":"s{{i}}","depends_on":[],"skill":"{{skill}}"}"""))}}]}""";

    /// <summary>Each step waits for the one ten before it and takes its result.</summary>
    private static string Columns(int steps, string skill)
    {
        var text = new StringBuilder("""{"name":"c","steps":[""");
        for (var i = 0; i < steps; i++)
        {
            var value = i < 10 ? "0" : string.Create(CultureInfo.InvariantCulture, $"\"${{{{ steps.s{i - 10}.result.v }}}}\"");
            text.Append(CultureInfo.InvariantCulture, $$"""{{(i == 0 ? "" : ",")}}{"id":"s{{i}}","depends_on":[{{(i < 10 ? "" : $"\"s{i - 10}\"")}}],"skill":"{{skill}}","params":{"v":{{value}} } }""");
        }

        return text.Append("]}").ToString();
    }

    private static string Items(string skill) => """
        {"name":"i","inputs":{"rows":{"type":"array"}},"steps":[{"id":"a","for_each":"${{ inputs.rows }}","as":"row","max_parallel":10,"skill":"SKILL","params":{"v":"${{ row.n }}"}}]}
        """.Replace("SKILL", skill, StringComparison.Ordinal);

    private static string Rows(int size) => $$"""{"rows":[{{string.Join(',', Enumerable.Range(0, size).Select(n => $$"""{"n":{{n}}}"""))}}]}""";
}
