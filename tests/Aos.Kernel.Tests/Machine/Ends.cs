namespace Aos.Kernel.Tests.Machine;

/// <summary>A run that is over stays as it ended until somebody asks for a new attempt.</summary>
public sealed class Ends
{
    private const string Plan = """{"name":"e","timeout":"1h","steps":[{"id":"a","skill":"paid"},{"id":"b","skill":"paid"},{"id":"c","skill":"put"}]}""";

    public static TheoryData<string> Ways() => ["STEP_FAILED", "RUN_BUDGET_EXCEEDED", "RUN_TIMEOUT", "CANCELLED"];

    [Theory]
    [MemberData(nameof(Ways))]
    [Trait("id", "W-01")]
    public void Nothing_that_comes_later_turns_it_into_a_success(string code)
    {
        var run = Over(code);
        var (status, events, call) = (run.State.Status, run.Journal.Count, run.Journal.OfType<StepStarted>().Last().Effect);

        run.Do(Again()).Do(new WakeRun()).Do(new BeginRun()).Do(new RecordOutcome(call, StructuredOutcome.Succeeded(Json.True))).After(TimeSpan.FromDays(1));
        Assert.Null(run.Refusal);
        foreach (var command in new RunCommand[] { new ResumeRun("go"), new PauseRun("no"), new CancelRun("no"), new SignalRun("1", "go", Json.Null) })
        {
            run.Do(command);
            Assert.Equal("RUN_OVER", run.Refusal?.Code);
        }

        Assert.Equal((status, code, events), (run.State.Status, run.State.End!.Failure!.Code, run.Journal.Count));
        Assert.NotEqual(RunStatus.Succeeded, status);
        Assert.Equal(StepStatus.Pending, run.Step("c"));
        Assert.Empty(run.Orders());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    [Trait("id", "W-01")]
    public void A_new_attempt_is_asked_for_and_does_what_was_not_done(string code)
    {
        var run = Over(code).Do(new RetryRun("mended"));

        Assert.Equal((2, StepStatus.Succeeded, StepStatus.Pending), (run.State.Attempt, run.Step("a"), run.Step("c")));
        if (code == "RUN_BUDGET_EXCEEDED")
        {
            Assert.Equal(code, run.State.End!.Failure!.Code); // The money is no more than it was.
            return;
        }

        Assert.Equal(["b"], run.Orders());
        run.Answer("b").Answer("c");
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        run.Do(new RetryRun("once more"));
        Assert.Equal("INVALID_STATE", run.Refusal?.Code); // What has succeeded has.
    }

    private static MachineWorld Over(string code)
    {
        var run = MachineWorld.Started(Plan, budget: code == "RUN_BUDGET_EXCEEDED" ? new Cents(9) : null).Answer("a", cost: 5);
        switch (code)
        {
            case "STEP_FAILED": run.Fail("b", code); break;
            case "RUN_TIMEOUT": run.After(TimeSpan.FromHours(2)); break;
            case "CANCELLED": run.Do(new CancelRun("enough")); break;
        }

        Assert.Equal(code, run.State.End!.Failure!.Code);
        return run;
    }

    /// <summary>The same start, as somebody sends it who runs a run's id again.</summary>
    private static StartRun Again()
    {
        var start = MachineWorld.Started(Plan).State.Start!;
        return new StartRun(start.Run, start.Tenant, start.AgentId, start.Plan, start.Inputs, start.Seed, null, start.Terms, start.Labels, null);
    }
}
