namespace Aos.Kernel.Tests.Machine;

public sealed class Waiting
{
    [Fact]
    public void A_sleep_ends_when_its_time_has_come_and_not_before()
    {
        var run = MachineWorld.Started("""{"name":"s","steps":[{"id":"a","sleep":"30s"},{"id":"b","skill":"put"}]}""");
        Assert.Equal(RunStatus.Waiting, run.State.Status);
        Assert.Equal(run.Now + TimeSpan.FromSeconds(30), RunMachine.NextWake(run.State));

        run.After(TimeSpan.FromSeconds(29));
        Assert.Equal(StepStatus.Waiting, run.Step("a"));
        run.After(TimeSpan.FromSeconds(1));
        Assert.Equal(["b"], run.Orders());
    }

    [Theory]
    [InlineData("""{"skill":"wait","params":{"ms":1500}}""", 1500)]
    [InlineData("""{"skill":"wait","params":{"seconds":2.5}}""", 2500)]
    [InlineData("""{"skill":"wait","params":{"duration":"1m"}}""", 60000)]
    [InlineData("""{"skill":"wait","params":{"ms":"${{ inputs.n }}"}}""", 20)]
    [InlineData("""{"skill":"wait","params":{"duration":"${{ inputs.n }}s"}}""", 20000)]
    [InlineData("""{"sleep":"${{ inputs.n }}"}""", 20000)]
    public void A_wait_is_a_sleep_of_the_run_whatever_gives_its_length(string step, int milliseconds)
    {
        var run = MachineWorld.Started("""{"name":"s","inputs":{},"steps":[{"id":"a",""" + step[1..] + "]}", """{"n":20}""");
        Assert.Equal(run.Now + TimeSpan.FromMilliseconds(milliseconds), RunMachine.NextWake(run.State));

        run.After(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal($$"""{"waited_ms":{{milliseconds}}}""", run.Result("a"));
    }

    [Theory]
    [InlineData("\"soon\"")]
    [InlineData("-1")]
    [InlineData("null")]
    public void A_wait_whose_template_gives_no_time_fails_its_step(string n)
    {
        var run = MachineWorld.Started(
            """{"name":"s","inputs":{},"steps":[{"id":"a","skill":"wait","params":{"ms":"${{ inputs.n }}"}}]}""", $$"""{"n":{{n}}}""");

        Assert.Equal("INVALID_INPUT", run.State.End!.Failure!.Code);
    }

    [Theory]
    [InlineData("""{"ms":-1}""", "steps[0].params.ms")]
    [InlineData("""{"ms":"5"}""", "steps[0].params.ms")]
    [InlineData("""{"seconds":1e20}""", "steps[0].params.seconds")]
    [InlineData("""{"duration":"soon"}""", "steps[0].params.duration")]
    [InlineData("""{"ms":1,"seconds":1}""", "steps[0].params")]
    [InlineData("{}", "steps[0].params")]
    [InlineData("""{"ms":1,"sec":2}""", "steps[0].params.sec")]
    public void A_wait_that_makes_no_sense_is_refused_with_the_plan(string parameters, string path)
    {
        var reading = PlanReader.Read(
            Json.Parse("""{"name":"s","steps":[{"id":"a","skill":"wait","params":@@}]}""".Replace("@@", parameters, StringComparison.Ordinal)), new Dictionary<string, SkillTerms>());

        Assert.Equal(path, Assert.Single(reading.Problems).Path);
    }

    [Fact]
    public void A_signal_carries_its_payload_and_counts_once()
    {
        var run = MachineWorld.Started("""
            {"name":"s","steps":[{"id":"a","await":{"signal":"paid"}},{"id":"b","await":{"signal":"paid"}}]}
            """);
        run.Do(new SignalRun("1", "paid", Json.Parse("""{"id":7}"""))).Do(new SignalRun("1", "paid", Json.Parse("""{"id":8}""")));

        Assert.Equal("""{"id":7}""", run.Result("a"));
        Assert.Equal(StepStatus.Waiting, run.Step("b"));
    }

    [Fact]
    public void A_signal_that_comes_early_is_kept()
    {
        var run = MachineWorld.Started("""{"name":"s","steps":[{"id":"p","skill":"put"},{"id":"a","await":{"signal":"go"}}]}""");
        run.Do(new SignalRun("1", "go", Json.Parse("1"))).Answer("p");

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Empty(run.State.Signals);
    }

    [Fact]
    public void An_await_times_out_as_a_failure()
    {
        var run = MachineWorld.Started("""{"name":"s","steps":[{"id":"a","await":{"signal":"go","timeout":"1m"}}]}""");
        run.After(TimeSpan.FromMinutes(1));

        Assert.Equal("AWAIT_TIMEOUT", run.State.End!.Failure!.Code);
    }

    [Fact]
    public void The_runs_own_timeout_ends_it()
    {
        var run = MachineWorld.Started("""{"name":"s","timeout":"5s","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        run.After(TimeSpan.FromSeconds(5));

        Assert.Equal("RUN_TIMEOUT", run.State.End!.Failure!.Code);
    }

    [Fact]
    public void An_answer_that_arrives_while_paused_is_recorded_but_starts_nothing()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"paid"},{"id":"b","skill":"put"}]}""");
        var id = run.Order("a").Id;
        run.Do(new PauseRun("look")).Do(new RecordOutcome(id, StructuredOutcome.Succeeded(Json.Parse("1"), new Cents(3))));
        Assert.Equal(RunStatus.Paused, run.State.Status);
        Assert.Equal(3m, run.State.Spent.Value);
        Assert.Empty(run.Orders());

        run.Do(new ResumeRun("go"));
        Assert.Equal(["b"], run.Orders());
    }

    [Fact]
    public void A_cancelled_run_is_over_and_refuses_more()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","sleep":"1h"}]}""");
        run.Do(new CancelRun("enough"));
        Assert.Equal(RunStatus.Cancelled, run.State.Status);

