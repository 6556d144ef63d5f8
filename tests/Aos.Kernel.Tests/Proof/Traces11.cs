using System.Text.Json;

namespace Aos.Kernel.Tests.Proof;

/// <summary>Traces of schema 1.1, as both SDKs read and write them.</summary>
public sealed class Traces11
{
    private const string At = "2025-01-01T00:00:00Z";

    private static Trace11 Empty { get; } = new() { Seed = "42", Timestamp = At };

    private static Trace11 One { get; } = Empty.Add("test", Json.Parse("""{"x":1}"""), Json.Parse("""{"y":2}"""), "abc123", "success");

    [Fact]
    [Trait("id", "B8-TRACE-01")]
    public void Roots_are_the_SDK_s()
    {
        var parity = new Trace11 { Seed = "777", Timestamp = "2025-06-15T12:00:00Z" }
            .Add("parity_test", Json.Parse("""{"x":1,"y":2}"""), Json.Parse("""{"result":3}"""), "state_777", "success");

        Assert.Equal("cf938f32827f06283ab80f355aee229da49abb2545beded7fd9fd746305cd7df", Empty.ComputeRoot());
        Assert.Equal("db2598e2f211210f5ae604dec32272eab72dcb7bb6f8823e95fd39eb7f75efa9", One.Steps[0].Hash());
        Assert.Equal("47ac1afc78b5d71366ff6556d46a39fc33c86fb2de906b5a7b1f1fc7e876e029", One.ComputeRoot());
        Assert.Equal("e3727e1ff06dd2a0664cd78a111e9ad94994a1726943a4f9ee0c97036b0a50cb", parity.ComputeRoot());
    }

    [Theory]
    [InlineData("run_1", "1abe2a485c195d339de72a3079910dd6")]
    [InlineData("run-1", "123f9dd38c0d0838b2a645dbd40f76d4")]
    [Trait("id", "B8-TRACE-02")]
    public void Idempotency_keys_are_the_SDK_s(string run, string key) => Assert.Equal(key, Trace11.IdempotencyKey(run, 0, "http_call", "abc"));

