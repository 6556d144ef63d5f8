using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Aos.Memory.Tests.Drift;

/// <summary>What executions, points and results of drift hold, and how they are written.</summary>
[Trait("store", "none")]
public sealed class DriftRecords
{
    [Fact]
    [Trait("id", "E9.2-01")]
    [Trait("id", "E9.2-02")]
    public void A_step_keeps_its_fields_and_has_defaults()
    {
        var full = new ExecutedStep(3, "http_call", Json.Parse("""{"url":"u"}""")) { Result = Json.Parse("""{"a":1}"""), Status = "failed", DurationMs = 12.5, Timestamp = "2026-01-05T09:00:00Z" };
        var bare = new ExecutedStep(0, "noop", Json.EmptyObject);

        Assert.Equal((3, "http_call", "failed", 12.5, "2026-01-05T09:00:00Z", 1), (full.Index, full.Skill, full.Status, full.DurationMs, full.Timestamp, full.Result!.Value.GetProperty("a").GetInt32()));
        Assert.Equal("u", full.Params.GetText("url"));
        Assert.Equal((null, "completed", 0.0, null), (bare.Result, bare.Status, bare.DurationMs, bare.Timestamp));
    }

    [Fact]
    [Trait("id", "E9.2-03")]
    [Trait("id", "E9.2-04")]
    public void An_execution_keeps_its_fields_and_has_defaults()
    {
        var full = new ExecutionTrace("wf-1", [Traces.Step(), Traces.Step("noop", index: 1)], Json.Parse("""{"total":2}"""))
        {
            AgentId = "a7", MemoryEnabled = true, MemoryContext = Json.Parse("""{"k":1}"""), Metadata = Json.Parse("""{"m":1}"""),
        };
        var bare = Traces.Of();

        Assert.Equal(("wf-1", "a7", true, 2, 2), (full.WorkflowId, full.AgentId, full.MemoryEnabled, full.Steps.Length, full.FinalState.GetProperty("total").GetInt32()));
        Assert.Equal((1, 1), (full.MemoryContext!.Value.GetProperty("k").GetInt32(), full.Metadata.GetProperty("m").GetInt32()));
        Assert.Equal((false, null, "{}"), (bare.MemoryEnabled, bare.MemoryContext, bare.Metadata.GetRawText()));
    }

    [Fact]
    [Trait("id", "E9.2-05")]
    public void A_point_says_where_what_was_and_is_how_bad_and_of_what_kind()
    {
        var point = Assert.Single(Traces.CompareResults("""{"data":1}""", """{"data":2}""").Points);

        Assert.Equal((0, "steps[0].result.data", "1", "2", DriftSeverity.High, DriftCategory.Output), (point.StepIndex, point.FieldPath, point.BaselineValue!.Value.GetRawText(), point.MemoryValue!.Value.GetRawText(), point.Severity, point.Category));
    }

    [Fact]
    [Trait("id", "E9.2-06")]
    [Trait("id", "E9.2-07")]
    [Trait("id", "E9.2-08")]
    public void A_result_is_as_bad_as_its_worst_point()
    {
        Assert.Equal(DriftSeverity.None, Traces.CompareResults("{}", "{}").Severity);
        Assert.Equal(DriftSeverity.High, Traces.CompareResults("""{"a":100,"b":"x","data":1}""", """{"a":99,"b":"y","data":2}""").Severity);
        Assert.Equal(DriftSeverity.Critical, Traces.CompareResults("""{"data":1,"status":"ok"}""", """{"data":2,"status":"bad"}""").Severity);
    }

    [Fact]
    [Trait("id", "E4.1-05")]
    public void A_result_is_written_in_words_of_the_wire()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) Traces.CompareResults("""{"data":1}""", """{"data":null}""", new DriftDetector(["own"])).WriteTo(writer);

        var written = Json.Parse(buffer.WrittenSpan);
        Assert.True(written.GetProperty("has_drift").GetBoolean());
        Assert.Equal(("high", 1, "own"), (written.GetText("severity"), written.GetProperty("drift_point_count").GetInt32(), written.GetProperty("ignored_fields").EnumerateArray().Single(field => field.ValueEquals("own")).GetString()));
        var point = written.GetProperty("drift_points")[0];
        Assert.Equal(("output", "steps[0].result.data", JsonValueKind.Null), (point.GetText("category"), point.GetText("field_path"), point.GetProperty("memory_value").ValueKind));
    }

    [Fact]
    [Trait("id", "E4.1-06")]
    public void The_score_counts_all_points_and_no_more_than_a_thousand_are_told()
    {
        string Many(int value) => "{" + string.Join(',', Enumerable.Range(0, 1_500).Select(i => $"\"m{i}\":\"{value}\"")) + "}";

        var result = Traces.CompareResults(Many(1), Many(2));

        Assert.Equal((1_500, DriftResult.PointsMax, 100.0, "Drift score 100.0/100: 1500 medium"), (result.PointCount, result.Points.Length, result.Score, result.Summary));
        Assert.True(result.Points.Select(point => point.FieldPath).SequenceEqual(result.Points.Select(point => point.FieldPath).Order(StringComparer.Ordinal)));
    }
}
