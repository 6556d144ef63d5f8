using Aos.Kernel;

namespace Aos.Workflow.Tests.Frozen;

/// <summary>
/// Stories that together have an event of every kind that a rule knows. They are told only to record what is not frozen yet: what is
/// frozen stays as it is, whatever they tell today.
/// </summary>
internal static class Stories
{
    /// <summary>The rule that a kind of event came with; those that are not here came with the first. A kind of a later rule belongs here.</summary>
    internal static readonly Dictionary<string, KernelRule> Since = new(StringComparer.Ordinal)
    {
        ["run.begun.v1"] = KernelRule.Queue,
        ["approval.decided.v1"] = KernelRule.Agents,
        ["step.taken.v1"] = KernelRule.Fork,
        ["memory.read.v1"] = KernelRule.Memory,
    };

    internal static IEnumerable<(string Name, FrozenRun Run)> Of(KernelRule rule)
    {
        yield return ("life", Life(rule));
        yield return ("agent", rule >= KernelRule.Agents ? Agent(rule) : FrozenRun.Start(rule, """{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["search"]}}]}"""));
        if (rule >= KernelRule.Fork) yield return ("fork", Fork(rule));
        if (rule >= KernelRule.Calls) yield return ("calls", FrozenRun.Start(rule, """{"name":"calls","external_calls":["a.example"],"steps":[{"id":"a","skill":"put"}]}""").Answer("a", "1", 1));
        if (rule >= KernelRule.Scale) yield return ("items", Items(rule));
        if (rule >= KernelRule.Settles) yield return ("outlived", Outlived(rule));
        if (rule >= KernelRule.Insists) yield return ("insists", Insists(rule));
        if (rule >= KernelRule.Raise) yield return ("raised", Raised(rule));
        if (rule >= KernelRule.Memory) yield return ("memory", Memory(rule));
        else yield return ("memory", FrozenRun.Start(rule, """{"name":"p","steps":[{"id":"a","skill":"put","when":"memory[\"x\"] == 1"}]}"""));
    }

    /// <summary>What undoes a step fails for now, and is done at the second try.</summary>
    private static FrozenRun Insists(KernelRule rule) => FrozenRun.Start(rule, """
        {"name":"insists","on_failure":"compensate","steps":[{"id":"a","skill":"put","compensate":{"skill":"put","params":{"undo":1}}},{"id":"b","skill":"put"}]}
        """).Answer("a", "1", 1).Fail("b", "INVALID_INPUT").Fail("a", "RATE_LIMITED").After(TimeSpan.FromSeconds(6)).Answer("a", "{}", 1);

    /// <summary>A run that its own budget ended goes on with more, and waits once for one that it shares.</summary>
    private static FrozenRun Raised(KernelRule rule) => FrozenRun.Start(rule, """{"name":"raised","budget_cents":9,"steps":[{"id":"a","skill":"put"},{"id":"b","skill":"put"}]}""")
        .Answer("a", "1", 5).Do(new RetryRun("more") { Budget = new Cents(20) })
        .Do(new PauseRun("no room") { Why = FailureCatalog.Fail("ACCOUNT_BUDGET_EXCEEDED", "no room") }).Do(new ResumeRun("room again") { OfBudget = true }).Answer("b", "2", 4);