        run.Do(new PauseRun("late"));
        Assert.Equal("RUN_OVER", run.Refusal!.Code);
    }

    [Fact]
    public void A_retried_run_keeps_what_succeeded_and_orders_the_rest_anew()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put"},{"id":"b","skill":"put"}]}""");
        run.Answer("a", "1");
        var old = run.Order("b").Id;
        run.Fail("b", "INVALID_INPUT").Do(new RetryRun("fixed"));

        Assert.Equal(2, run.State.Attempt);
        Assert.Equal(StepStatus.Succeeded, run.Step("a"));
        Assert.Equal(old.Generation + 1, run.Order("b").Id.Generation);
        run.Answer("b", "2");
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    public void A_quarantined_run_stands_still_until_resumed()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put"}]}""");
        run.Do(new QuarantineRun("odd"));
        Assert.Equal(RunStatus.Quarantined, run.State.Status);
        Assert.Empty(run.Orders());

        run.Do(new ResumeRun("looked"));
        Assert.Equal(["a"], run.Orders());
    }

    [Fact]
    public void A_child_run_has_an_id_that_follows_from_its_effect_and_its_result_is_the_steps()
    {
        var run = MachineWorld.Started("""
            {"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo"}]},"inputs":{"k":1}}}]}
            """);
        var order = Assert.IsType<StartChild>(Assert.Single(RunMachine.Pending(run.State)));
        Assert.Equal("""{"k":1}""", order.Inputs.GetRawText());
        Assert.Equal(7, order.Child.Value.Version);

        run.Do(new RecordOutcome(order.Id, StructuredOutcome.Succeeded(Json.Parse("\"done\""))));
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Equal("\"done\"", run.Result("a"));
    }

    [Fact]
    public void Time_never_goes_back()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put"},{"id":"b","skill":"put"}]}""");
        run.After(TimeSpan.FromHours(-1)).Answer("a");

        Assert.All(run.Journal.Zip(run.Journal.Skip(1)), pair => Assert.True(pair.Second.At >= pair.First.At));
    }

    [Fact]
    public void Ten_thousand_steps_are_decided_quickly_enough_to_be_a_test()
    {
        var steps = string.Join(",", Enumerable.Range(0, 10_000).Select(i => $$$"""{"skill":"echo","params":{"n":{{{i}}}}}"""));
        var run = MachineWorld.Started($"[{steps}]");

        Assert.Single(run.Orders());
    }
}