    [Fact]
    [Trait("id", "B8-TRACE-03")]
    public void A_finalized_trace_verifies_and_takes_no_more()
    {
        var trace = One.Finalize();

        Assert.True(trace.Verify());
        Assert.False(One.Verify());
        Assert.Contains("finalized trace", Assert.Throws<TraceException>(() => trace.Add("x", Json.Null, Json.Null, "", "success")).Message, StringComparison.Ordinal);
        Assert.Contains("already finalized", Assert.Throws<TraceException>(() => trace.Finalize()).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8-TRACE-04")]
    public void A_trace_survives_its_file_and_shows_when_the_file_was_changed()
    {
        var file = Json.Write(One.Finalize().WriteTo);

        Assert.True(Trace11.Read(file).Verify());
        Assert.Equal(file.GetRawText(), Json.Write(Trace11.Read(file).WriteTo).GetRawText());
        Assert.False(Trace11.Read(Json.Parse(file.GetRawText().Replace("abc123", "abc124", StringComparison.Ordinal))).Verify());
    }

    [Fact]
    [Trait("id", "B8-TRACE-05")]
    public void Members_that_may_be_absent_have_the_SDK_s_defaults()
    {
        var trace = Trace11.Read(Json.Parse(
            """{"seed":18446744073709551616,"plan":[],"steps":[{"step_index":0,"skill_id":"s","input_hash":"i","output_hash":"o","rng_state_before":"r","outcome":"success"}]}"""));

        Assert.Equal(("18446744073709551616", "default", "execute", false), (trace.Seed, trace.Tenant, trace.Steps[0].ReplayBehavior, trace.Finalized));
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("""{"plan":[]}""", "seed")]
    [InlineData("""{"seed":1.5,"plan":[]}""", "seed")]
    [InlineData("""{"seed":1}""", "plan")]
    [InlineData("""{"seed":1,"plan":[],"steps":[{}]}""", "steps[0].step_index")]
    [InlineData("""{"seed":1,"plan":[],"steps":[{"step_index":0}]}""", "steps[0].skill_id")]
    [Trait("id", "B8-TRACE-06")]
    public void A_file_that_is_no_trace_is_refused_by_name(string file, string named) =>
        Assert.Contains(named, Assert.Throws<TraceException>(() => Trace11.Read(Json.Parse(file))).Message, StringComparison.Ordinal);

    [Fact]
    [Trait("id", "B8-TRACE-07")]
    public void The_generator_behind_a_trace_is_recognised()
    {
        Trace11 With(string state) => Empty.Add("s", Json.Null, Json.Null, state, "success");

        Assert.Equal("python", With("bd82c3bab6a41545").Origin());
        Assert.Equal("javascript", With("ddf18a65a20fd2d7").Origin());
        Assert.Equal("aos", With(Chance.OfStep(42, 0).State()).Origin());
        Assert.Null(With("abc123").Origin());
        Assert.Null(Empty.Origin());
    }

    [Fact]
    [Trait("id", "B8-TRACE-08")]
    public void A_diff_names_fields_in_the_SDK_s_order()
    {
        var other = new Trace11 { Seed = "43", Timestamp = At, Tenant = "other" }
            .Add("test", Json.Parse("""{"x":2}"""), Json.Parse("""{"y":2}"""), "abc124", "failure")
            .Add("more", Json.Null, Json.Null, "", "success").Finalize();

        var diff = TraceDiff.Of(One.Finalize(), other);

        Assert.Equal(
            ["seed", "tenant_id", "step_count", "step[0].input_hash", "step[0].rng_state", "step[0].outcome", "root_hash"],
            diff.Differences.Select(difference => difference.Field));
        Assert.Contains("7", diff.Summary, StringComparison.Ordinal);
        Assert.Contains("seed, tenant_id, step_count and 4 more", diff.Summary, StringComparison.Ordinal);
        Assert.Equal(42, diff.Differences[0].Trace1.GetInt32());
    }

    [Fact]
    [Trait("id", "B8-TRACE-08")]
    public void Equal_traces_are_identical()
    {
        var diff = TraceDiff.Of(One.Finalize(), One.Finalize());

        Assert.True(diff.Match);
        Assert.Contains("identical", diff.Summary, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8-TRACE-08")]
    public void A_key_alone_shows_only_in_the_root()
    {
        var keyed = Empty.Add("test", Json.Parse("""{"x":1}"""), Json.Parse("""{"y":2}"""), "abc123", "success", "key").Finalize();

        Assert.Equal(["root_hash"], TraceDiff.Of(One.Finalize(), keyed).Differences.Select(difference => difference.Field));
    }

    [Theory]
    [InlineData("execute", false, "executed", null, false)]
    [InlineData("check", false, "checked", true, false)]
    [InlineData("skip", false, "executed", null, true)]
    [InlineData("skip", true, "skipped", null, true)]
    [Trait("id", "B8-TRACE-09")]
    public void A_dry_run_calls_nothing(string behavior, bool known, string action, bool? match, bool added)
    {
        HashSet<string> done = known ? ["key"] : [];

        var replay = StepReplay.Of(One.Steps[0] with { ReplayBehavior = behavior, IdempotencyKey = "key" }, null, done);

        Assert.Equal((action, match), (replay.Action, replay.OutputMatch));
        Assert.Equal(added, done.Contains("key"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-09")]
    public void A_step_is_executed_or_checked_against_its_output()
    {
        var step = One.Steps[0] with { IdempotencyKey = "key" };
        var check = step with { ReplayBehavior = "check" };
        HashSet<string> done = [];

        Assert.Equal("executed", StepReplay.Of(step, _ => (Json.Null, null), done).Action);
        Assert.Contains("key", done);
        Assert.Equal(("checked", true), Outcome(StepReplay.Of(check, _ => (Json.Parse("""{"y":2}"""), null), done)));
        Assert.Equal(("failed", false), Outcome(StepReplay.Of(check, _ => (Json.Parse("""{"y":3}"""), null), done)));
        Assert.Equal(("failed", "boom"), StepReplay.Of(step, _ => (null, "boom"), done) is var failed ? (failed.Action, failed.Reason) : default);

        static (string, bool) Outcome(StepReplay replay) => (replay.Action, replay.OutputMatch == true);
    }
}
