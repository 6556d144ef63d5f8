namespace Aos.E2E.Tests;

/// <summary><c>aos</c> on its own store: no server, no key.</summary>
public sealed class CommandLine : InFolder
{
    [Fact]
    [Trait("id", "CLI-01")]
    public async Task A_plan_runs_and_its_result_is_printed_and_nothing_else()
    {
        var plan = Aos.Write("plan.yaml", """
            name: demo
            steps:
              - id: list
                skill: echo
                params: { n: [1, 2, 3] }
              - id: sum
                skill: json_transform
                params: { operation: aggregate, data: "${{ steps.list.result.echo.n }}", fn: sum }
            output: "${{ steps.sum.result.result }}"
            """);
        var ended = await Aos.RunAsync("run", plan);

        Assert.Equal(0, ended.Code);
        Assert.Equal("6", ended.Output.Trim());
        Assert.DoesNotContain('\x1b', ended.Errors);
    }

    [Fact]
    [Trait("id", "CLI-02")]
    public async Task Two_runs_of_one_plan_have_the_same_root_hash_and_a_replay_finds_it_again()
    {
        var plan = Aos.Write("plan.json", """{"name":"p","seed":1,"steps":[{"id":"a","skill":"echo","params":{"n":1}}]}""");
        var first = Last((await Aos.RunAsync("run", plan, "--json")).Output);
        var second = Last((await Aos.RunAsync("run", plan, "--json")).Output);

        Assert.Equal(64, first.GetProperty("data").GetText("root_hash")!.Length);
        Assert.Equal(first.GetProperty("data").GetText("root_hash"), second.GetProperty("data").GetText("root_hash"));
        var replay = await Aos.RunAsync("replay", second.GetText("run")!);
        Assert.Equal(0, replay.Code);
        Assert.Equal(first.GetProperty("data").GetText("root_hash"), replay.Json.GetText("replay_root_hash"));
    }

