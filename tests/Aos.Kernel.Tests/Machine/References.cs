namespace Aos.Kernel.Tests.Machine;

/// <summary>Order by dependency, and values that steps take from one another.</summary>
public sealed class References
{
    [Fact]
    [Trait("id", "W-04")]
    public void Steps_wait_for_what_they_depend_on_wherever_they_stand()
    {
        var run = MachineWorld.Started("""
            {"name":"g","steps":[{"id":"c","skill":"put","depends_on":["b"]},{"id":"b","skill":"put","depends_on":["a"]},{"id":"a","skill":"put"}]}
            """);
        var called = new List<string>();
        while (run.Orders() is [var next])
        {
            called.Add(next);
            run.Answer(next);
        }

        Assert.Equal(["a", "b", "c"], called);
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Theory]
    [InlineData("""[{"id":"a","skill":"put","depends_on":["b"]},{"id":"b","skill":"put","depends_on":["a"]}]""", "steps", "CYCLE")]
    [InlineData("""[{"id":"a","skill":"put","depends_on":["a"]}]""", "steps", "CYCLE")]
    [InlineData("""[{"id":"a","skill":"put","depends_on":[],"params":{"v":"${{ steps.b.result }}"}},{"id":"b","skill":"put","depends_on":["a"]}]""", "steps", "CYCLE")]
    [InlineData("""[{"id":"a","skill":"put","depends_on":["z"]}]""", "steps[0].depends_on", "INVALID_REFERENCE")]
    [InlineData("""[{"id":"a","skill":"put","params":{"v":{"w":["${{ steps.z.result }}"]}}}]""", "steps[0].params.v.w[0]", "INVALID_REFERENCE")]
    [InlineData("""[{"id":"a","skill":"put","params":{"v":"${{ steps.b.result }}"}},{"id":"b","skill":"put"}]""", "steps[0].params.v", "INVALID_REFERENCE")]
    [InlineData("""[{"id":"a","skill":"put"},{"id":"a","skill":"put"}]""", "steps[1].id", "DUPLICATE_STEP_ID")]
    [Trait("id", "W-04")]
    [Trait("id", "W-27")]
    public void Circles_and_references_that_lead_nowhere_are_refused_before_anything_runs(string steps, string path, string code)
    {
        var reading = PlanReader.Read(Json.Parse($$"""{"name":"p","steps":{{steps}}}"""), MachineWorld.Skills);

        Assert.Null(reading.Plan);
        Assert.Contains(reading.Problems, problem => (problem.Path, problem.Code) == (path, code));
    }

    [Theory]
    [InlineData("abort", "", false)]
    [InlineData("continue", "${{ steps.a.result.n }}", false)]
    [InlineData("continue", "${{ default(steps.a.result.n, 5) }}", true)]
    [Trait("id", "W-04")]
    public void What_depends_on_a_failed_step_is_never_called_with_an_unfilled_value(string onError, string value, bool isCalled)
    {
        var run = MachineWorld.Started("""
            {"name":"g","steps":[{"id":"a","skill":"put","on_error":"ON_ERROR"},{"id":"b","skill":"put","depends_on":["a"],"params":{"v":"VALUE"}},{"id":"c","skill":"put","depends_on":["b"]}]}
            """.Replace("ON_ERROR", onError, StringComparison.Ordinal).Replace("VALUE", value, StringComparison.Ordinal));
        run.Fail("a", "STEP_FAILED");

        Assert.Equal(isCalled ? ["b"] : [], run.Orders());
        Assert.DoesNotContain(run.Journal.OfType<StepStarted>(), order => order.Params.GetRawText().Contains("${{", StringComparison.Ordinal));
        if (isCalled) Assert.Equal("""{"v":5}""", run.Order("b").Params.GetRawText());
        else Assert.Equal((RunStatus.Failed, onError == "abort" ? "STEP_FAILED" : "INVALID_REFERENCE"), (run.State.Status, run.State.End!.Failure!.Code));
    }

    [Fact]
    [Trait("id", "W-27")]
    public void References_go_to_any_depth_are_put_in_at_any_depth_and_keep_their_type()
    {
        var run = MachineWorld.Started("""
            {"id":"w","steps":[{"id":"a","skill_id":"put"},{"id":"b","skill_id":"put","inputs":{"n":"${a.x.y}","list":[{"deep":"${a.x}"},"x ${a.x.y} y ${a.t}"],"t":"${a.t}","all":"${a}"}}]}
            """);
        run.Answer("a", """{"x":{"y":1.50},"t":true}""");

        Assert.Equal("""{"all":{"t":true,"x":{"y":1.5}},"list":[{"deep":{"y":1.5}},"x 1.5 y true"],"n":1.5,"t":true}""", CanonicalJson.Text(run.Order("b").Params));
    }

    [Theory]
    [InlineData("\"post\"", "", EffectClass.AtMostOnce)]
    [InlineData("\"POST\"", "", EffectClass.AtMostOnce)]
    [InlineData("\"get\"", "", EffectClass.Idempotent)]
    [InlineData("\"POST\"", ""","idempotency_key":"k-${{ inputs.m }}" """, EffectClass.Idempotent)]
    [InlineData("5", "", EffectClass.Idempotent)] // The skill refuses it; nothing breaks before.
    [Trait("id", "W-27")]
    public void What_a_repeat_may_do_follows_from_the_value_and_not_from_the_text_of_the_template(string method, string key, EffectClass expected)
    {
        var run = MachineWorld.Started($$$"""{"name":"m","steps":[{"id":"a","skill":"call","params":{"method":"${{ inputs.m }}"}{{{key}}} }]}""", $$"""{"m":{{method}}}""");

        Assert.Equal(expected, run.Order("a").Class);
        run.Do(new RecordUnknown(run.Order("a").Id, "The process ended."));
        Assert.Equal(RunStatus.Waiting, run.State.Status);
    }
}
