using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Golden;

/// <summary>Golden recordings of runs on the real engine: their form, their hashes, and what matches.</summary>
public sealed class Recordings
{
    private const string Plan =
        """{"name":"p","version":"2.0.0","steps":[{"id":"a","skill":"pure","params":{"n":1,"timestamp":"t1"}},{"id":"b","skill":"charge","params":{"of":"${{ steps.a.result.n }}"}},{"id":"c","skill":"pure","params":{"password":"hunter2"}}]}""";

    private bool failed;

    [Fact]
    [Trait("id", "B8.5-01")]
    [Trait("id", "B8.5-02")]
    [Trait("id", "B8.5-03")]
    [Trait("id", "B8.5-08")]
    [Trait("id", "B8.6-02")]
    [Trait("id", "B8.11-10")]
    [Trait("id", "B8.1-11")]
    public async Task A_run_of_three_steps_leaves_five_lines_in_order()
    {
        await using var world = await OpenAsync();
        var run = await RunAsync(world, Plan);

        var read = Recording.Read(Recording.Of(run).ToBytes());

        Assert.Equal(["run_start", "step", "step", "step", "run_end"], read.Events.Select(e => e.Type));
        var start = read.Events[0].Data;
        Assert.Equal(("p", "2.0.0", 42ul, run.Plan.Hash, 3), (start.GetText("spec_name"), start.GetText("spec_version"), start.GetProperty("seed").GetUInt64(), start.GetText("spec_hash"), start.GetProperty("steps_count").GetInt32()));
        Assert.Equal("1.0.0", start.GetProperty("versions").GetText("charge"));
        Assert.Equal([0, 1, 2], read.Events.Skip(1).Take(3).Select(e => e.Data.GetProperty("index").GetInt32()));
        Assert.Equal((Seeds.Step(42, 1), "b", true, """{"of":1}"""), (read.Events[2].Data.GetProperty("seed").GetUInt64(), read.Events[2].Data.GetText("step_id"), read.Events[2].Data.GetProperty("success").GetBoolean(), read.Events[2].Data.GetProperty("output").GetRawText()));
        Assert.Equal(("succeeded", run.End!.RootHash), (read.Events[^1].Data.GetText("status"), read.Events[^1].Data.GetText("root_hash")));
        Assert.All(read.Events, e => Assert.Equal(run.Start!.Run.ToString(), e.Run));
    }

    [Fact]
    [Trait("id", "F5.68-10")]
    public async Task A_secret_within_a_text_is_hidden_and_another_one_still_differs()
    {
        const string told = """{"name":"p","steps":[{"id":"a","skill":"put","params":{"note":"use Bearer 0abcdefgh1 for jo@example.com"}}]}""";
        await using var world = await OpenAsync();
        var first = Recording.Of(await RunAsync(world, told));
        var second = Recording.Of(await RunAsync(world, told.Replace("0abcdefgh1", "0abcdefgh2", StringComparison.Ordinal)));

        Assert.Equal("use Bearer [REDACTED] for jo@example.com", first.Events[1].Data.GetProperty("inputs").GetText("note"));
        Assert.DoesNotContain("0abcdefgh", Encoding.UTF8.GetString(first.ToBytes()) + RecordingDiff.Of(first, second).Text(), StringComparison.Ordinal);
        Assert.False(RecordingDiff.Of(first, second).Match);
    }

    [Fact]
    [Trait("id", "B8.5-15")]
    [Trait("id", "B8.11-11")]
    public async Task A_line_has_a_fixed_form()
    {
        await using var world = await OpenAsync();
        var run = await RunAsync(world, Plan);

        var line = Encoding.UTF8.GetString(Recording.Of(run).ToBytes()).Split('\n')[2];

        Assert.Equal(
            $$$"""{"chain":"HASH","data":{"index":1,"inputs":{"of":1},"inputs_hash":"{{{ContentHash.Hex(Json.Parse("""{"of":1}"""))}}}","output":{"of":1},"output_hash":"{{{ContentHash.Hex(Json.Parse("""{"of":1}"""))}}}","seed":{{{Seeds.Step(42, 1)}}},"side_effects":[],"skill_id":"charge","status":"succeeded","step_id":"b","success":true},"event_type":"step","run_id":"{{{run.Start!.Run}}}","timestamp":"{{{run.Steps[1].EndedAt!.Value.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}}}Z"}""",
            Regex.Replace(line, "\"chain\":\"[0-9a-f]{64}\"", "\"chain\":\"HASH\""));
    }

