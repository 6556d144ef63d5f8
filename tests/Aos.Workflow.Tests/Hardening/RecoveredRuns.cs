using Aos.Contracts;
using Aos.Failures;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>What can be done to a run that failed, and what its plan is then.</summary>
public sealed class RecoveredRuns
{
    private const string Plan = """
        {"name":"p","timeout":"10m","steps":[
          {"id":"pay","skill":"charge","timeout":"20s","params":{"sum":1,"to":{"who":"a"}},"on_error":{"fallback":"cash"},"retry":{"max_attempts":2}},
          {"id":"cash","fallback_only":true,"skill":"note","params":{"sum":2}},
          {"id":"ask","skill":"charge"}]}
        """;

    [Theory]
    [Trait("id", "F5.54-01")]
    [Trait("id", "F5.54-02")]
    [InlineData(RecoveryKind.LongerTimeout, """{"kind":"longer_timeout","step":"ask","timeout_ms":120000}""")]
    [InlineData(RecoveryKind.RetryMore, """{"kind":"retry_more","step":"ask","max_attempts":8}""")]
    [InlineData(RecoveryKind.SkipStep, """{"kind":"skip_step","step":"ask"}""")]
    [InlineData(RecoveryKind.RetryLater, """{"kind":"retry_later","delay_ms":8000}""")]
    [InlineData(RecoveryKind.UseFallback, null)]
    [InlineData(RecoveryKind.AnotherModel, null)]
    [InlineData(RecoveryKind.RaiseBudget, null)]
    public async Task An_action_has_the_figures_of_the_run(RecoveryKind kind, string? expected)
    {
        await using var world = await FailedAsync("TIMEOUT", "ask");
        var state = await world.World.ReadAsync(world.Run);
        var kept = new KeptFailure(Guid.NewGuid(), Failed(world.Run, "TIMEOUT", "ask"), 3, default, false, false, null, null, null);

        var action = RecoveryActionFitting.Of(kind, RecoverySubject.Of(kept, state));

        Assert.Equal(expected, action is null ? null : Text(action));
    }

    [Fact]
    [Trait("id", "F5.54-02")]
    public async Task A_run_without_a_failure_of_a_step_is_asked_for_its_own_end()
    {
        await using var world = await FailedAsync("TIMEOUT", "ask");
        var state = await world.World.ReadAsync(world.Run);
        var late = state with { End = state.End! with { Failure = FailureCatalog.Fail("RUN_TIMEOUT", "Too long.") } };
        var subject = RecoverySubject.Of(late, [new KeptFailure(Guid.NewGuid(), Failed(world.Run, "TIMEOUT", "ask"), 1, default, false, false, null, null, null)], new FailuresDoor())!;

        var action = RecoveryActionFitting.Of(RecoveryKind.LongerTimeout, subject)!;

        Assert.Equal("RUN_TIMEOUT", subject.Code);
        Assert.Equal("""{"kind":"longer_timeout","timeout_ms":1200000}""", Text(action));
        Assert.Null(RecoverySubject.Of(state with { Status = RunStatus.Running }, [], new FailuresDoor()));
    }

    [Theory]
    [Trait("id", "F5.54-03")]
    [InlineData("""{"kind":"retry_more","step":"pay","max_attempts":8}""", "steps[0].retry", """{"max_attempts":8}""")]
    [InlineData("""{"kind":"longer_timeout","step":"pay","timeout_ms":60000}""", "steps[0].timeout", "\"60000ms\"")]
    [InlineData("""{"kind":"longer_timeout","timeout_ms":60000}""", "timeout", "\"60000ms\"")]
    [InlineData("""{"kind":"raise_budget","budget_cents":40}""", "budget_cents", "40")]
    [InlineData("""{"kind":"skip_step","step":"pay"}""", "steps[0].when", "\"false\"")]
    [InlineData("""{"kind":"use_fallback","step":"pay","fallback":"cash"}""", "steps[0].skill", "\"note\"")]
    [InlineData("""{"kind":"change_parameter","step":"pay","parameter":"to.who","value":"b"}""", "steps[0].params.to", """{"who":"b"}""")]
    [InlineData("""{"kind":"change_parameter","step":"pay","parameter":"sum","value":7}""", "steps[0].params.sum", "7")]
    public async Task A_plan_is_changed_in_one_place(string action, string place, string expected)
    {
        await using var world = await World.OpenAsync();
        Skills(world);
        var run = await world.StartAsync(Plan);
        var plan = (await world.ReadAsync(run)).Plan;

        var (changed, wrong) = PlanChange.Of(plan, RecoveryActions.Read(Json.Parse(action)).Action!);

        Assert.Null(wrong);
        var value = place.Replace("steps[0]", "steps", StringComparison.Ordinal).Split('.').Aggregate(changed!.Value, (of, name) => of.GetProperty(name) is { ValueKind: System.Text.Json.JsonValueKind.Array } list ? list[0] : of.GetProperty(name));
        Assert.Equal(expected, value.GetRawText());
        Assert.Equal("ask", changed.Value.GetProperty("steps")[2].GetText("id"));
    }

