using System.Globalization;

namespace Aos.Kernel.Tests.Machine;

public sealed class AgentLoops
{
    private static readonly string Goal = """ "goal":"Find ${{ inputs.what }}","skills":["search","put","post","paid","echo"] """;

    [Fact]
    [Trait("id", "LOOP-01")]
    public void A_model_calls_tools_sees_their_results_and_its_last_text_is_the_result()
    {
        var run = Started();
        var first = run.Order("a", 0);
        Assert.Equal("llm_invoke", first.Skill);
        Assert.Equal("Find it", first.Params.GetProperty("messages")[0].GetText("content"));
        Assert.Equal(["search", "put", "post", "paid", "echo"], first.Params.GetProperty("tools").EnumerateArray().Select(tool => tool.GetText("name")));
        Assert.Equal("Finds texts.", first.Params.GetProperty("tools")[0].GetText("description"));
        Assert.Equal("q", first.Params.GetProperty("tools")[0].GetProperty("input_schema").GetProperty("required")[0].GetString());

        Says(run, 0, Tools(("search", """{"q":"x"}"""), ("put", """{"n":1}""")));
        Assert.Equal(["a[1]"], run.Orders());
        Assert.Equal(("search", """{"q":"x"}"""), (run.Order("a", 1).Skill, run.Order("a", 1).Params.GetRawText()));
        run.Answer("a", """{"found":["y"]}""", item: 1);
        Assert.Equal("put", run.Order("a", 2).Skill);
        run.Answer("a", "7", item: 2);

        var messages = run.Order("a", 3).Params.GetProperty("messages");
        Assert.Equal(["user", "assistant", "tool", "tool"], messages.EnumerateArray().Select(message => message.GetText("role")));
        Assert.Equal("c0", messages[1].GetProperty("tool_calls")[0].GetText("id"));
        Assert.Equal(("c0", """{"found":["y"]}"""), (messages[2].GetText("tool_call_id"), messages[2].GetText("content")));
        Says(run, 3, """{"content":"It is y."}""");

        Assert.Equal(RunStatus.Succeeded, run.State.Status);
        Assert.Equal("\"It is y.\"", run.Result("a"));
    }

    [Fact]
    [Trait("id", "LOOP-01")]
    public void A_pure_tool_is_ordered_on_record_like_the_others_and_tried_once()
    {
        var run = Started(""","retry":{"max_attempts":5}""");
        Says(run, 0, Tools(("echo", """{"n":1}""")));
        Assert.Equal(EffectClass.Pure, run.Order("a", 1).Class);
        Assert.Contains(run.Journal, e => e is StepStarted { Skill: "echo", Class: EffectClass.Pure });
        run.Fail("a", "TIMEOUT", item: 1);
        Assert.Contains("TIMEOUT", run.Order("a", 2).Params.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "LOOP-02")]
    public void What_a_model_may_not_cannot_or_should_not_call_is_a_result_with_an_error_for_it()
    {
        var run = Started();
        var invalid = Started();
        Says(invalid, 0, """{"tool_calls":[{"id":"c","name":"put","arguments":{},"invalid":"The arguments are no JSON.","arguments_text":"{"}]}""");
        Assert.Contains("The arguments are no JSON.", invalid.Order("a", 2).Params.GetRawText(), StringComparison.Ordinal);

        Says(run, 0, Tools(("serch", "{}"), ("get", "{}"), ("search", """{"w":1}"""), ("put", "3"), ("search", """{"q":"x"}""")));
        Assert.Equal(["a[5]"], run.Orders());
        run.Fail("a", "HTTP_4XX", item: 5);

        var messages = run.Order("a", 6).Params.GetProperty("messages").EnumerateArray().Skip(2).ToList();
        Assert.Equal(
            ["SKILL_NOT_FOUND", "PERMISSION_DENIED", "INVALID_INPUT", "INVALID_INPUT", "HTTP_4XX"],
            messages.Select(message => Json.Parse(message.GetText("content")!).GetProperty("error").GetText("code")));
        Assert.All(messages, message => Assert.True(message.GetProperty("is_error").GetBoolean()));
        Assert.Contains("Did you mean search?", messages[0].GetText("content"), StringComparison.Ordinal);
        Assert.All(messages, message => Assert.False(string.IsNullOrEmpty(Json.Parse(message.GetText("content")!).GetProperty("error").GetText("advice"))));
    }

