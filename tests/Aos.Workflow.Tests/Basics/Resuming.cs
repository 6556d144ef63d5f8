using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Basics;

/// <summary>Runs whose process ends, on the real engine: what is on record, and what is done again.</summary>
public sealed class Resuming
{
    private const string Three = """
        {"name":"p","steps":[
          {"id":"producer","skill":"put","params":{"result":7}},
          {"id":"middle","skill":"put","params":{"n":2}},
          {"id":"consumer","skill":"put","params":{"of":"${{ steps.producer.result.result }}"}}]}
        """;

    private static readonly string Five = "{\"name\":\"p\",\"steps\":[" + string.Join(',', Enumerable.Range(0, 5).Select(i => $$$"""{"id":"s{{{i}}}","skill":"put","params":{"n":{{{i}}} }}""")) + "]}";

    [Fact]
    [Trait("id", "B8.7-01")]
    [Trait("id", "B8.7-05")]
    public async Task Each_of_three_steps_is_on_record_when_it_is_done()
    {
        await using var world = await Worlds.OpenAsync();
        var done = new List<string>();
        world.Skills.BeforeEffect = call =>
        {
            var events = world.Journal.Events(call.Call.Run!.Value).Select(entry => EventCodec.Decode(call.Call.Run.Value, entry)).ToList();
            done.Add($"{call.Call.StepId}: {events.OfType<StepStarted>().Count()} ordered, {events.OfType<CallSucceeded>().Count()} done");
        };
        var run = await world.RunAsync(Three);

        Assert.Equal(["producer: 1 ordered, 0 done", "middle: 2 ordered, 1 done", "consumer: 3 ordered, 2 done"], done);
        Assert.Equal((RunStatus.Succeeded, 3), (run.Status, run.Cursor));
        Assert.Equal(["""{"result":7}""", """{"n":2}""", """{"of":7}"""], Enumerable.Range(0, 3).Select(run.Result));
        Assert.True(run.Seq >= 3);
    }

    [Fact]
    [Trait("id", "B8.7-02")]
    [Trait("plants", "STEP_FAILED")]
    public async Task A_failure_is_on_record_with_what_was_done_before_it()
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Fails = _ => FailureCatalog.Fail("STEP_FAILED", "It broke.");
        world.Skills.Behave = call => call.Call.StepId == "middle" ? Behaviour.Fail : Behaviour.Answer;
        await world.RunAsync(Three);
        await world.CrashAsync();
        await world.SettleAsync();

        var row = Assert.Single(world.Journal.Rows);
        var read = await world.ReadAsync(row.Id);
        Assert.Equal((RunStatus.Failed, "STEP_FAILED", "STEP_FAILED"), (row.Status, row.FailureCode, read.End!.Failure!.Code));
        Assert.Equal([StepStatus.Succeeded, StepStatus.Failed, StepStatus.Pending], read.Steps.Select(step => step.Status));
        Assert.Equal("producer", world.Called()); // A run that is over stays over.
    }

    [Theory]
    [InlineData("producer", "producer middle consumer")]
    [InlineData("middle", "producer middle consumer")]
    [InlineData("consumer", "producer middle consumer")]
    [Trait("id", "B8.7-03")]
    [Trait("id", "B8.7-04")]
    public async Task What_was_done_before_the_process_ended_is_not_done_again_and_can_be_referred_to(string at, string called)
    {
        await using var world = await Worlds.OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == at && world.Crashes == 0 ? Behaviour.CrashBefore : Behaviour.Answer;
        var run = await world.RunAsync(Three);

        Assert.Equal((1, RunStatus.Succeeded, called, """{"of":7}"""), (world.Crashes, run.Status, world.Called(), run.Result(2)));
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "B8.7-07")]
    [Trait("id", "B8.7-08")]
    public async Task A_seed_decides_what_is_drawn_and_another_one_draws_something_else()
    {
        const string Drawing = """{"name":"p","steps":[{"id":"a","skill":"put","params":{"id":"${{ uuid() }}"}},{"id":"b","skill":"put","params":{"seed":"${{ run.seed }}"}}]}""";
        await using var world = await Worlds.OpenAsync();
        world.Skills.Behave = call => call.Call.StepId == "b" && world.Crashes == 0 ? Behaviour.CrashBefore : Behaviour.Answer;
        var runs = new List<RunState>();
        foreach (var seed in (ulong[])[42, 42, 7, 0]) runs.Add(await world.RunAsync(Drawing, seed));

        Assert.Equal((runs[0].Result(0), runs[0].Result(1), runs[0].End!.RootHash), (runs[1].Result(0), runs[1].Result(1), runs[1].End!.RootHash));
        Assert.Equal(3, runs.Select(run => run.Result(0)).Distinct().Count());
        Assert.Equal(3, runs.Select(run => run.End!.RootHash).Distinct().Count());
        Assert.Equal(1, world.Crashes); // The first of the two equal runs was interrupted, the second was not.
    }

    [Theory]
    [InlineData(Fault.CrashBefore)]
    [InlineData(Fault.CrashAfter)]
    [Trait("id", "B8.7-09")]
    public async Task Whichever_step_the_process_ends_at_the_run_completes_with_each_step_done_once(Fault fault)
    {
        var calm = await CalmAsync();
        for (var at = 0; at < calm.Appends; at++)
        {
            await using var world = await Worlds.OpenAsync();
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.RunAsync(Five);

            Assert.Equal((1, RunStatus.Succeeded, calm.Run.End!.RootHash), (world.Crashes, run.Status, run.End!.RootHash));
            Assert.Equal("s0 s1 s2 s3 s4", string.Join(' ', world.Skills.Effects.Select(effect => effect.Call.StepId).Distinct()));
            Assert.Empty(await world.ViolationsAsync());
        }
    }

    [Theory]
    [InlineData(Fault.UnavailableBefore)]
    [InlineData(Fault.UnavailableAfter)]
    [Trait("id", "B8.4-22")]
    public async Task An_append_that_the_store_refuses_or_answers_for_nothing_is_made_again_and_counts_once(Fault fault)
    {
        var calm = await CalmAsync();
        for (var at = 0; at < calm.Appends; at++)
        {
            await using var world = await Worlds.OpenAsync();
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.RunAsync(Five);

            Assert.Equal((0, RunStatus.Succeeded, calm.Run.Seq), (world.Crashes, run.Status, run.Seq));
            Assert.Equal("s0 s1 s2 s3 s4", world.Called());
            Assert.Empty(await world.ViolationsAsync());
        }
    }

    private static async Task<(RunState Run, int Appends)> CalmAsync()
    {
        await using var world = await Worlds.OpenAsync();
        var appends = 0;
        world.Faults = () =>
        {
            appends++;
            return Fault.None;
        };
        return (await world.RunAsync(Five), appends);
    }
}
