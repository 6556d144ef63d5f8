namespace Aos.Kernel.Tests.Machine;

/// <summary>What becomes of a list when some of its items fail.</summary>
public sealed class ForEach
{
    [Fact]
    [Trait("id", "FOREACH-01")]
    public void The_first_item_that_fails_fails_the_step_and_no_further_one_begins()
    {
        var run = Started("\"max_parallel\":2,", 4);
        run.Fail("a", "INVALID_INPUT", item: 1);

        Assert.Equal(StepStatus.Failed, run.Step("a"));
        Assert.Equal(["a[0]"], run.Orders());
        run.Answer("a", item: 0);
        Assert.Equal("INVALID_INPUT", run.State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "FOREACH-02")]
    public void With_continue_every_item_is_tried_and_the_run_goes_on_with_what_there_is()
    {
        var run = Started("\"on_error\":\"continue\",", 3);
        run.Fail("a", "INVALID_INPUT", item: 0).Answer("a", "\"one\"", item: 1).Answer("a", "\"two\"", item: 2);

        Assert.Equal(StepStatus.Failed, run.Step("a"));
        Assert.Equal("""[null,"one","two"]""", run.Order("b").Params.GetProperty("all").GetRawText());
    }

    [Theory]
    [InlineData("1", 4, 1)]
    [InlineData("\"50%\"", 4, 2)]
    [InlineData("\"34.9%\"", 3, 1)]
    [InlineData("\"100%\"", 3, 3)]
    [Trait("id", "FOREACH-03")]
    public void So_many_items_or_such_a_share_may_fail_and_the_step_succeeds(string tolerate, int items, int failing)
    {
        var run = Started($"\"tolerate\":{tolerate},\"max_parallel\":{items},", items);
        for (var item = 0; item < items; item++)
        {
            if (item < failing) run.Fail("a", "INVALID_INPUT", item: item);
            else run.Answer("a", "1", item: item);
        }

        Assert.Equal(StepStatus.Succeeded, run.Step("a"));
        Assert.Equal($"[{string.Join(',', Enumerable.Range(0, items).Select(item => item < failing ? "null" : "1"))}]", run.Result("a"));
        Assert.Equal(failing, run.Order("b").Params.GetProperty("failed").GetInt32());
        Assert.Equal(failing - 1, run.Order("b").Params.GetProperty("why")[failing - 1].GetProperty("index").GetInt32());
        Assert.Equal("INVALID_INPUT", run.Order("b").Params.GetProperty("why")[0].GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("\"24%\"")]
    [Trait("id", "FOREACH-04")]
    public void One_more_fails_the_step_at_once_and_says_how_many_there_were(string tolerate)
    {
        var run = Started($"\"tolerate\":{tolerate},", 4);
        run.Fail("a", "INVALID_INPUT", item: 2);

        Assert.Equal(StepStatus.Failed, run.Step("a"));
        Assert.Equal("1 of 4 items of step a failed, 0 are tolerated. The first, item 2: It failed.", run.State.Steps[0].Failure!.Message);
    }

    [Fact]
    [Trait("id", "FOREACH-05")]
    public void With_continue_too_all_are_tried_even_when_more_have_failed_than_are_tolerated()
    {
        var run = Started("\"tolerate\":1,\"on_error\":\"continue\",", 4);
        for (var item = 0; item < 3; item++) run.Fail("a", "INVALID_INPUT", item: item);
        Assert.Equal(StepStatus.Running, run.Step("a"));
        run.Answer("a", "4", item: 3);

        Assert.Equal(StepStatus.Failed, run.Step("a"));
        Assert.Equal("[null,null,null,4]", run.Order("b").Params.GetProperty("all").GetRawText());
    }

    [Theory]
    [InlineData("put")]
    [InlineData("echo")]
    [Trait("id", "FOREACH-06")]
    public void An_item_whose_parameters_cannot_be_made_fails_like_any_other(string skill)
    {
        var run = MachineWorld.Started(Plan("\"tolerate\":1,", skill), """{"rows":[{"n":1},{},{"n":3}]}""");
        Assert.Equal(["a[0]", "a[2]"], run.Orders());
        run.Answer("a", "1", item: 0).Answer("a", "3", item: 2);

        Assert.Equal("[1,null,3]", run.Result("a"));
        Assert.Equal("INVALID_REFERENCE", run.Order("b").Params.GetProperty("why")[0].GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("put")]
    [InlineData("echo")]
    [Trait("id", "FOREACH-06")]
    public void And_the_step_with_it_where_none_is_tolerated(string skill)
    {
        var run = MachineWorld.Started(Plan("\"max_parallel\":1,", skill), """{"rows":[{},{"n":2}]}""");

        Assert.Equal("INVALID_REFERENCE", run.State.End!.Failure!.Code);
        Assert.Empty(run.Orders());
    }

    [Fact]
    [Trait("id", "FOREACH-07")]
    public void Without_money_for_an_item_the_step_fails_whatever_it_tolerates()
    {
        var run = MachineWorld.Started(Plan("\"tolerate\":\"100%\",\"max_parallel\":1,", "paid"), Rows(4), new Cents(7));
        run.Answer("a", "1", cost: 5, item: 0);

        Assert.Equal("RUN_BUDGET_EXCEEDED", run.State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "FOREACH-08")]
    public void Items_that_wait_for_their_next_try_leave_room_for_others_and_come_back_in_their_order()
    {
        var run = Started("\"max_parallel\":2,\"retry\":{\"max_attempts\":2,\"backoff\":\"10s\"},", 4);
        run.Fail("a", "SERVICE_UNAVAILABLE", item: 0).Fail("a", "SERVICE_UNAVAILABLE", item: 1);
        Assert.Equal(["a[2]", "a[3]"], run.Orders());
        run.Answer("a", "2", item: 2).Answer("a", "3", item: 3);
        Assert.Equal(RunStatus.Retry, run.State.Status);

        run.After(TimeSpan.FromSeconds(30)).Answer("a", "1", item: 1).Answer("a", "0", item: 0);

        Assert.Equal("[0,1,2,3]", run.Result("a"));
    }

    [Fact]
    [Trait("id", "FOREACH-09")]
    public void An_empty_list_succeeds_with_an_empty_result()
    {
        var run = MachineWorld.Started(Plan("\"tolerate\":\"5%\",", "put"), Rows(0));

        Assert.Equal("[]", run.Result("a"));
        Assert.Equal(StepStatus.Succeeded, run.Step("a"));
    }

    [Theory]
    [InlineData("\"for_each\":\"${{ inputs.rows }}\",\"tolerate\":-1")]
    [InlineData("\"for_each\":\"${{ inputs.rows }}\",\"tolerate\":\"101%\"")]
    [InlineData("\"for_each\":\"${{ inputs.rows }}\",\"tolerate\":\"some\"")]
    [InlineData("\"for_each\":\"${{ inputs.rows }}\",\"tolerate\":1.5")]
    [InlineData("\"tolerate\":1")]
    [Trait("id", "FOREACH-10")]
    public void A_tolerance_that_makes_no_sense_is_refused_with_its_place(string members)
    {
        var reading = PlanReader.Read(Json.Parse($$"""{"name":"p","inputs":{"rows":{"type":"array"} },"steps":[{"id":"a","skill":"put",{{members}} }]}"""), MachineWorld.Skills);

        Assert.Equal("steps[0].tolerate", Assert.Single(reading.Problems).Path);
    }

    [Fact]
    [Trait("id", "FOREACH-11")]
    public void A_run_that_began_under_an_earlier_rule_tolerates_nothing()
    {
        var run = new QuickRun(Plan("\"tolerate\":\"100%\",", "put"), KernelRule.First, Rows(3));
        run.Fail(run.Owed()[0]);

        Assert.Equal(StepStatus.Failed, run.State.Steps[0].Status);
    }

    private static MachineWorld Started(string members, int items) => MachineWorld.Started(Plan(members, "put"), Rows(items));

    private static string Plan(string members, string skill) => """
        {"name":"f","inputs":{"rows":{"type":"array"}},"steps":[
          {"id":"a","for_each":"${{ inputs.rows }}","as":"row",MEMBERS"skill":"SKILL","params":{"v":"${{ row.n }}"}},
          {"id":"b","skill":"put","params":{"all":"${{ default(steps.a.results, []) }}","failed":"${{ steps.a.outcome.failed }}","why":"${{ steps.a.outcome.failures }}"}}]}
        """.Replace("MEMBERS", members, StringComparison.Ordinal).Replace("SKILL", skill, StringComparison.Ordinal);

    private static string Rows(int items) => $$"""{"rows":[{{string.Join(',', Enumerable.Range(0, items).Select(n => $$"""{"n":{{n}}}"""))}}]}""";
}