    [Fact]
    [Trait("id", "CLI-03")]
    public async Task A_bad_plan_is_refused_with_every_place_and_exit_code_2()
    {
        var plan = Aos.Write("bad.json", """{"name":"p","steps":[{"id":"a","skil":"echo"},{"id":"a","skill":"ecko"}]}""");
        var ended = await Aos.RunAsync("run", plan);

        Assert.Equal(2, ended.Code);
        Assert.Contains("steps[0].skil", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Did you mean echo?", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-04")]
    public async Task A_failing_run_exits_with_1_and_says_why_and_what_to_do()
    {
        var plan = Aos.Write("fail.json", """{"name":"p","steps":[{"id":"a","skill":"fs_read","params":{"path":"nothing"}}]}""");
        var ended = await Aos.RunAsync("run", plan);

        Assert.Equal(1, ended.Code);
        Assert.Contains("FILE_NOT_FOUND", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(FailureCatalog.Find("FILE_NOT_FOUND")!.Advice, ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none.yaml", null)]
    [InlineData("bytes.yaml", "name: \xFF\xFE")]
    [InlineData("open.json", "{\"name\": ")]
    [Trait("id", "CLI-05")]
    public async Task A_file_that_cannot_be_read_is_named(string name, string? content)
    {
        if (content is not null) await File.WriteAllBytesAsync(Path.Combine(Folder, name), System.Text.Encoding.Latin1.GetBytes(content), TestContext.Current.CancellationToken);
        var ended = await Aos.RunAsync("plan", "check", name);

        Assert.Equal(2, ended.Code);
        Assert.Contains(name, ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-06")]
    public async Task A_run_killed_with_minus_9_ends_when_another_process_sends_what_it_waits_for()
    {
        var plan = Aos.Write("wait.json", """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        using var killed = Aos.Start("run", plan);
        var id = await Command.RunIdAsync(killed);
        killed.Kill();
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);

        var signalled = await Aos.RunAsync("runs", "signal", id, "go", "--payload", "7");
        Assert.Equal(0, signalled.Code);
        var resumed = await Aos.RunAsync("runs", "resume", id);
        Assert.Equal((0, "7"), (resumed.Code, resumed.Output.Trim()));
    }

    [Fact]
    [Trait("id", "CLI-07")]
    public async Task Ctrl_C_leaves_the_run_and_says_how_to_go_on()
    {
        var plan = Aos.Write("wait.json", """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        using var process = Aos.Start("run", plan);
        var id = await Command.RunIdAsync(process);
        Command.Interrupt(process);
        var ended = await Command.EndAsync(process);

        Assert.Equal(130, ended.Code);
        Assert.Contains($"aos runs resume {id}", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("waiting", (await Aos.RunAsync("runs", "show", id)).Json.GetText("status"));
    }

    [Fact]
    [Trait("id", "CLI-08")]
    public async Task A_second_process_talks_to_the_one_that_holds_the_data()
    {
        var plan = Aos.Write("wait.json", """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        using var holder = Aos.Start("run", plan);
        var id = await Command.RunIdAsync(holder);
        var second = await Aos.RunAsync("runs", "signal", id, "go", "--payload", "\"hello\"");
        var first = await Command.EndAsync(holder);

        Assert.Equal((0, 0), (first.Code, second.Code));
        Assert.Equal("hello", first.Output.Trim());
    }

    [Fact]
    [Trait("id", "APPR-14")]
    public async Task A_step_that_waits_for_an_approval_is_approved_or_rejected_by_another_process()
    {
        var plan = Aos.Write("pay.json", """{"name":"p","steps":[{"id":"pay","await":{"approval":{"level":5}}}]}""");
        using var approved = Aos.Start("run", plan);
        var id = await Command.RunIdAsync(approved);
        Assert.Equal(0, (await Aos.RunAsync("runs", "approve", id, "pay", "--note", "looked at it")).Code);
        var ended = await Command.EndAsync(approved);
        Assert.Equal((0, true, "looked at it"), (ended.Code, ended.Json.GetProperty("approved").GetBoolean(), ended.Json.GetText("note")));

        using var rejected = Aos.Start("run", plan);
        id = await Command.RunIdAsync(rejected);
        Assert.Equal(0, (await Aos.RunAsync("runs", "approve", id, "pay", "--reject")).Code);
        Assert.Contains("APPROVAL_REJECTED", (await Command.EndAsync(rejected)).Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, (await Aos.RunAsync("runs", "approve", id, "pay")).Code);
    }

    [Fact]
    [Trait("id", "CLI-09")]
    public async Task A_redis_url_that_is_none_is_refused_and_one_that_does_not_answer_is_not()
    {
        Aos.Environment.Add(("AOS_REDIS_URL", "http://me:hidden@localhost"));
        var refused = await Aos.RunAsync("runs", "list");
        Aos.Environment.Add(("AOS_REDIS_URL", "redis://:hidden@127.0.0.1:1"));
        var ended = await Aos.RunAsync("runs", "list");

        Assert.Equal(5, refused.Code);
        Assert.Contains("CONFIG_INVALID: AOS_REDIS_URL", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.Errors + ended.Errors, StringComparison.Ordinal);
        Assert.Equal(0, ended.Code);
    }

    [Fact]
    [Trait("id", "CLI-10")]
    public async Task Settings_are_shown_without_their_secrets()
    {
        Aos.Environment.Add(("AOS_API_KEY", "very-secret"));
        Aos.Environment.Add(("AOS_EGRESS_ALLOW", "10.0.0.1"));
        Aos.Environment.Add(("AOS_BASE_URL", "http://me:hidden@127.0.0.1:1"));
        foreach (var name in new[] { "AOS_CALLS_MAX", "AOS_RISK_THRESHOLD", "AOS_WEBHOOK_SECRET", "PER_DAY_MAX_CENTS", "PER_RUN_MAX_CENTS" }) Aos.Environment.Add((name, "1"));
        var ended = await Aos.RunAsync("config", "--json");

        Assert.Equal(0, ended.Code);
        Assert.Equal("****", ended.Json.GetProperty("environment").GetText("AOS_API_KEY"));
        Assert.Equal("10.0.0.1", ended.Json.GetProperty("environment").GetText("AOS_EGRESS_ALLOW"));
        Assert.Equal(4, ended.Json.GetProperty("environment").EnumerateObject().Count(setting => setting.Value.GetString() == "1"));
        Assert.Equal("****", ended.Json.GetProperty("environment").GetText("AOS_WEBHOOK_SECRET"));
        Assert.Equal("http://****@127.0.0.1:1", ended.Json.GetText("server"));
        Assert.DoesNotContain("hidden", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", ended.Output + ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-11")]
    public async Task A_mistyped_verb_is_answered_with_the_nearest()
    {
        var ended = await Aos.RunAsync("simulat");

        Assert.Equal(2, ended.Code);
        Assert.Contains("Did you mean simulate?", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-12")]
    public async Task No_verb_prints_the_help_and_exits_with_1()
    {
        var ended = await Aos.RunAsync();

        Assert.Equal(1, ended.Code);
        Assert.All(
            ["run", "plan", "simulate", "runs", "replay", "trace", "skills", "agents", "goal", "capabilities", "query", "serve", "config", "version", "completion"],
            verb => Assert.Matches($"(?m)^  (list-\\w+, )?{verb}[ ,<]", ended.Output));
    }

    [Theory]
    [InlineData("bash", "complete -F _aos aos")]
    [InlineData("zsh", "compdef _aos aos")]
    [InlineData("fish", "complete -f -c aos")]
    [Trait("id", "CLI-13")]
    public async Task A_shell_gets_its_completion_script(string shell, string line)
    {
        var ended = await Aos.RunAsync("completion", shell);

        Assert.Equal(0, ended.Code);
        Assert.Contains(line, ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CLI-14")]
    public async Task Completion_knows_the_verbs()
    {
        var ended = await Aos.RunAsync("[suggest:10]", "aos runs s");

        Assert.Contains("show", ended.Output.Split('\n'));
        Assert.Contains("signal", ended.Output.Split('\n'));
    }

    [Fact]
    [Trait("id", "CLI-15")]
    public async Task A_reader_that_has_seen_enough_is_no_error()
    {
        using var process = Aos.Start("config");
        process.StandardOutput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("id", "CLI-16")]
    public async Task Two_plans_are_compared_and_it_says_which_runs_could_go_on()
    {
        var before = Aos.Write("a.yaml", "name: p\nsteps:\n  - { id: a, skill: echo, params: { n: 1 } }\n  - { id: b, skill: echo, params: { n: 2 } }\n");
        var after = Aos.Write("b.yaml", "name: p\nversion: 1.1.0\nsteps:\n  - { id: a, skill: echo, params: { n: 1 } }\n  - { id: b, skill: echo, params: { n: 3 } }\n  - { id: c, skill: echo }\n");
        var ended = await Aos.RunAsync("plan", "diff", before, after);

        Assert.Equal(1, ended.Code);
        Assert.Contains("changed step b: params", ended.Output, StringComparison.Ordinal);
        Assert.Contains("added step c", ended.Output, StringComparison.Ordinal);
        Assert.Contains("have not started step b", ended.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Aos.RunAsync("plan", "diff", before, before)).Code);
    }

    private static System.Text.Json.JsonElement Last(string lines) => Json.Parse(lines.Trim().Split('\n')[^1]);
}
