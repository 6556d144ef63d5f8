namespace Aos.Kernel.Tests.Machine;

/// <summary>What the machine orders of the memory, when, and what it makes of the answer.</summary>
public sealed class MemoryReads
{
    [Fact]
    [Trait("id", "MEMREAD-01")]
    public void A_step_reads_once_before_it_begins_and_all_its_templates_see_the_same()
    {
        var run = MachineWorld.Started("""
            {"name":"p","steps":[{"id":"a","skill":"put","when":"memory[\"on\"].yes","for_each":"${{ memory[\"list\"].items }}",
              "params":{"v":"${{ item }} ${{ memory[\"tone\"].style }}"}}]}
            """);

        Assert.Equal(["list", "on", "tone"], run.Ordered().Keys);
        Assert.Equal(["ReadMemory"], run.Orders());
        run.Gives("list", """{"items":[1,2]}""", "on", """{"yes":true}""", "tone", """{"style":"dry"}""");

        Assert.Equal(["a[0]", "a[1]"], run.Orders());
        Assert.Equal("""{"v":"2 dry"}""", run.Order("a", 1).Params.GetRawText());
        Assert.Single(run.Journal.OfType<MemoryRead>());
    }

    [Fact]
    [Trait("id", "MEMREAD-01")]
    public void A_step_reads_when_what_it_waits_for_is_over_and_its_key_may_depend_on_that()
    {
        var run = MachineWorld.Started("""
            {"name":"p","inputs":{"who":{"type":"string"}},"steps":[{"id":"a","skill":"put"},
              {"id":"b","skill":"echo","params":{"v":"${{ memory[\"of:\" + inputs.who + \":\" + steps.a.result.k] }}","w":"${{ memory.tone }}"}}]}
            """, """{"who":"ada"}""");

        Assert.Equal(["a"], run.Orders());
        run.Answer("a", """{"k":"x"}""");
        Assert.Equal(["of:ada:x", "tone"], run.Ordered().Keys);
        run.Gives("of:ada:x", """{"n":1}""", "tone", "{}");

        Assert.Equal("""{"v":{"n":1},"w":{}}""", run.Order("b").Params.GetRawText());
        run.Answer("b");
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    [Trait("id", "MEMREAD-02")]
    public void An_entry_that_is_not_there_fails_the_step_unless_the_plan_minds_it()
    {
        var bare = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"v":"${{ memory[\"x\"] }}"}}]}""").Gives();
        var minded = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"v":"${{ default(memory[\"x\"], 7) }}","w":"${{ has(memory[\"x\"]) }}"}}]}""").Gives();

        Assert.Equal("INVALID_REFERENCE", bare.State.Steps[0].Failure!.Code);
        Assert.Contains("""memory["x"] leads nowhere""", bare.State.Steps[0].Failure!.Message, StringComparison.Ordinal);
        Assert.Equal("""{"v":7,"w":false}""", minded.Order("a").Params.GetRawText());
    }

    [Fact]
    [Trait("id", "MEMREAD-02")]
    public void A_memory_that_cannot_be_read_fails_the_step_as_its_plan_says()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"v":"${{ memory[\"x\"] }}"},"on_error":"continue"},{"id":"b","skill":"put"}]}""");
        run.Do(new RecordMemory(run.Ordered().Id, [], FailureCatalog.Fail("NOT_AVAILABLE", "No memory.")));

        Assert.Equal("NOT_AVAILABLE", run.State.Steps[0].Failure!.Code);
        Assert.Equal(["b"], run.Orders());
    }

    [Fact]
    [Trait("id", "MEMREAD-03")]
    public void An_answer_counts_once_and_only_for_the_attempt_that_asked()
    {
        var run = MachineWorld.Started("""{"name":"p","steps":[{"id":"a","skill":"put","params":{"v":"${{ memory[\"x\"] }}"}}]}""");
        var first = run.Ordered();
        run.Gives();
        Assert.Equal(RunStatus.Failed, run.State.Status);
        run.Do(new RetryRun("It is there now."));
        var events = run.Journal.Count;
        run.Do(new RecordMemory(first.Id, [new MemoryEntry("x", Json.Parse("""{"late":1}"""))], null));
        Assert.Equal(events, run.Journal.Count);

        run.Gives("x", """{"n":2}""");
        run.Do(new RecordMemory(new EffectId(0, -2, 2), [new MemoryEntry("x", Json.Parse("""{"n":3}"""))], null));

        Assert.Equal("""{"v":{"n":2}}""", run.Order("a").Params.GetRawText());
    }

    [Fact]
    [Trait("id", "MEMREAD-01")]
    public void The_output_reads_when_all_steps_are_over_and_a_compensation_has_what_its_step_read()
    {
        var run = MachineWorld.Started("""
            {"name":"p","on_failure":"compensate","output":"${{ memory[\"end\"].n }}","steps":[
              {"id":"a","skill":"put","compensate":{"skill":"put","params":{"v":"${{ memory[\"undo\"].n }}"}}},{"id":"b","skill":"put"}]}
            """);
        Assert.Equal(["undo"], run.Ordered().Keys);
        run.Gives("undo", """{"n":5}""").Answer("a");
        var failed = run.Fail("b", "STEP_FAILED");
        Assert.Equal("""{"v":5}""", failed.Order("a").Params.GetRawText());

        var ends = MachineWorld.Started("""{"name":"p","output":"${{ memory[\"end\"].n }}","steps":[{"id":"a","skill":"put"}]}""").Answer("a");
        Assert.Equal((RunStatus.Running, -1), (ends.State.Status, ends.Ordered().Id.Step));
        ends.Gives("end", """{"n":9}""");
        Assert.Equal("9", ends.State.End!.Result!.Value.GetRawText());
    }

    [Fact]
    [Trait("id", "MEMREAD-04")]
    public void Only_runs_of_plans_that_read_it_have_its_rule_and_older_runs_decide_as_before()
    {
        const string plan = """{"name":"p","steps":[{"id":"a","skill":"put","when":"memory[\"x\"] == 1"}]}""";
        var run = MachineWorld.Started(plan);
        var child = MachineWorld.Started($$$"""{"name":"q","steps":[{"id":"c","run":{"plan":{{{plan}}}}}]}""");
        var old = RunMachine.Evolve(RunState.Empty, run.State.Start! with { Rule = KernelRule.First });

        Assert.Equal((KernelRule.Memory, KernelRule.Memory), (run.State.Start!.Rule, child.State.Start!.Rule));
        Assert.Equal(KernelRule.First, MachineWorld.Started("""[{"skill":"put"}]""").State.Start!.Rule);
        Assert.Equal("INVALID_REFERENCE", RunMachine.Decide(old, new WakeRun(), new Facts(old.LastAt)).Events.OfType<RunEnded>().Single().Failure!.Code);
    }

    [Theory]
    [Trait("id", "MEMREAD-05")]
    [InlineData("memory", "memory needs a key")]
    [InlineData("memory[1]", "is a text")]
    [InlineData("memory[\\\"a/b\\\"]", "has no / in it")]
    [InlineData("memory[\\\"\\\"]", "1 to 512 characters")]
    [InlineData("memory[item]", "cannot depend on item")]
    [InlineData("memory[string(index)]", "cannot depend on index")]
    [InlineData("memory[string(now())]", "cannot depend on now()")]
    [InlineData("memory[memory[\\\"a\\\"].k]", "cannot be read from memory")]
    public void A_key_that_cannot_be_known_when_the_step_begins_is_refused_with_its_place(string expression, string says)
    {
        var plan = $$$"""{"name":"p","steps":[{"id":"a","skill":"put","for_each":[1],"params":{"v":"${{ {{{expression}}} }}"}}]}""";

        var problem = Assert.Single(PlanReader.Read(Json.Parse(plan), MachineWorld.Skills).Problems);

        Assert.Equal(("steps[0].params.v", "INVALID_REFERENCE"), (problem.Path, problem.Code));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "MEMREAD-05")]
    public void A_step_reads_so_many_entries_at_most()
    {
        var many = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"${{{{ memory[\\\"k{i}\\\"] }}}}\""));

        var problems = PlanReader.Read(Json.Parse($$$"""{"name":"p","steps":[{"id":"a","skill":"put","params":{"v":[{{{many}}}]}}]}"""), MachineWorld.Skills).Problems;

        Assert.Equal(("steps[0]", "INVALID_PLAN"), (Assert.Single(problems).Path, problems[0].Code));
    }
}

internal static class MemoryAnswers
{
    internal static ReadMemory Ordered(this MachineWorld run) => RunMachine.Pending(run.State).OfType<ReadMemory>().Single();

    /// <summary>Answers the one order to read: key, value, key, value.</summary>
    internal static MachineWorld Gives(this MachineWorld run, params string[] entries) => run.Do(new RecordMemory(
        run.Ordered().Id, [.. entries.Chunk(2).Select(pair => new MemoryEntry(pair[0], Json.Parse(pair[1])))], null));
}
