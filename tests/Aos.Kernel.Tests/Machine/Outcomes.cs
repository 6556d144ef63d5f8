namespace Aos.Kernel.Tests.Machine;

/// <summary>What of an outcome decides: its type and its code, never the look of its result or the words of its message.</summary>
public sealed class Outcomes
{
    private const string Plan = """{"name":"o","steps":[{"id":"a","skill":"put"}]}""";

    public static TheoryData<string, int> RetriedCodes()
    {
        var data = new TheoryData<string, int>();
        foreach (var entry in FailureCatalog.All.Where(entry => entry is { Retryable: true, RetriesMax: > 0 })) data.Add(entry.Code, entry.RetriesMax);
        return data;
    }

    [Theory]
    [InlineData("""{"success":false}""")]
    [InlineData("""{"ok":false,"error":{"code":"TIMEOUT","message":"m"}}""")]
    [InlineData("""{"status":"failed"}""")]
    [InlineData("\"error\"")]
    [InlineData("[false]")]
    [InlineData("0")]
    [InlineData("false")]
    [InlineData("null")]
    [Trait("id", "W-09")]
    public void A_result_is_a_result_whatever_is_in_it(string result)
    {
        var run = MachineWorld.Started(Plan).Answer("a", result);

        Assert.Equal((RunStatus.Succeeded, StepStatus.Succeeded, result), (run.State.Status, run.Step("a"), run.Result("a")));
    }

    [Theory]
    [InlineData("""{"success":true}""")]
    [InlineData("\"done\"")]
    [Trait("id", "W-09")]
    public void A_failure_is_a_failure_whatever_result_comes_with_it(string result)
    {
        var run = MachineWorld.Started(Plan);
        run.Do(new RecordOutcome(run.Order("a").Id, StructuredOutcome.Failed(FailureCatalog.Fail("STEP_FAILED", "no")) with { Result = Json.Parse(result) }));

        Assert.Equal((RunStatus.Failed, "STEP_FAILED", null), (run.State.Status, run.State.End!.Failure!.Code, run.Result("a")));
    }

    [Theory]
    [InlineData("TIMEOUT", "", true)]
    [InlineData("TIMEOUT", "invalid JSON, permission denied, 404", true)]
    [InlineData("HTTP_5XX", "The schema is not valid: missing field", true)]
    [InlineData("INVALID_INPUT", "Connection reset: timed out, rate limit, redis", false)]
    [InlineData("STEP_FAILED", "ConnectionError: timed out", false)]
    [InlineData("PERMISSION_DENIED", "status 503", false)]
    [Trait("id", "W-20")]
    public void The_code_says_whether_it_is_tried_again_and_the_message_does_not(string code, string message, bool again)
    {
        var run = MachineWorld.Started(Plan);
        run.Do(new RecordOutcome(run.Order("a").Id, StructuredOutcome.Failed(FailureCatalog.Fail(code, message))));

        Assert.Equal(again ? RunStatus.Retry : RunStatus.Failed, run.State.Status);
        Assert.Equal((code, message), (run.State.Steps[0].Calls[0].Outcome!.Failure!.Code, run.State.Steps[0].Calls[0].Outcome!.Failure!.Message));
    }

    [Theory]
    [MemberData(nameof(RetriedCodes))]
    [Trait("id", "W-20")]
    public void Without_a_clause_a_code_is_tried_again_as_often_as_its_entry_says_with_delays_that_are_capped(string code, int retries)
    {
        var run = MachineWorld.Started(Plan);
        var tries = 0;
        while (run.State.End is null)
        {
            tries++;
            run.Fail("a", code);
            if (RunMachine.NextWake(run.State) is not { } next) break;
            Assert.InRange(next - run.Now, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(33));
            run.After(next - run.Now);
        }

        Assert.Equal((retries + 1, code), (tries, run.State.End?.Failure?.Code));
    }

    [Fact]
    [Trait("id", "W-20")]
    public void No_delay_is_longer_than_an_hour_whatever_the_other_side_asks_for()
    {
        var run = MachineWorld.Started("""{"name":"r","steps":[{"id":"a","skill":"put","retry":{"max_attempts":3,"backoff":"3d","max_backoff":"9d"}}]}""");
        run.Fail("a", "RATE_LIMITED", retryAfter: TimeSpan.FromDays(30));

        Assert.Equal(run.Now + TimeSpan.FromHours(1), RunMachine.NextWake(run.State));
    }

    [Theory]
    [InlineData("STEP_FAILED")]
    [InlineData("EXECUTION_ERROR")]
    [InlineData("INVALID_INPUT")]
    [InlineData("PERMISSION_DENIED")]
    [Trait("id", "W-03")]
    public void What_another_try_cannot_cure_is_tried_once_however_many_tries_the_plan_allows(string code)
    {
        var run = MachineWorld.Started("""{"name":"r","steps":[{"id":"a","skill":"put","retry":{"max_attempts":9,"backoff":"1ms"}}]}""");
        run.Fail("a", code).After(TimeSpan.FromDays(1));

        Assert.Equal((RunStatus.Failed, code, 1), (run.State.Status, run.State.End!.Failure!.Code, run.Journal.OfType<StepStarted>().Count()));
    }
}
