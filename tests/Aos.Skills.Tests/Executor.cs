using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>What every call of every skill can count on.</summary>
[Trait("store", "none")]
public sealed class Executor
{
    private const string Good = """{"name":"n"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "A8.1-06")]
    [Trait("id", "F5.2-01")]
    public async Task A_success_has_its_result_its_cost_and_its_time()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done"), Cost: new Cents(1.5m), Retries: 2));
        var outcome = await room.CallAsync("scripted", Good);

        Assert.Null(outcome.Failure);
        Assert.Equal("done", outcome.Result.GetProperty("text").GetString());
        Assert.Equal(new Cents(1.5m), outcome.Cost);
        Assert.Equal(2, outcome.Retries);
    }

    [Fact]
    [Trait("id", "A8.1-07")]
    [Trait("id", "A8.2-04")]
    [Trait("id", "A8.2-05")]
    public async Task An_exception_becomes_a_failure_with_its_message_and_type()
    {
        using var room = Scripted.Room((_, _, _) => throw new FormatException("The moon is full."));
        var failure = (await room.CallAsync("scripted", Good)).Failure!;

        Assert.Equal("EXECUTION_ERROR", failure.Code);
        Assert.Contains("The moon is full.", failure.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(FormatException), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.1-08")]
    [Trait("id", "A8.2-03")]
    [Trait("id", "W-05")]
    [Trait("id", "W-20")]
    public async Task A_skill_past_its_time_is_a_timeout_even_when_it_does_not_listen()
    {
        using var room = Scripted.Room((_, _, _) => new TaskCompletionSource<SkillAnswer<ScriptOut>>().Task);
        var failure = (await room.CallAsync("scripted", Good, TimeSpan.FromMilliseconds(30))).Failure!;

        Assert.Equal("TIMEOUT", failure.Code);
        Assert.Equal(FailureCategory.Transient, failure.Category);
        Assert.True(failure.Retryable);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_stops()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var room = Scripted.Room(async (_, _, cancel) =>
        {
            await stop.CancelAsync();
            await new TaskCompletionSource().Task.WaitAsync(cancel);
            return new SkillAnswer<ScriptOut>(null);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => room.Skills.InvokeAsync("scripted", Json.Parse(Good), SkillRoom.Call(), stop.Token));
    }

    [Fact]
    [Trait("id", "A8.1-09")]
    [Trait("id", "A8.2-02")]
    public async Task An_unknown_skill_is_told_and_never_retried()
    {
        using var room = new SkillRoom();
        var failure = (await room.CallAsync("nothing", "{}")).Failure!;

        Assert.Equal("SKILL_NOT_FOUND", failure.Code);
        Assert.Equal(FailureCategory.Permanent, failure.Category);
        Assert.False(failure.Retryable);
    }

    [Fact]
    [Trait("id", "A8.2-06")]
    public async Task The_time_of_a_call_is_measured_for_successes_and_failures()
    {
        using var good = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done")));
        using var bad = Scripted.Room(new SkillAnswer<ScriptOut>(null, FailureCatalog.Fail("HTTP_5XX", "no")));

        Assert.True((await good.CallAsync("scripted", Good)).Latency > TimeSpan.Zero);
        Assert.True((await bad.CallAsync("scripted", Good)).Latency > TimeSpan.Zero);
    }

    [Fact]
    [Trait("id", "A8.1-17")]
    [Trait("id", "A8.1-18")]
    public async Task Side_effects_keep_their_order_also_of_a_call_that_failed()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(
            null, FailureCatalog.Fail("HTTP_5XX", "no"), SideEffects: [new SideEffect("b", "1", false), new SideEffect("a", "2", true)]));
        var outcome = await room.CallAsync("scripted", Good);

        Assert.Equal(["b", "a"], outcome.SideEffects.Select(effect => effect.Type));
        Assert.Equal(["1", "2"], JsonSerializer.SerializeToElement(outcome.SideEffects).EnumerateArray().Select(effect => effect.GetProperty("Target").GetString()!));
    }

    [Fact]
    [Trait("id", "A8.2-25")]
    public async Task Every_mistake_of_the_parameters_is_told_with_its_place()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done")));
        var failure = (await room.CallAsync("scripted", """{"count":12,"parts":[{"url":"u"},{"ur":1}],"nmae":"x"}""")).Failure!;
        var paths = failure.Details!.Value.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("path").GetString()).ToList();

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains("params.count", paths);
        Assert.Contains(paths, path => path!.StartsWith("params.parts[1]", StringComparison.Ordinal));
        Assert.Contains(paths, path => path!.Contains("nmae", StringComparison.Ordinal));
        Assert.Equal(failure.Message, (await room.CallAsync("scripted", """{"count":12,"parts":[{"url":"u"},{"ur":1}],"nmae":"x"}""")).Failure!.Message);
    }

    [Fact]
    [Trait("id", "F5.68-08")]
    public async Task What_a_failure_tells_has_no_secret_in_it()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(null, FailureCatalog.Fail(
            "HTTP_4XX", "The peer said: password=hunter22 is wrong, ask jo@example.com.", null, Json.Parse("""{"body":"{\"access_token\":\"abc\"}","seen":["Bearer abc123def456"]}"""))));
        using var broken = Scripted.Room((_, _, _) => throw new InvalidOperationException("no connection by Server=db;Password=Tr0ub4dor;"));
        var failure = (await room.CallAsync("scripted", Good)).Failure!;
        var other = (await broken.CallAsync("scripted", Good)).Failure!;

        Assert.Equal("The peer said: password=[REDACTED] is wrong, ask jo@example.com.", failure.Message);
        Assert.Equal("""{"body":"{\"access_token\":\"[REDACTED]\"}","seen":["Bearer [REDACTED]"]}""", CanonicalJson.Text(failure.Details!.Value));
        Assert.Contains("Server=db;Password=[REDACTED];", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_never_quotes_the_value()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done")));
        var failure = (await room.CallAsync("scripted", """{"name":"n","count":"hunter2"}""")).Failure!;

        Assert.DoesNotContain("hunter2", failure.Message + failure.Details, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "null")]
    [InlineData("1e400", "range")]
    public async Task A_result_that_cannot_be_kept_is_the_skills_failure(string? any, string why)
    {
        var output = any is null ? new ScriptOut(null!) : new ScriptOut("t", Json.Parse(any));
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(output, Cost: new Cents(3)));
        var outcome = await room.CallAsync("scripted", Good);

        Assert.Equal("OUTPUT_INVALID", outcome.Failure?.Code);
        Assert.Contains(why, outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(new Cents(3), outcome.Cost);
    }

    [Theory]
    [InlineData(56, null)]
    [InlineData(57, "OUTPUT_INVALID")]
    public async Task A_result_is_nested_no_deeper_than_the_journal_can_hold(int levels, string? code)
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("t", Json.Parse(new string('[', levels) + new string(']', levels)))));

        Assert.Equal(code, (await room.CallAsync("scripted", Good)).Failure?.Code);
    }

    [Fact]
    public async Task No_result_and_no_failure_or_a_negative_cost_is_the_skills_failure()
    {
        using var nothing = Scripted.Room(new SkillAnswer<ScriptOut>(null));
        using var gift = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("t"), Cost: new Cents(-1)));

        Assert.Equal("OUTPUT_INVALID", (await nothing.CallAsync("scripted", Good)).Failure?.Code);
        Assert.Equal("OUTPUT_INVALID", (await gift.CallAsync("scripted", Good)).Failure?.Code);
    }

    [Fact]
    public async Task Sizes_are_limited_both_ways()
    {
        using var room = Scripted.Room(
            (input, _, _) => Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut(input.Name + input.Name))),
            Scripted.Plain with { InputBytesMax = 40, OutputBytesMax = 40 });

        Assert.Equal("INPUT_TOO_LARGE", (await room.CallAsync("scripted", $$"""{"name":"{{new string('x', 40)}}"}""")).Failure?.Code);
        Assert.Equal("OUTPUT_TOO_LARGE", (await room.CallAsync("scripted", $$"""{"name":"{{new string('x', 20)}}"}""")).Failure?.Code);
        Assert.Null((await room.CallAsync("scripted", Good)).Failure);
    }

    [Fact]
    public async Task A_skill_that_is_switched_off_is_refused_and_says_so()
    {
        using var room = new SkillRoom([], null, null, "echo");

        Assert.Equal("PERMISSION_DENIED", (await room.CallAsync("echo", "{}")).Failure?.Code);
        Assert.Equal("PERMISSION_DENIED", room.Skills.Refusal("echo", TenantId.Default, "a")?.Code);
        Assert.Null(room.Skills.Refusal("wait", TenantId.Default, "a"));
    }

    [Theory]
    [InlineData("""{"name":"${{ inputs.n }}","count":"${{ inputs.c }}"}""", "")]
    [InlineData("""{"name":5,"count":"${{ inputs.c }}"}""", "steps[0].params.name")]
    [InlineData("""{"name":"n","count":99}""", "steps[0].params.count")]
    [InlineData("""{"name":"n","parts":[{"url":"${{ x }}"},{"url":1}]}""", "steps[0].params.parts[1].url")]
    public void Parameters_are_judged_before_the_run_but_for_what_templates_will_fill(string parameters, string paths)
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done")));

        Assert.Equal(paths, string.Join(' ', room.Skills.Check("scripted", Json.Parse(parameters), "steps[0].params").Select(problem => problem.Path)));
    }

    [Fact]
    public void A_plan_is_judged_with_all_its_parameters_at_once()
    {
        using var room = Scripted.Room(new SkillAnswer<ScriptOut>(new ScriptOut("done")));
        var reading = room.Skills.ReadPlan(Json.Parse("""
            {"name":"p","steps":[
              {"id":"a","skill":"scripted","params":{"name":1}},
              {"id":"b","skill":"scripted","params":{"name":"${{ steps.a.result }}"},"compensate":{"skill":"scripted","params":{"name":"n","count":10}}},
              {"id":"c","run":{"plan":{"name":"q","steps":[{"id":"d","skill":"scripted","params":{"name":"n","parts":5}}]}}}]}
            """));

        Assert.Null(reading.Plan);
        Assert.Equal(
            ["steps[0].params.name", "steps[1].compensate.params.count", "steps[2].run.plan.steps[0].params.parts"], reading.Problems.Select(problem => problem.Path));
    }

    [Fact]
    [Trait("id", "A8.2-24")]
    [Trait("id", "F5.1-17")]
    public async Task Equal_calls_give_equal_results()
    {
        using var room = new SkillRoom();

        Assert.Equal(
            (await room.CallAsync("echo", """{"b":1,"a":[2]}""")).Result.GetRawText(),
            (await room.CallAsync("echo", """{"b":1,"a":[2]}""")).Result.GetRawText());
    }
}