    /// <summary>Tries, items, an unknown outcome, waits, orders of people, children, a failure that is undone, a second attempt that is cancelled.</summary>
    private static FrozenRun Life(KernelRule rule)
    {
        var approval = rule >= KernelRule.Agents ? """{"id":"ok","await":{"approval":{"level":2,"timeout":"1h","message":"Pay ${{ inputs.who }}?"}}},""" : "";
        var flow = rule >= KernelRule.Workflows ? """{"id":"flow","run":{"plan":{"$ref":"workflow:inner"}}},""" : "";
        var run = FrozenRun.Start(rule, $$$$"""
            {"name":"life","budget_cents":100,"timeout":"2h","on_failure":"compensate","steps":[
              {"id":"first","skill":"put","params":{"who":"${{ inputs.who }}"},"retry":{"max_attempts":2,"backoff":"1s"},"compensate":{"skill":"put","params":{"undo":1}}},
              {"id":"pure","skill":"echo","params":{"n":1}},
              {"id":"off","skill":"echo","when":"steps.pure.result.n > 1"},
              {"id":"each","skill":"put","for_each":[1,2],"params":{"n":"${{ item }}"}},
              {"id":"lost","skill":"post"},
              {"id":"wait","await":{"signal":"go","timeout":"1h"}},
              {"id":"pause","sleep":"1s"},
              {{{{approval}}}}{{{{flow}}}}
              {"id":"child","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo"}]}}},
              {"id":"last","skill":"put"}]}
            """, start => start with { Queued = rule >= KernelRule.Queue, Priority = rule >= KernelRule.Queue ? 3 : 0, Charged = new Cents(0.5m) });
        if (rule >= KernelRule.Queue) run.Do(new BeginRun());
        run.Fail("first", "TIMEOUT").After(TimeSpan.FromSeconds(5)).Answer("first", """{"id":7}""", 2);
        run.Answer("pure", """{"n":1}""").Answer("each", "1", 1, 0).Answer("each", "2", 1, 1);
        run.Lose("lost").Do(new ResolveStep("lost", -1, ResolveVerdict.Done, Json.Parse("""{"found":true}""")));
        run.Do(new PauseRun("lunch")).Do(new ResumeRun("back")).Do(new SignalRun("s1", "go", Json.Parse("""{"by":"hand"}""")));
        run.Do(new QuarantineRun("looks wrong")).Do(new ResumeRun("is fine")).After(TimeSpan.FromSeconds(2));
        if (rule >= KernelRule.Agents) run.Do(new DecideApproval("d1", "ok", -1, true, "key:1", "fine", 3));
        if (rule >= KernelRule.Workflows) run.Answer("flow", "1");
        run.Answer("child", """{"c":1}""", 1).Fail("last", "INVALID_INPUT");
        run.Answer("first", "{}", 1).Do(new RetryRun("once more"));
        return run.Do(new CancelRun("enough"));
    }

    private static FrozenRun Agent(KernelRule rule)
    {
        var run = FrozenRun.Start(rule, """{"name":"agent","steps":[{"id":"a","agent":{"goal":"Find ${{ inputs.who }}","skills":["search"],"approve":["search"],"max_turns":3}}]}""");
        run.Answer("a", """{"content":"","tool_calls":[{"id":"c1","name":"search","arguments":{"q":"ada"}}],"finish_reason":"tool_use"}""", 2, 0);
        run.Do(new DecideApproval("d1", "a", 1, true, "key:1", null, 1)).Answer("a", """["found"]""", 0, 1);
        return run.Answer("a", """{"content":"Here she is."}""", 2, 2);
    }

    private static FrozenRun Fork(KernelRule rule)
    {
        const string plan = """{"name":"fork","steps":[{"id":"a","skill":"put","params":{"n":1}},{"id":"e","skill":"echo","for_each":[1,2],"params":{"n":"${{ item }}"}},{"id":"b","skill":"put"}]}""";
        var origin = FrozenRun.Start(rule, plan).Answer("a", """{"n":1}""", 1).Answer("e", "1", 0, 0).Answer("e", "2", 0, 1).Fail("b", "INVALID_INPUT");
        var (taken, refusal) = Forks.Cut(origin.State, origin.State, "b");
        Assert.Null(refusal);
        var run = FrozenRun.Start(rule, plan, start => start with { Fork = new ForkOrigin(FrozenRun.Id, origin.State.Seq, "b", new Cents(1), "try again"), Taken = taken });
        return run.Answer("b", "2", 1);
    }

    private static FrozenRun Items(KernelRule rule)
    {
        var run = FrozenRun.Start(rule, """{"name":"items","max_parallel_steps":1,"steps":[{"id":"a","skill":"echo"},{"id":"each","skill":"put","for_each":[1,2],"tolerate":1,"retry":{"max_attempts":1},"depends_on":["a"]},{"id":"b","skill":"echo","depends_on":["a"]}]}""");
        return run.Answer("a").Fail("each", "INVALID_INPUT", 0).Answer("each", "2", 1, 1).Answer("b");
    }

    /// <summary>A child that is over after its run was cancelled.</summary>
    private static FrozenRun Outlived(KernelRule rule)
    {
        var run = FrozenRun.Start(rule, """{"name":"outlived","budget_cents":50,"steps":[{"id":"child","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"put"}]}}}]}""");
        var child = RunMachine.Pending(run.State).OfType<StartChild>().Single();
        return run.Do(new CancelRun("enough")).Do(new RecordOutcome(child.Id, StructuredOutcome.Failed(FailureCatalog.Fail("CHILD_FAILED", "It was called off."), new Cents(3))));
    }

    private static FrozenRun Memory(KernelRule rule)
    {
        var run = FrozenRun.Start(rule, """{"name":"memory","output":"${{ default(memory[\"end\"], 0) }}","steps":[{"id":"a","skill":"echo","params":{"v":"${{ memory[\"of:\" + inputs.who].tone }}"}}]}""");
        return run.Remembers(new MemoryEntry("of:ada", Json.Parse("""{"tone":"dry"}"""))).Answer("a", """{"v":"dry"}""").Remembers();
    }
}
