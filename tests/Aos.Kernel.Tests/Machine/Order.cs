namespace Aos.Kernel.Tests.Machine;

public sealed class Order
{
    [Fact]
    public void A_list_runs_one_step_after_another_and_ends_with_the_last_result()
    {
        var run = MachineWorld.Started("""[{"skill":"echo","params":{"n":1}},{"skill":"echo","params":{"n":2}}]""");
        Assert.Single(run.Journal);
        Assert.Single(run.Orders());

        var first = run.Orders()[0];
        run.Answer(first, """{"n":1}""");
        Assert.Equal(RunStatus.Running, run.State.Status);
        run.Answer(run.Orders()[0], """{"n":2}""");

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Equal("""{"n":2}""", run.State.End!.Result!.Value.GetRawText());
        Assert.Equal(64, run.State.End.RootHash.Length);
        Assert.Empty(run.Orders());
    }

    [Fact]
    public void An_effect_is_journaled_before_it_is_ordered()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"x":1}}]}""");

        Assert.Contains(run.Journal, e => e is StepStarted);
        Assert.Equal("a", Assert.Single(run.Orders()));
    }

    [Fact]
    public void The_same_outcome_twice_changes_nothing()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"paid"},{"id":"b","skill":"paid"}]}""");
        var id = run.Order("a").Id;
        run.Answer("a", "1", cost: 3);
        var events = run.Journal.Count;

        run.Do(new RecordOutcome(id, StructuredOutcome.Succeeded(Json.Parse("2"), new Cents(3))));

        Assert.Equal(events, run.Journal.Count);
        Assert.Equal(3m, run.State.Spent.Value);
    }

    [Fact]
    [Trait("id", "W-04")]
    public void Independent_steps_of_a_graph_run_side_by_side_and_join()
    {
        var run = MachineWorld.Started("""
            {"name":"g","steps":[
              {"id":"a","skill":"put"},{"id":"b","skill":"put"},
              {"id":"c","skill":"echo","depends_on":["a","b"],"params":{"sum":"${{ steps.a.result + steps.b.result }}"}}]}
            """);
        Assert.Equal(["a", "b"], run.Orders());

        run.Answer("b", "2");
        Assert.Equal(["a"], run.Orders());
        run.Answer("a", "1");

        Assert.Equal("""{"sum":3}""", run.Order("c").Params.GetRawText());
    }

    [Fact]
    [Trait("id", "W-04")]
    public void The_root_hash_does_not_depend_on_which_parallel_step_ends_first()
    {
        const string Plan = """
            {"name":"g","steps":[{"id":"a","skill":"put"},{"id":"b","skill":"put"},{"id":"c","skill":"put","depends_on":["a","b"]}]}
            """;
        var left = MachineWorld.Started(Plan).Answer("a", "1").After(TimeSpan.FromSeconds(1)).Answer("b", "2").Answer("c", "3");
        var right = MachineWorld.Started(Plan).Answer("b", "2").Answer("a", "1").Answer("c", "3");

        Assert.Equal(left.State.End!.RootHash, right.State.End!.RootHash);
    }

    [Fact]
    public void What_an_older_shape_has_too_much_is_ignored_then_and_when_the_journal_is_read()
    {
        var terms = new Dictionary<string, SkillTerms>
        {
            ["put"] = new("put", "1.0.0", EffectClass.Idempotent, null, System.Collections.Immutable.ImmutableSortedDictionary<string, EffectClass>.Empty, true,
                CostModel.Free, TimeSpan.FromSeconds(30), ["url"], ["url"], []),
        };
        var first = PlanReader.Read(Json.Parse("""{"plan":[{"skill":"put","params":{"url":"u","more":1}}]}"""), terms);
        var again = PlanReader.ReadAccepted(first.Plan!.Source, terms);

        Assert.Equal("steps[0].params.more", Assert.Single(first.Warnings).Path);
        Assert.Equal("""{"url":"u"}""", first.Plan.Steps[0].Params.GetRawText());
        Assert.Equal(first.Plan.Hash, again.Plan?.Hash);
        Assert.Equal("""{"url":"u"}""", again.Plan!.Steps[0].Params.GetRawText());
    }

    [Fact]
    public void Only_the_stable_members_of_a_result_enter_the_root_hash()
    {
        Assert.Equal(Root("""{"status":200,"at":1}"""), Root("""{"at":2,"status":200.0}"""));
        Assert.NotEqual(Root("""{"status":200}"""), Root("""{"status":201}"""));
        Assert.NotEqual(Root("""{"status":null}"""), Root("{}"));
        Assert.NotEqual(Root("[1]"), Root("[2]"));

        static string Root(string result) =>
            MachineWorld.Started("""{"name":"r","steps":[{"id":"a","skill":"get"}]}""").Answer("a", result).State.End!.RootHash;
    }

    [Fact]
    public void A_false_when_skips_the_step_and_what_follows_goes_on()
    {
        var run = MachineWorld.Started(
            """{"name":"w","inputs":{"n":{"type":"number"}},"steps":[{"id":"a","when":"inputs.n > 5","skill":"put"},{"id":"b","skill":"put"}]}""",
            """{"n":3}""");

        Assert.Equal(StepStatus.Skipped, run.Step("a"));
        Assert.Equal(["b"], run.Orders());
    }

    [Fact]
    public void Items_run_side_by_side_up_to_the_limit_and_keep_their_order()
    {
        var run = MachineWorld.Started("""
            {"name":"f","steps":[{"id":"a","for_each":"${{ [1,2,3] }}","as":"n","max_parallel":2,"skill":"put","params":{"v":"${{ n * 10 }}"}}]}
            """.Replace("${{ [1,2,3] }}", "${{ inputs.list }}", StringComparison.Ordinal), """{"list":[1,2,3]}""");
        Assert.Equal(["a[0]", "a[1]"], run.Orders());
        Assert.Equal("""{"v":20}""", run.Order("a", 1).Params.GetRawText());

        run.Answer("a", "\"two\"", item: 1);
        Assert.Equal(["a[0]", "a[2]"], run.Orders());
        run.Answer("a", "\"three\"", item: 2).Answer("a", "\"one\"", item: 0);

        Assert.Equal("""["one","two","three"]""", run.Result("a"));
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    public void Repeat_goes_round_until_its_condition_holds()
    {
        var run = MachineWorld.Started("""
            {"name":"r","steps":[{"id":"a","skill":"put","repeat":{"until":"steps.a.result.done","max":5,"delay":"10s"}}]}
            """);
        run.Answer("a", """{"done":false}""");
        Assert.Equal(RunStatus.Waiting, run.State.Status);
        Assert.Empty(run.Orders());

        run.After(TimeSpan.FromSeconds(10));
        Assert.Equal(1, run.Order("a").Id.Generation);
        run.Answer("a", """{"done":true}""");

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    public void Repeat_that_never_holds_fails_at_its_limit()
    {
        var run = MachineWorld.Started("""
            {"name":"r","steps":[{"id":"a","skill":"put","repeat":{"until":"steps.a.result","max":2,"delay":"1s"}}]}
            """);
        run.Answer("a", "false").After(TimeSpan.FromSeconds(1)).Answer("a", "false");

        Assert.Equal("REPEAT_LIMIT", run.State.End!.Failure!.Code);
    }
}
