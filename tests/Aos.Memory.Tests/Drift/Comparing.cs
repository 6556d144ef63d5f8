namespace Aos.Memory.Tests.Drift;

/// <summary>What counts as drift, how bad it is, and what is left out.</summary>
[Trait("store", "none")]
public sealed class Comparing
{
    [Fact]
    [Trait("id", "E9.2-09")]
    [Trait("id", "E9.2-10")]
    [Trait("id", "E9.2-11")]
    [Trait("id", "E9.2-34")]
    [Trait("id", "E9.2-35")]
    public void A_detector_leaves_out_what_differs_anyway_and_what_it_is_told_to()
    {
        var detector = new DriftDetector(["nonce"], 10.0);

        Assert.Equal(10.0, detector.Threshold);
        Assert.Contains("nonce", detector.IgnoredFields);
        foreach (var always in new[] { "timestamp", "duration_ms", "request_id" })
        {
            Assert.Contains(always, detector.IgnoredFields);
            Assert.Contains(always, new DriftDetector().IgnoredFields);
        }

        Assert.Equal(5.0, new DriftDetector().Threshold);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DriftDetector(threshold: 101));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DriftDetector(threshold: -1));
    }

    [Fact]
    [Trait("id", "E9.2-12")]
    [Trait("id", "E9.2-25")]
    [Trait("id", "E9.2-36")]
    [Trait("id", "E9.3-06")]
    public void Equal_executions_have_no_drift()
    {
        var result = Traces.Compare(Traces.Ending("""{"total":1}"""), Traces.Ending("""{"total":1}"""));

        Assert.Equal((false, 0.0, 0, "No drift detected"), (result.HasDrift, result.Score, result.PointCount, result.Summary));
        Assert.Equal(result.BaselineHash, result.MemoryHash);
    }

    [Fact]
    [Trait("id", "E9.2-13")]
    public void Another_number_of_steps_is_one_high_point_and_what_both_have_is_compared()
    {
        var result = Traces.Compare(
            Traces.Of(Traces.Step("a"), Traces.Step("c", result: """{"data":1}""")), Traces.Of(Traces.Step("a"), Traces.Step("b"), Traces.Step("c", result: """{"data":2}""")));

        Assert.True(result.HasDrift);
        var length = Assert.Single(result.Points, point => point.FieldPath == "steps.length");
        Assert.Equal((-1, DriftSeverity.High, DriftCategory.Behavior), (length.StepIndex, length.Severity, length.Category));
        Assert.Equal("steps[1].result.data", Assert.Single(result.Points, point => point.StepIndex >= 0).FieldPath); // The step more moved nothing.
    }

    [Fact]
    [Trait("id", "E9.2-14")]
    public void Another_skill_is_one_critical_point()
    {
        var result = Traces.Compare(Traces.Of(Traces.Step("a", """{"x":1}""")), Traces.Of(Traces.Step("b", """{"x":2}""")));

        var point = Assert.Single(result.Points);
        Assert.Equal(("steps[0].skill", DriftSeverity.Critical, DriftCategory.Behavior), (point.FieldPath, point.Severity, point.Category));
        Assert.True(result.HasDrift);
    }

    [Theory]
    [Trait("id", "E9.2-15")]
    [Trait("id", "E9.2-19")]
    [Trait("id", "E9.2-20")]
    [Trait("id", "E9.2-21")]
    [Trait("id", "E9.2-22")]
    [Trait("id", "E9.2-23")]
    [Trait("id", "E9.2-24")]
    [Trait("id", "E4.1-01")]
    [InlineData("""{"data":{"v":1}}""", """{"data":{"v":"1"}}""", "steps[0].result.data.v", DriftSeverity.High, DriftCategory.Behavior)]
    [InlineData("""{"status":"ok"}""", """{"status":"bad"}""", "steps[0].result.status", DriftSeverity.Critical, DriftCategory.State)]
    [InlineData("""{"error":null}""", """{"error":"late"}""", "steps[0].result.error", DriftSeverity.Critical, DriftCategory.Behavior)]
    [InlineData("""{"data":"a"}""", """{"data":"b"}""", "steps[0].result.data", DriftSeverity.High, DriftCategory.Output)]
    [InlineData("""{"n":"1"}""", """{"n":1}""", "steps[0].result.n", DriftSeverity.High, DriftCategory.Behavior)]
    [InlineData("""{"n":100}""", """{"n":10}""", "steps[0].result.n", DriftSeverity.High, DriftCategory.Behavior)]
    [InlineData("""{"n":100}""", """{"n":80}""", "steps[0].result.n", DriftSeverity.Medium, DriftCategory.Behavior)]
    [InlineData("""{"n":100}""", """{"n":95}""", "steps[0].result.n", DriftSeverity.Low, DriftCategory.Behavior)]
    [InlineData("""{"n":0}""", """{"n":1}""", "steps[0].result.n", DriftSeverity.Medium, DriftCategory.Behavior)]
    [InlineData("""{"elapsed":1}""", """{"elapsed":3}""", "steps[0].result.elapsed", DriftSeverity.High, DriftCategory.Timing)]
    [InlineData("""{"t":true}""", """{"t":false}""", "steps[0].result.t", DriftSeverity.Medium, DriftCategory.Behavior)]
    [InlineData("""{"t":"a"}""", """{"t":"b"}""", "steps[0].result.t", DriftSeverity.Medium, DriftCategory.Behavior)]
    [InlineData("""{"l":[1,2]}""", """{"l":[1,3]}""", "steps[0].result.l[1]", DriftSeverity.Medium, DriftCategory.Output)]
    [InlineData("""{"l":[1,2]}""", """{"l":[1]}""", "steps[0].result.l.length", DriftSeverity.Medium, DriftCategory.Output)]
    [InlineData("""{"l":[{"value":1}]}""", """{"l":[{"value":2}]}""", "steps[0].result.l[0].value", DriftSeverity.High, DriftCategory.Output)]
    [InlineData("""{"x":1}""", """{}""", "steps[0].result", DriftSeverity.High, DriftCategory.Output)]
    [InlineData("""{"x":1,"y":1}""", """{"x":1}""", "steps[0].result.y", DriftSeverity.High, DriftCategory.Behavior)]
    public void A_difference_is_as_bad_as_its_name_and_size(string baseline, string memory, string path, DriftSeverity severity, DriftCategory category)
    {
        var point = Assert.Single(Traces.CompareResults(baseline, memory).Points);

        Assert.Equal((path, severity, category), (point.FieldPath, point.Severity, point.Category));
    }

    [Theory]
    [Trait("id", "E9.2-17")]
    [Trait("id", "E9.2-18")]
    [Trait("id", "E4.1-02")]
    [InlineData("""{"timestamp":1,"own":1,"l":[{"ts":1}]}""", """{"timestamp":2,"own":2,"l":[{"ts":2}]}""")]
    [InlineData("""{"n":1,"gone":null}""", """{"n":1.0}""")]
    public void What_is_left_out_and_what_is_written_otherwise_is_no_difference(string baseline, string memory)
    {
        var detector = new DriftDetector(["own"]);
        var result = detector.Compare(new ExecutionTrace("wf", [Traces.Step(result: baseline)], Json.Parse(baseline)), new ExecutionTrace("wf", [Traces.Step(result: memory)], Json.Parse(memory)));

        Assert.Equal((false, 0), (result.HasDrift, result.PointCount));
    }

    [Fact]
    [Trait("id", "E9.2-16")]
    [Trait("id", "E9.3-07")]
    public void Another_final_state_is_drift()
    {
        var result = Traces.Compare(Traces.Ending("""{"value":100,"total":100}"""), Traces.Ending("""{"value":200,"total":200}"""));

        Assert.True(result.HasDrift);
        Assert.Equal(["final_state.total", "final_state.value"], result.Points.Select(point => point.FieldPath));
    }

    [Fact]
    [Trait("id", "E4.1-03")]
    public void Another_status_of_a_step_is_high_and_parameters_are_compared()
    {
        var result = Traces.Compare(Traces.Of(Traces.Step(parameters: """{"url":"a"}""")), Traces.Of(Traces.Step(parameters: """{"url":"b"}""", status: "failed")));

        Assert.Equal([("steps[0].params.url", DriftSeverity.Medium), ("steps[0].status", DriftSeverity.High)], result.Points.Select(point => (point.FieldPath, point.Severity)));
    }

    [Theory]
    [Trait("id", "E9.2-26")]
    [Trait("id", "E9.2-27")]
    [Trait("id", "E9.2-28")]
    [Trait("id", "E9.2-29")]
    [Trait("id", "E9.2-30")]
    [InlineData("""{"status":1}""", """{"status":2}""", 25.0, true)]
    [InlineData("""{"data":1}""", """{"data":2}""", 10.0, true)]
    [InlineData("""{"x":"a"}""", """{"x":"b"}""", 5.0, false)]
    [InlineData("""{"x":100}""", """{"x":99}""", 2.0, false)]
    public void Points_add_up_to_a_score_and_drift_is_above_the_threshold(string baseline, string memory, double score, bool drifts)
    {
        var result = Traces.CompareResults(baseline, memory);

        Assert.Equal((score, drifts), (result.Score, result.HasDrift));
        Assert.Equal(100.0, Traces.CompareResults(Ten(1), Ten(2)).Score);

        static string Ten(int value) => "{" + string.Join(',', Enumerable.Range(0, 10).Select(i => $"\"m{i}\":{{\"status\":{value}}}")) + "}";
    }

    [Fact]
    [Trait("id", "E9.2-31")]
    [Trait("id", "E9.2-32")]
    [Trait("id", "E9.2-33")]
    public void A_hash_is_of_what_is_compared_only()
    {
        var (one, later, other) = (Hash("http_call", """{"timestamp":1,"a":[{"ts":1}]}"""), Hash("http_call", """{"a":[{"ts":2}],"timestamp":2}"""), Hash("noop", """{"a":1}"""));

        Assert.Equal(16, one.Length);
        Assert.Equal(one, Hash("http_call", """{"timestamp":1,"a":[{"ts":1}]}"""));
        Assert.Equal(one, later);
        Assert.NotEqual(one, other);

        static string Hash(string skill, string result) => Traces.Compare(Traces.Of(Traces.Step(skill, result: result)), Traces.Of()).BaselineHash;
    }

    [Fact]
    [Trait("id", "E9.2-37")]
    [Trait("id", "E9.2-38")]
    public void The_summary_has_the_score_and_how_many_of_each()
    {
        var high = Traces.CompareResults("""{"data":1}""", """{"data":2}""").Summary;
        var more = Traces.CompareResults("""{"status":1,"data":1,"value":1,"x":100}""", """{"status":2,"data":2,"value":2,"x":99}""").Summary;

        Assert.Contains("10.0/100", high);
        Assert.Contains("1 high", high);
        foreach (var part in new[] { "47.0/100", "1 critical", "2 high", "1 low" }) Assert.Contains(part, more);
    }

    [Fact]
    [Trait("id", "E4.1-04")]
    public void Executions_too_long_to_align_are_compared_place_by_place()
    {
        var (shorter, longer) = (Many(2_000), Many(2_001));

        var result = Traces.Compare(shorter, longer);

        Assert.Equal("steps.length", Assert.Single(result.Points).FieldPath);

        static ExecutionTrace Many(int steps) => Traces.Of([.. Enumerable.Range(0, steps).Select(i => Traces.Step("s", index: i))]);
    }
}
