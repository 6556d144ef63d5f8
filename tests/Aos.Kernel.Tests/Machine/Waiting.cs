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

    /// <summary>Two children and a paid call, all at once; each child's plan may say a limit.</summary>
    private static string Siblings(string limit = "", string more = "") => $$$$"""
        {"name":"p","steps":[
          {"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]{{{{limit}}}}}}{{{{more}}}}},
          {"id":"b","depends_on":[],"run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},
          {"id":"c","depends_on":[],"skill":"paid"}]}
        """;

    private static Cents?[] Granted(MachineWorld run) => [.. RunMachine.Pending(run.State).OfType<StartChild>().Select(child => child.Budget)];

    [Fact]
    [Trait("id", "SHARE-01")]
    public void Children_at_the_same_time_never_get_more_than_the_run_has()
    {
        var run = MachineWorld.Started(Siblings(), budget: new Cents(30));

        Assert.Equal([new Cents(10), new Cents(10)], Granted(run));
        Assert.Equal(new Cents(25), run.State.Reserved);
        Assert.True(run.State.Start!.Rule >= KernelRule.Shares);
    }

    [Theory]
    [Trait("id", "SHARE-02")]
    [InlineData(",\"budget_cents\":4", "", 4, 13)]
    [InlineData("", ",\"max_cost_cents\":6", 6, 12)]
    [InlineData(",\"budget_cents\":4", ",\"max_cost_cents\":6", 4, 13)]
    [InlineData(",\"budget_cents\":20", "", 20, 5)]
    [InlineData(",\"budget_cents\":0", "", 0, 15)]
    public void A_limit_of_the_childs_own_is_its_share(string limit, string more, decimal first, decimal second)
    {
        Assert.Equal([new Cents(first), new Cents(second)], Granted(MachineWorld.Started(Siblings(limit, more), budget: new Cents(30))));

        const string alone = """{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","budget_cents":400,"steps":[{"id":"x","skill":"paid"}]}}}]}""";
        Assert.Equal([new Cents(30)], Granted(MachineWorld.Started(alone, budget: new Cents(30)))); // Never more than is left.
    }

    [Fact]
    [Trait("id", "SHARE-03")]
    public void A_child_alone_gets_all_that_is_left_and_what_it_leaves_is_free_again()
    {
        var run = MachineWorld.Started("""
            {"name":"p","steps":[{"id":"z","skill":"paid"},{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}]}}},{"id":"b","skill":"paid"}]}
            """, budget: new Cents(20));
        run.Answer("z", cost: 3);
        var child = Assert.IsType<StartChild>(Assert.Single(RunMachine.Pending(run.State)));
        Assert.Equal(new Cents(17), child.Budget);

        run.Do(new RecordOutcome(child.Id, StructuredOutcome.Failed(FailureCatalog.Fail("CHILD_FAILED", "It failed."), new Cents(11))));
        Assert.Equal((new Cents(14), Cents.Zero), (run.State.Spent, run.State.Reserved));
    }

    [Fact]
    [Trait("id", "SHARE-04")]
    public void A_child_that_nobody_waits_for_any_more_counts_with_its_whole_share()
    {
        var run = MachineWorld.Started("""
            {"name":"p","steps":[{"id":"a","timeout":"1m","on_error":"continue","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"paid"}],"budget_cents":12}}},{"id":"b","skill":"paid"}]}
            """, budget: new Cents(16));
        run.After(TimeSpan.FromMinutes(2));

        Assert.Equal((new Cents(12), new Cents(12), Cents.Zero), (run.State.Spent, run.State.Steps[0].Cost, run.State.Reserved));
        Assert.Equal("RUN_BUDGET_EXCEEDED", run.State.End!.Failure!.Code); // 4 of 16 are left, and the call may cost 5.
    }

    [Fact]
    [Trait("id", "SHARE-05")]
    public void A_run_without_a_budget_or_of_an_earlier_rule_grants_no_share()
    {
        var free = MachineWorld.Started(Siblings());
        var old = free.State.Start! with { Budget = new Cents(30), Rule = KernelRule.First };
        var decided = RunMachine.Decide(RunMachine.Evolve(RunState.Empty, old), new WakeRun(), new Facts(old.At));

        Assert.Equal([null, null], Granted(free));
        Assert.All(decided.Events.OfType<WaitStarted>(), wait => Assert.Null(wait.Granted));
        Assert.Equal(2, decided.Events.OfType<WaitStarted>().Count());
    }

    [Fact]
    [Trait("id", "SHARE-06")]
    public void A_run_that_is_cancelled_has_spent_what_came_back_to_it()
    {
        var run = MachineWorld.Started(Siblings(), budget: new Cents(30));
        run.Answer("c", cost: 2).Do(new CancelRun("enough"));

        Assert.Equal((new Cents(2), new Cents(20)), (run.State.Spent, run.State.Reserved)); // Of its children nothing has come back yet.
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