    [Theory]
    [Trait("id", "F5.54-04")]
    [InlineData("""{"kind":"retry_more","step":"pay"}""", "MISSING_REQUIRED_FIELD", "max_attempts")]
    [InlineData("""{"kind":"longer_timeout","step":"pay"}""", "MISSING_REQUIRED_FIELD", "timeout_ms")]
    [InlineData("""{"kind":"raise_budget"}""", "MISSING_REQUIRED_FIELD", "budget_cents")]
    [InlineData("""{"kind":"another_model","step":"pay"}""", "MISSING_REQUIRED_FIELD", "model")]
    [InlineData("""{"kind":"change_parameter","step":"pay"}""", "MISSING_REQUIRED_FIELD", "parameter")]
    [InlineData("""{"kind":"change_parameter","step":"pay","parameter":"x"}""", "MISSING_REQUIRED_FIELD", "value")]
    [InlineData("""{"kind":"skip_step"}""", "MISSING_REQUIRED_FIELD", "step")]
    [InlineData("""{"kind":"skip_step","step":"zz"}""", "INVALID_INPUT", "no step zz")]
    [InlineData("""{"kind":"skip_step","step":"cash"}""", "INVALID_STATE", "stands in")]
    [InlineData("""{"kind":"use_fallback","step":"ask","fallback":"cash"}""", "INVALID_STATE", "no fallback cash")]
    [InlineData("""{"kind":"another_model","step":"pay","model":"m"}""", "INVALID_STATE", "calls no model")]
    [InlineData("""{"kind":"change_parameter","step":"pay","parameter":"a..b","value":1}""", "INVALID_INPUT", "dots")]
    public async Task What_cannot_be_done_to_a_plan_is_told(string action, string code, string words)
    {
        await using var world = await World.OpenAsync();
        Skills(world);
        var run = await world.StartAsync(Plan);

        var (changed, wrong) = PlanChange.Of((await world.ReadAsync(run)).Plan, RecoveryActions.Read(Json.Parse(action)).Action!);

        Assert.Null(changed);
        Assert.Equal(code, wrong!.Code);
        Assert.Contains(words, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.57-01")]
    public async Task A_retry_names_its_suggestion_in_the_journal_and_without_one_nothing_of_the_kind()
    {
        await using var world = await FailedAsync("TIMEOUT", "ask");
        var suggestion = Guid.Parse("019aa000-0000-7000-8000-00000000abcd");
        var state = await world.World.ReadAsync(world.Run);

        string Body(Guid? named)
        {
            var decided = RunMachine.Decide(state, new RetryRun("again") { Suggestion = named }, new Facts(state.LastAt));
            var entry = EventCodec.Encode(world.Run, 99, decided.Events[0], ChainHash.Start);
            Assert.Equal(named, ((RunRetried)EventCodec.Decode(world.Run, entry)).Suggestion);
            return System.Text.Encoding.UTF8.GetString(entry.Body.Span);
        }

        Assert.EndsWith("""{"attempt":2,"reason":"again","suggestion":"019aa000-0000-7000-8000-00000000abcd"}}""", Body(suggestion), StringComparison.Ordinal);
        Assert.EndsWith("""{"attempt":2,"reason":"again"}}""", Body(null), StringComparison.Ordinal);
        var (command, _) = CommandCodec.Read(new InboxItem(world.Run, "i", CommandCodec.Kind, CommandCodec.Write(TenantId.Default, new RetryRun("again") { Of = 1, Suggestion = suggestion })), TenantId.Default);
        Assert.Equal(new RetryRun("again") { Of = 1, Suggestion = suggestion }, command);
    }

    [Theory]
    [Trait("id", "F5.57-08")]
    [InlineData(null, RunStatus.Failed, 0, null)] // A fork that is not known yet.
    [InlineData(null, RunStatus.Failed, 11, "Unknown")]
    [InlineData(2, RunStatus.Running, 0, null)]
    [InlineData(2, RunStatus.Succeeded, 0, "Succeeded")]
    [InlineData(2, RunStatus.Failed, 0, "Failed")]
    [InlineData(2, RunStatus.Cancelled, 0, "Cancelled")]
    [InlineData(3, RunStatus.Running, 0, "Failed")] // It was tried again since.
    [InlineData(1, RunStatus.Failed, 1, null)] // The retry is on its way.
    [InlineData(1, RunStatus.Failed, 11, "Unknown")] // Its node ended before.
    public void What_came_of_it_is_told_by_the_runs_row(int? attempt, RunStatus status, int minutes, string? expected)
    {
        var now = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        var run = new RunId(Guid.NewGuid());
        var candidate = new RecoveryCandidate
        {
            Id = Guid.NewGuid(), Tenant = TenantId.Default, Code = "TIMEOUT", Action = new RecoveryAction(RecoveryKind.Retry), Confidence = 0.5m, ProposedBy = "a", CreatedAt = now,
            Status = RecoveryStatus.Applied, AppliedAt = now, AppliedRun = attempt is null ? null : run, AppliedAttempt = attempt is null ? null : 2,
        };
        var row = attempt is null ? null : new RunRow { Id = run, Tenant = TenantId.Default, AgentId = "a", Status = status, Attempt = attempt.Value, Seq = 1, CreatedAt = now, UpdatedAt = now };

        Assert.Equal(expected, RecoveryOutcomes.Of(candidate, row, now.AddMinutes(minutes))?.Result.ToString());
        Assert.Equal(RecoveryResult.Unknown, RecoveryOutcomes.Of(candidate with { AppliedRun = run }, null, now)?.Result);
    }

    private static async Task<FailedRun> FailedAsync(string code, string step)
    {
        var world = await World.OpenAsync();
        Skills(world);
        world.Skills.Behave = _ => Behaviour.Fail;
        world.Skills.Fails = _ => FailureCatalog.Fail(code, "It failed.") with { Retryable = false };
        var run = await world.StartAsync(Plan.Replace("\"on_error\":{\"fallback\":\"cash\"}", "\"on_error\":\"continue\"", StringComparison.Ordinal)
            .Replace("""{"id":"cash","fallback_only":true,"skill":"note","params":{"sum":2}},""", "", StringComparison.Ordinal)
            .Replace("""{"id":"ask","skill":"charge"}""", $$"""{"id":"{{step}}","skill":"charge","timeout":"60s"}""", StringComparison.Ordinal));
        await world.SettleAsync();
        Assert.Equal(RunStatus.Failed, (await world.ReadAsync(run)).Status);
        return new FailedRun(world, run);
    }

    private static void Skills(World world)
    {
        world.Skills.Add("charge", EffectClass.Idempotent);
        world.Skills.Add("note", EffectClass.Idempotent);
    }

    private static FailedStep Failed(RunId run, string code, string step) => new()
    {
        Run = run, Tenant = TenantId.Default, Place = "s1", Seq = 3, At = default, Step = step, AgentId = "a", Skill = "charge", Code = code, Message = "It failed.", Entry = code, Match = MatchKind.Code,
        Signature = "",
    };

    private static string Text(RecoveryAction action) => Json.Write(writer => RecoveryActions.Write(writer, action)).GetRawText();

    private sealed record FailedRun(World World, RunId Run) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
