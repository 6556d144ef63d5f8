namespace Aos.Kernel.Tests.Machine;

public sealed class Approving
{
    private const string Await = """{"name":"p","inputs":{},"steps":[{"id":"a","await":{"approval":{"level":3,"timeout":"1h","message":"Pay ${{ run.agent_id }}?"}}},{"id":"b","skill":"put"}]}""";

    private const string Loop = """{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["put","post"],"approve":["post"],"approval":{"level":2,"timeout":"1h","on_timeout":"MODE"}}}]}""";

    [Fact]
    [Trait("id", "APPR-01")]
    public void A_step_waits_for_a_person_and_says_who_decided()
    {
        var run = MachineWorld.Started(Await);
        Assert.Equal((RunStatus.Waiting, "Pay agent?"), (run.State.Status, run.State.Steps[0].Wait!.Message));
        Assert.Equal(run.Now + TimeSpan.FromHours(1), RunMachine.NextWake(run.State));

        run.Do(Decision(approved: true, level: 3));

        Assert.Equal("""{"approved":true,"by":"key:1","note":"fine"}""", run.Result("a"));
        Assert.Equal(["b"], run.Orders());
        Assert.Equal(("key:1", 3), (run.State.Steps[0].Approval!.By, run.State.Steps[0].Approval!.Level));
    }

    [Fact]
    [Trait("id", "APPR-02")]
    public void A_rejection_fails_the_step()
    {
        var run = MachineWorld.Started(Await).Do(Decision(approved: false, level: 5));
        Assert.Equal("APPROVAL_REJECTED", run.State.End!.Failure!.Code);
        Assert.Contains("key:1: fine", run.State.End.Failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "AWAIT_TIMEOUT")]
    [InlineData(""","on_timeout":"reject" """, "AWAIT_TIMEOUT")]
    [InlineData(""","on_timeout":"approve" """, null)]
    [Trait("id", "APPR-03")]
    public void No_decision_in_time_rejects_unless_the_plan_says_else(string clause, string? code)
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","await":{"approval":{"timeout":"1m"MORE}}}]}""".Replace("MORE", clause, StringComparison.Ordinal));
        run.After(TimeSpan.FromMinutes(1));
        Assert.Equal(code, run.State.End!.Failure?.Code);
        if (code is null) Assert.Equal("""{"approved":true,"by":"timeout","note":null}""", run.Result("a"));
    }

    [Fact]
    [Trait("id", "APPR-04")]
    public void Whoever_is_below_the_level_decides_nothing()
    {
        var run = MachineWorld.Started(Await).Do(Decision(approved: true, level: 2));
        Assert.Equal("PERMISSION_DENIED", run.Refusal!.Code);
        Assert.Equal(RunStatus.Waiting, run.State.Status);
    }

    [Fact]
    [Trait("id", "APPR-05")]
    public void It_is_decided_once_and_the_same_decision_again_changes_nothing()
    {
        var run = MachineWorld.Started(Await).Do(Decision(approved: true, level: 3));
        var events = run.Journal.Count;
        run.Do(Decision(approved: true, level: 3));
        Assert.Null(run.Refusal);
        run.Do(Decision(approved: false, level: 3, id: "d2"));
        Assert.Equal("INVALID_STATE", run.Refusal!.Code);
        run.Do(new DecideApproval("d3", "b", -1, true, "key:1", null, 5));
        Assert.Equal("INVALID_STATE", run.Refusal!.Code);
        Assert.Equal(events, run.Journal.Count);
        run.Answer("b");
        run.Do(Decision(approved: false, level: 3, id: "d4"));
        Assert.Equal("INVALID_STATE", run.Refusal!.Code);
    }

    [Fact]
    [Trait("id", "APPR-06")]
    public void A_decision_about_a_paused_run_counts_when_it_goes_on()
    {
        var run = MachineWorld.Started(Await).Do(new PauseRun("look")).Do(Decision(approved: true, level: 3));
        Assert.Equal(RunStatus.Paused, run.State.Status);
        run.After(TimeSpan.FromHours(2));
        run.Do(new ResumeRun("go"));
        Assert.Equal(["b"], run.Orders());
    }

    [Fact]
    [Trait("id", "APPR-07")]
    public void A_tool_call_that_needs_it_waits_before_it_starts()
    {
        var run = Asked("reject");
        Assert.Equal((RunStatus.Waiting, 2), (run.State.Status, run.State.Steps[0].Wait!.Item));
        Assert.Empty(run.Orders());
        Assert.Equal(("post", """{"n":1}"""), (RunMachine.Skill(run.State, 0, 2), RunMachine.Params(run.State, 0, 2)!.Value.GetRawText()));
        run.Do(Decision(approved: true, level: 1));
        Assert.Equal("PERMISSION_DENIED", run.Refusal!.Code);
        run.Do(Decision(approved: true, level: 2, item: 1, id: "d0"));
        Assert.Equal("INVALID_STATE", run.Refusal!.Code);

        run.Do(Decision(approved: true, level: 2));

        Assert.Equal(["a[2]"], run.Orders());
        Assert.Equal(("post", """{"n":1}"""), (run.Order("a", 2).Skill, run.Order("a", 2).Params.GetRawText()));
        run.Answer("a", "1", item: 2);
        run.Do(Decision(approved: false, level: 2, item: 2, id: "d2"));
        Assert.Equal("INVALID_STATE", run.Refusal!.Code);
    }

    [Fact]
    [Trait("id", "APPR-08")]
    public void A_rejected_tool_call_is_a_result_for_the_model()
    {
        var run = Asked("reject").Do(Decision(approved: false, level: 2, item: 2));
        var result = run.Order("a", 3).Params.GetProperty("messages")[3].GetText("content")!;
        Assert.Equal("APPROVAL_REJECTED", Json.Parse(result).GetProperty("error").GetText("code"));
        Assert.DoesNotContain(run.Journal, e => e is StepStarted { Skill: "post" });
    }

    [Theory]
    [InlineData("reject", "llm_invoke", 3)]
    [InlineData("approve", "post", 2)]
    [Trait("id", "APPR-09")]
    public void A_tool_call_that_nobody_decides_about_goes_as_the_plan_says(string mode, string skill, int item)
    {
        var run = Asked(mode).After(TimeSpan.FromHours(1));
        Assert.Equal(skill, run.Order("a", item).Skill);
        if (mode == "reject") Assert.Contains("AWAIT_TIMEOUT", run.Order("a", item).Params.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "APPR-10")]
    public void A_new_attempt_asks_again()
    {
        var run = MachineWorld.Started(Await).Do(Decision(approved: false, level: 3)).Do(new RetryRun("again"));
        Assert.Equal(RunStatus.Waiting, run.State.Status);
        run.Do(Decision(approved: true, level: 3, id: "d2"));
        Assert.Equal(["b"], run.Orders());

        var loop = Asked("reject").Do(new CancelRun("enough")).Do(new RetryRun("again"));
        Assert.Equal((RunStatus.Waiting, 2), (loop.State.Status, loop.State.Steps[0].Wait!.Item));
    }

    private static MachineWorld Asked(string mode) => MachineWorld.Started(Loop.Replace("MODE", mode, StringComparison.Ordinal))
        .Answer("a", """{"content":"","tool_calls":[{"id":"x","name":"put","arguments":{}},{"id":"y","name":"post","arguments":{"n":1}}]}""", item: 0)
        .Answer("a", "1", item: 1);

    private static DecideApproval Decision(bool approved, int level, int item = -1, string id = "d1") => new(id, "a", item, approved, "key:1", "fine", level);
}