    [Fact]
    [Trait("id", "B8.5-13")]
    [Trait("id", "B8.5-14")]
    [Trait("id", "B8.5-16")]
    public async Task A_recording_in_memory_is_empty_until_something_is_recorded_and_compares_no_time()
    {
        await using var world = await OpenAsync();
        var recording = Recording.Of(await RunAsync(world, Plan));

        Assert.Empty(Recording.Empty.Events);
        Assert.Null(Recording.Empty.Run);
        Assert.NotEqual(Recording.Empty.Hash(), recording.Hash());
        Assert.Equal(recording.Hash(), new Recording([.. recording.Events.Select(e => e with { At = "2001-01-01T00:00:00.000000Z" })]).Hash());
        Assert.DoesNotContain("timestamp", string.Concat(recording.Events.Where(e => e.Type != "step").Select(e => e.Data.GetRawText())), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8.5-09")]
    [Trait("id", "B8.5-10")]
    [Trait("id", "B8.11-01")]
    [Trait("id", "B8.11-03")]
    [Trait("id", "B8.11-09")]
    [Trait("id", "W-11")]
    [Trait("id", "W-12")]
    [Trait("id", "B8.4-13")]
    public async Task Runs_that_differ_in_ids_times_tries_and_being_a_replay_match()
    {
        await using var world = await OpenAsync();
        var plan = Plan.Replace("\"charge\",", "\"put\",\"retry\":{\"max_attempts\":3,\"backoff\":\"1s\"},", StringComparison.Ordinal);
        var first = await RunAsync(world, plan);
        world.Clock.Advance(TimeSpan.FromDays(2));
        world.Skills.Behave = call => call.Skill == "put" && !failed && (failed = true) ? Behaviour.Fail : Behaviour.Answer;
        var second = await RunAsync(world, plan);

        var (expected, actual) = (Recording.Of(first), Recording.Of(second, isReplay: true));

        Assert.NotEqual(first.EndedAt - first.StartedAt, second.EndedAt - second.StartedAt);
        Assert.True(RecordingDiff.Of(expected, actual).Match);
        Assert.Equal(expected.Hash(), actual.Hash());
        Assert.NotEqual(expected.ToBytes(), actual.ToBytes());
    }

    [Fact]
    [Trait("id", "W-11")]
    [Trait("id", "B8.11-02")]
    [Trait("id", "B8.11-05")]
    public async Task Business_values_count_whatever_their_names_and_case_and_secrets_that_are_hidden_too()
    {
        await using var world = await OpenAsync();
        var expected = Recording.Of(await RunAsync(world, Plan));
        var stamped = Recording.Of(await RunAsync(world, Plan.Replace("t1", "t2", StringComparison.Ordinal)));
        var secret = Recording.Of(await RunAsync(world, Plan.Replace("hunter2", "hunter3", StringComparison.Ordinal)));
        var nulled = Recording.Of(await RunAsync(world, Plan.Replace("\"n\":1", "\"n\":1,\"gone\":null", StringComparison.Ordinal)));
        var cased = Recording.Of(await RunAsync(world, Plan.Replace("\"timestamp\"", "\"Timestamp\"", StringComparison.Ordinal)));

        Assert.Contains(RecordingDiff.Of(expected, stamped).Differences, difference => difference.Where == "step a (0) output.timestamp");
        Assert.Contains(RecordingDiff.Of(expected, secret).Differences, difference => difference.Where == "step c (2) output_hash");
        Assert.DoesNotContain("hunter", Encoding.UTF8.GetString(secret.ToBytes()) + RecordingDiff.Of(expected, secret).Text(), StringComparison.Ordinal);
        Assert.Contains(RecordingDiff.Of(expected, nulled).Differences, difference => difference.Where == "step a (0) output.gone");
        Assert.Contains(RecordingDiff.Of(expected, cased).Differences, difference => difference.Where == "step a (0) output.Timestamp");
        Assert.Equal(5, new[] { expected, stamped, secret, nulled, cased }.Select(one => one.Hash()).Distinct().Count());
    }

    [Fact]
    [Trait("id", "B8.5-11")]
    [Trait("id", "B8.5-12")]
    [Trait("id", "B8.11-06")]
    [Trait("id", "B8.11-07")]
    public async Task Another_seed_a_missing_step_and_another_skill_are_differences_at_their_lines()
    {
        await using var world = await OpenAsync();
        var expected = Recording.Of(await RunAsync(world, Plan));
        var seeded = RecordingDiff.Of(expected, Recording.Of(await RunAsync(world, Plan, 43)));
        var shorter = RecordingDiff.Of(expected, Recording.Of(await RunAsync(world, Plan.Replace(",{\"id\":\"c\",\"skill\":\"pure\",\"params\":{\"password\":\"hunter2\"}}", "", StringComparison.Ordinal))));
        var other = RecordingDiff.Of(expected, Recording.Of(await RunAsync(world, Plan.Replace("charge", "put", StringComparison.Ordinal))));

        Assert.Contains(seeded.Differences, difference => difference is { Index: 0, Where: "run_start seed" });
        Assert.Contains(shorter.Differences, difference => difference is { Type: "event_count_mismatch", Index: null });
        Assert.Contains(other.Differences, difference => difference is { Index: 2, Where: "step b (1) skill_id" });
    }

    [Theory]
    [InlineData("{\"a\":1}\n", "no event of a recording")]
    [InlineData("nonsense\n", "Line 1 is no JSON")]
    [InlineData("", "The file is empty")]
    [Trait("id", "B8.5-06")]
    public void What_is_no_recording_is_said_so_with_its_line(string file, string reason) =>
        Assert.Contains(reason, Assert.Throws<TraceException>(() => Recording.Read(Encoding.UTF8.GetBytes(file))).Message, StringComparison.Ordinal);

    [Fact]
    [Trait("id", "B8.5-06")]
    [Trait("id", "W-21")]
    [Trait("id", "B8.4-12")]
    public async Task A_line_added_taken_away_moved_or_changed_makes_it_fail()
    {
        await using var world = await OpenAsync();
        var file = Encoding.UTF8.GetString(Recording.Of(await RunAsync(world, Plan)).ToBytes());
        var lines = file.TrimEnd('\n').Split('\n');

        foreach (var (forged, reason) in new[]
                 {
                     (file + lines[1] + "\n", "Line 6 is not as it was written"), (string.Join('\n', lines.Where((_, i) => i != 2)), "Line 3 is not as it was written"),
                     (string.Join('\n', lines[0], lines[2], lines[1], lines[3], lines[4]), "Line 2 is not as it was written"),
                     (file.Replace("\"of\":1", "\"of\":2", StringComparison.Ordinal), "Line 3 is not as it was written"), (string.Join('\n', lines[..4]), "no run_end"),
                 })
        {
            Assert.Contains(reason, Assert.Throws<TraceException>(() => Recording.Read(Encoding.UTF8.GetBytes(forged))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Only_a_run_that_is_over_is_recorded()
    {
        await using var world = await OpenAsync();
        var run = await RunAsync(world, """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");

        Assert.Throws<ArgumentException>(() => Recording.Of(run));
    }

    [Fact]
    [Trait("id", "W-02")]
    [Trait("id", "B8.11-04")]
    public async Task A_replay_that_calls_skills_really_calls_them_and_finds_what_has_changed()
    {
        await using var world = await OpenAsync();
        var calls = 0;
        world.Skills.Add("pure", EffectClass.Pure, call => Counted(call.Params));
        var run = await RunAsync(world, Plan.Replace("\"password\":\"hunter2\"", "\"n\":3", StringComparison.Ordinal));
        var (before, effects) = (calls, world.Skills.Effects.Count);

        var same = await new Reexecution(world.Skills).OfAsync(run, TestContext.Current.CancellationToken);
        var called = calls - before;
        world.Skills.Add("pure", EffectClass.Pure, call => Json.Parse("""{"n":99,"timestamp":"t1"}"""));
        var changed = await new Reexecution(world.Skills).OfAsync(run, TestContext.Current.CancellationToken);

        Assert.Equal((2, effects), (called, world.Skills.Effects.Count));
        Assert.Equal("Checked Skipped Checked", string.Join(' ', same.Select(step => step.Action)));
        Assert.Equal("Mismatch Skipped Mismatch", string.Join(' ', changed.Select(step => step.Action)));
        Assert.Contains("differs at n", changed[0].Reason, StringComparison.Ordinal);
        Assert.NotEqual(changed[0].Recorded, changed[0].Now);
        return;

        JsonElement Counted(JsonElement value)
        {
            calls++;
            return value;
        }
    }

    [Fact]
    [Trait("id", "REPLAY-01")]
    public async Task A_step_s_replay_behavior_is_honoured()
    {
        const string Told = """{"name":"p","steps":[{"id":"a","skill":"pure","params":{"n":1},"replay_behavior":"skip"},{"id":"b","skill":"pure","params":{"n":2},"replay_behavior":"execute"},{"id":"c","skill":"pure","params":{"n":3},"replay_behavior":"check"},{"id":"d","sleep":"1s"}]}""";
        await using var world = await OpenAsync();
        var run = await RunAsync(world, Told);
        var seen = new List<string>();
        world.Skills.Add("pure", EffectClass.Pure, call =>
        {
            seen.Add(call.Call.StepId!);
            return Json.Parse("""{"n":0}""");
        });

        var steps = await new Reexecution(world.Skills).OfAsync(run, TestContext.Current.CancellationToken);

        Assert.Equal("Skipped Executed Mismatch Skipped", string.Join(' ', steps.Select(step => step.Action)));
        Assert.Equal(["b", "c"], seen);
        Assert.Equal(["skip", "execute", "check"], StepView.Sdk(run).Steps.Take(3).Select(step => step.ReplayBehavior));
        Assert.Contains("is not execute, skip or check", PlanReader.Read(Json.Parse(Told.Replace("\"check\"", "\"maybe\"", StringComparison.Ordinal)), world.Skills.Terms).Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8.6-06")]
    public async Task A_test_of_a_user_holds_a_run_against_its_recording_and_reads_what_differs()
    {
        var folder = Directory.CreateTempSubdirectory("aos-golden-").FullName;
        try
        {
            await using var world = await OpenAsync();
            var file = Path.Combine(folder, "golden", "orders.steps.jsonl");
            var run = await RunAsync(world, Plan);
            Assert.Contains("AOS_GOLDEN_UPDATE=1", Assert.Throws<GoldenMismatchException>(() => GoldenRun.Check(file, run, update: false)).Message, StringComparison.Ordinal);
            GoldenRun.Check(file, run, update: true);

            GoldenRun.Check(file, await RunAsync(world, Plan), update: false);
            var other = await RunAsync(world, Plan.Replace("t1", "t2", StringComparison.Ordinal));
            var mismatch = Assert.Throws<GoldenMismatchException>(() => GoldenRun.Check(file, other, update: false));

            Assert.Contains("step a (0) output.timestamp: expected \"t1\", got \"t2\"", mismatch.Message, StringComparison.Ordinal);
            Assert.False(mismatch.Diff!.Match);
            Assert.Throws<GoldenMismatchException>(() => GoldenRun.Check(Recording.Of(run), other));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("charge", EffectClass.AtMostOnce, cents: 5);
        return world;
    }

    private static async Task<RunState> RunAsync(World world, string plan, ulong seed = 42)
    {
        var run = await world.StartAsync(plan, seed: seed);
        await world.SettleAsync();
        return await world.ReadAsync(run);
    }
}