    [Fact]
    [Trait("id", "LOOP-03")]
    public void A_failure_that_may_pass_is_tried_again_before_the_model_hears_of_it()
    {
        var run = Started(""","retry":{"max_attempts":2,"backoff":"1s"}""");
        Says(run, 0, Tools(("search", """{"q":"x"}""")));
        run.Fail("a", "SERVICE_UNAVAILABLE", item: 1);
        Assert.Equal(RunStatus.Retry, run.State.Status);
        run.After(TimeSpan.FromSeconds(2));
        Assert.Equal("search", run.Order("a", 1).Skill);
        run.Fail("a", "SERVICE_UNAVAILABLE", item: 1);

        Assert.Equal("llm_invoke", run.Order("a", 2).Skill);
        run.Fail("a", "SERVICE_UNAVAILABLE", item: 2);
        run.After(TimeSpan.FromSeconds(2));
        var again = run.Order("a", 2);
        Assert.Contains("SERVICE_UNAVAILABLE", again.Params.GetRawText(), StringComparison.Ordinal);
        run.Fail("a", "LLM_AUTH_FAILED", item: 2);

        Assert.Equal("LLM_AUTH_FAILED", run.State.End!.Failure!.Code);
    }

    [Fact]
    [Trait("id", "LOOP-04")]
    public void An_answer_that_does_not_fit_its_schema_goes_back_and_costs_a_turn()
    {
        var run = Started("", ""","max_turns":3,"output_schema":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string"}}}""");
        Assert.Contains("\\\"reason\\\"", run.Order("a", 0).Params.GetProperty("system_prompt").GetRawText().Replace("\\u0022", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal);
        Says(run, 0, """{"content":"I think"}""");
        Says(run, 1, """{"content":"{\"reason\":1}"}""");
        var last = run.Order("a", 2).Params.GetProperty("messages");
        Assert.Equal(["user", "assistant", "user", "assistant", "user"], last.EnumerateArray().Select(message => message.GetText("role")));
        Assert.Contains("It is no JSON.", last[2].GetText("content"), StringComparison.Ordinal);
        Assert.Contains("answer.reason", last[4].GetText("content"), StringComparison.Ordinal);
        Says(run, 2, """{"content":"```json\n{\"reason\":\"late\"}\n```"}""");
        Assert.Equal("""{"reason":"late"}""", run.Result("a"));

        var other = Started("", ""","max_turns":1,"output_schema":{"type":"object"}""");
        Says(other, 0, """{"content":"no"}""");
        Assert.Equal("max_turns", Limit(other));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    [Trait("id", "LOOP-05")]
    public void The_turns_end_it_with_what_it_has(int turns)
    {
        var run = Started("", $",\"max_turns\":{turns}");
        for (var turn = 0; turn < turns; turn++)
        {
            Says(run, 2 * turn, """{"content":"thinking","tool_calls":[{"id":"c","name":"put","arguments":{}}]}""");
            if (turn < turns - 1) run.Answer("a", "1", item: (2 * turn) + 1);
        }

        Assert.Equal(("max_turns", turns, "thinking"), (Limit(run), Details(run).GetProperty("turns").GetInt32(), Details(run).GetText("last_text")));
        Assert.Equal((2m * turns).ToString(CultureInfo.InvariantCulture), Details(run).GetText("cost_cents"));
        Assert.Equal(FailureCategory.Resource, run.State.End!.Failure!.Category);
    }

    [Theory]
    [InlineData("9", "paid", true)] // 2 for the turn, 5 for the tool, 2 for the next turn.
    [InlineData("8.99", "paid", false)] // No turn more could be paid.
    [InlineData("6.99", "paid", null)] // The tool is refused, a turn more is not.
    [Trait("id", "LOOP-06")]
    public void Nothing_is_started_that_could_cost_more_than_is_left(string cents, string tool, bool? goesOn)
    {
        var run = Started("", $",\"max_cost_cents\":{cents}");
        Says(run, 0, Tools((tool, "{}")));
        if (goesOn is null)
        {
            Assert.Equal("llm_invoke", run.Order("a", 2).Skill);
            Assert.Contains("STEP_CEILING_EXCEEDED", run.Order("a", 2).Params.GetRawText(), StringComparison.Ordinal);
            return;
        }

        run.Answer("a", "1", 5, item: 1);
        if (goesOn == true) Assert.Equal(["a[2]"], run.Orders());
        else Assert.Equal("max_cost_cents", Limit(run));
    }

    [Fact]
    [Trait("id", "LOOP-07")]
    public void The_runs_budget_refuses_a_tool_to_the_model_and_a_turn_to_the_step()
    {
        var run = Started("", budget: new Cents(6));
        Says(run, 0, Tools(("paid", "{}")));
        Assert.Contains("RUN_BUDGET_EXCEEDED", run.Order("a", 2).Params.GetRawText(), StringComparison.Ordinal);
        Says(run, 2, Tools(("put", "{}")));
        run.Answer("a", "1", item: 3);
        Says(run, 4, Tools(("put", "{}")));
        run.Answer("a", "1", item: 5);

        Assert.Equal("RUN_BUDGET_EXCEEDED", run.State.End!.Failure!.Code);
        Assert.Equal(new Cents(6), run.State.Spent);
    }

    [Fact]
    [Trait("id", "LOOP-08")]
    public void The_time_of_the_step_ends_it_between_calls_and_bounds_each_call()
    {
        var run = Started(""","timeout":"10s","retry":{"max_attempts":9,"backoff":"8s"}""");
        Assert.Equal(TimeSpan.FromSeconds(10), run.Order("a", 0).Timeout);
        Says(run, 0, Tools(("put", "{}")));
        run.After(TimeSpan.FromSeconds(4));
        run.Fail("a", "SERVICE_UNAVAILABLE", item: 1);
        Assert.Equal(run.State.Steps[0].StartedAt + TimeSpan.FromSeconds(10), RunMachine.NextWake(run.State));
        run.After(TimeSpan.FromSeconds(6));
        Assert.Equal("timeout", Limit(run));

        var late = Started(""","timeout":"10s" """);
        late.After(TimeSpan.FromSeconds(20));
        Assert.Equal(["a[0]"], late.Orders());
        Says(late, 0, """{"content":"late but whole"}""");
        Assert.Equal("\"late but whole\"", late.Result("a"));
    }

    [Fact]
    [Trait("id", "LOOP-09")]
    public void A_tool_whose_outcome_nobody_knows_waits_for_a_person()
    {
        var run = Started();
        Says(run, 0, Tools(("post", "{}")));
        run.Do(new RecordUnknown(run.Order("a", 1).Id, "The process ended."));
        Assert.Equal(RunStatus.Waiting, run.State.Status);
        Assert.Null(RunMachine.NextWake(run.State));
        run.Do(new ResolveStep("a", -1, ResolveVerdict.NotDone, Json.Null));
        Assert.Equal("post", run.Order("a", 1).Skill);
        run.Do(new RecordUnknown(run.Order("a", 1).Id, "Again."));
        run.Do(new ResolveStep("a", 1, ResolveVerdict.Done, Json.Parse("""{"id":9}""")));

        Assert.Contains("""{\"id\":9}""", run.Order("a", 2).Params.GetProperty("messages")[2].GetRawText().Replace("\\u0022", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "LOOP-09")]
    public void A_key_that_a_model_makes_up_makes_no_call_harmless()
    {
        var run = Started();
        Says(run, 0, Tools(("post", """{"idempotency_key":"1"}""")));
        Assert.Equal((EffectClass.AtMostOnce, EffectKey.Of(run.State.Start!.Run, new EffectId(0, 1, 0))), (run.Order("a", 1).Class, run.Order("a", 1).IdempotencyKey));
    }

    [Fact]
    [Trait("id", "LOOP-10")]
    public void A_new_attempt_goes_on_where_the_conversation_broke_off()
    {
        var run = Started();
        Says(run, 0, Tools(("put", "{}"), ("post", "{}")));
        run.Answer("a", "1", item: 1).Fail("a", "HTTP_4XX", item: 2);
        var key = run.Order("a", 3).IdempotencyKey;
        run.Fail("a", "LLM_AUTH_FAILED", item: 3);
        Assert.Equal(RunStatus.Failed, run.State.Status);

        run.Do(new RetryRun("key set"));
        Assert.Equal(["a[3]"], run.Orders());
        Assert.NotEqual(key, run.Order("a", 3).IdempotencyKey);
        Says(run, 3, """{"content":"done"}""");
        Assert.Equal(new Cents(4), run.State.Spent);
        Assert.Equal(RunStatus.Succeeded, run.State.Status);
    }

    [Fact]
    [Trait("id", "LOOP-10")]
    public void A_conversation_that_reached_a_limit_begins_anew_with_new_keys_and_its_whole_allowance()
    {
        var run = Started("", ""","max_turns":1,"max_cost_cents":3""");
        var key = run.Order("a", 0).IdempotencyKey;
        Says(run, 0, Tools(("put", "{}")));
        Assert.Equal("max_turns", Limit(run));

        run.Do(new RetryRun("again"));
        Assert.NotEqual(key, run.Order("a", 0).IdempotencyKey);
        Says(run, 0, """{"content":"ok"}""");
        Assert.Equal((RunStatus.Succeeded, new Cents(4)), (run.State.Status, run.State.Steps[0].Cost));
    }

    [Fact]
    [Trait("id", "LOOP-11")]
    public void Of_a_turn_the_journal_holds_what_was_said_and_not_what_was_said_before()
    {
        var run = Started();
        var text = new string('x', 2_000);
        for (var turn = 0; turn < 10; turn++)
        {
            Says(run, 2 * turn, $$$"""{"content":"{{{text}}}","tool_calls":[{"id":"c","name":"put","arguments":{}}]}""");
            run.Answer("a", "1", item: (2 * turn) + 1);
        }

        var orders = run.Journal.OfType<StepStarted>().Where(e => e.Turn is not null).ToList();
        Assert.Equal(Enumerable.Range(1, 11), orders.Select(e => e.Turn!.Value));
        Assert.All(orders, e => Assert.Equal(("{}", "llm_invoke"), (e.Params.GetRawText(), e.Skill)));
        var last = RunMachine.Params(run.State, 0, 20)!.Value;
        Assert.True(last.Bytes() > 20_000);
        Says(run, 20, """{"content":"end"}""");
        Assert.Equal(ContentHash.Short(last), run.Journal.OfType<CallSucceeded>().Last().InputHash);
    }

    [Fact]
    [Trait("id", "LOOP-12")]
    public void A_long_result_is_shown_in_part_and_a_conversation_too_long_ends_it()
    {
        var run = Started("", ""","max_turns":100""");
        for (var turn = 0; run.State.End is null; turn++)
        {
            Says(run, 2 * turn, Tools(("put", "{}")));
            run.Answer("a", $"\"{new string('é', 100_000)}\"", item: (2 * turn) + 1);
            if (turn == 0)
            {
                var shown = run.Order("a", 2).Params.GetProperty("messages")[2].GetText("content")!;
                Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(shown), 60_000, 66_000);
                Assert.EndsWith("… [the first part of 200002 bytes]", shown, StringComparison.Ordinal);
            }
        }

        Assert.Equal("conversation_bytes", Limit(run));
    }

    [Fact]
    [Trait("id", "LOOP-13")]
    public void Equal_conversations_have_equal_root_hashes_and_another_question_to_a_tool_another()
    {
        Assert.Equal(Hash("""{"q":"x"}"""), Hash("""{"q":"x"}"""));
        Assert.NotEqual(Hash("""{"q":"x"}"""), Hash("""{"q":"y"}"""));

        static string Hash(string arguments)
        {
            var run = Started();
            Says(run, 0, Tools(("search", arguments)));
            run.Answer("a", "1", item: 1);
            Says(run, 2, """{"content":"done"}""");
            return run.State.End!.RootHash;
        }
    }

    [Fact]
    [Trait("id", "LOOP-14")]
    public void An_agent_step_is_a_step_like_any_other_to_the_steps_around_it()
    {
        var run = MachineWorld.Started("""
            {"name":"p","steps":[
              {"id":"a","on_error":{"fallback":"b"},"agent":{"goal":"g","skills":["put"],"max_turns":1}},
              {"id":"b","fallback_only":true,"skill":"echo","params":{"v":2}},
              {"id":"c","skill":"put","params":{"v":"${{ steps.a.result }}"}}]}
            """);
        Says(run, 0, Tools(("put", "{}")));
        run.Answer("b", "2");
        Assert.Equal("""{"v":2}""", run.Order("c").Params.GetRawText());

        var undone = MachineWorld.Started("""
            {"name":"p","on_failure":"compensate","steps":[
              {"id":"a","compensate":{"skill":"put","params":{"undo":true}},"agent":{"goal":"g","skills":["put"]}},
              {"id":"c","skill":"put"}]}
            """);
        Says(undone, 0, """{"content":"ok"}""");
        undone.Fail("c", "INVALID_INPUT");
        Assert.Equal("""{"undo":true}""", undone.Order("a").Params.GetRawText());
        undone.Answer("a");
        Assert.Equal(StepStatus.Compensated, undone.Step("a"));
    }

    [Fact]
    [Trait("id", "LOOP-15")]
    public void A_secret_that_a_model_names_is_text()
    {
        var run = Started();
        Says(run, 0, Tools(("post", """{"token":"secret:NAME"}""")));
        Assert.Equal("{}", run.Order("a", 1).Written.GetRawText());
    }

    [Fact]
    public void Only_runs_of_plans_that_need_it_have_the_rule_of_agents()
    {
        Assert.Equal(KernelRule.Agents, Started().State.Start!.Rule);
        Assert.Equal(KernelRule.First, MachineWorld.Started("""[{"skill":"put"}]""").State.Start!.Rule);
        Assert.Equal(KernelRule.Settles, MachineWorld.Started("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","await":{"approval":{}}}]}}}]}""").State.Start!.Rule);
        var old = Started().State.Start! with { Rule = KernelRule.First };
        var state = RunMachine.Evolve(RunState.Empty, old);
        Assert.Equal("NOT_AVAILABLE", RunMachine.Decide(state, new WakeRun(), new Facts(old.At)).Events.OfType<RunEnded>().Single().Failure!.Code);
    }

    private static MachineWorld Started(string step = "", string clause = "", Cents? budget = null) => MachineWorld.Started(
        $$$"""{"name":"p","inputs":{"what":{"type":"string"}},"steps":[{"id":"a","agent":{ {{{Goal}}}{{{clause}}} }{{{step}}} }]}""", """{"what":"it"}""", budget);

    private static void Says(MachineWorld run, int item, string result) => run.Answer("a", result, 2, item);

    private static string Tools(params (string Name, string Arguments)[] calls) =>
        "{\"content\":\"\",\"tool_calls\":[" + string.Join(',', calls.Select((call, i) => $$"""{"id":"c{{i}}","name":"{{call.Name}}","arguments":{{call.Arguments}}}""")) + "],\"finish_reason\":\"tool_use\"}";

    private static System.Text.Json.JsonElement Details(MachineWorld run) => run.State.End!.Failure!.Details!.Value;

    private static string Limit(MachineWorld run)
    {
        Assert.Equal("AGENT_LIMIT", run.State.End!.Failure!.Code);
        return Details(run).GetText("limit")!;
    }
}
