using System.Collections.Immutable;

namespace Aos.Workflow.Tests;

/// <summary>The determinism signature of traces, and when a replay is in parity.</summary>
public sealed class RuntimeDeterminism
{
    private static readonly TraceStep Step = new(
        0, "http_call", Json.Parse("""{"url":"https://example.test","n":1}"""), "success", "SUCCESS", null, Json.Parse("1"), new Cents(1), TimeSpan.FromSeconds(1), 0,
        DateTimeOffset.UnixEpoch);

    private static TraceStep Other { get; } = Step with
    {
        Data = Json.Parse("""{"other":2}"""), Cost = new Cents(99), Duration = TimeSpan.FromSeconds(9), At = DateTimeOffset.UnixEpoch.AddDays(1),
    };

    [Fact]
    [Trait("id", "A8.4-01")]
    public void Data_cost_duration_and_time_are_not_in_the_hash() => Assert.Equal(Step.Hash(), Other.Hash());

    [Fact]
    [Trait("id", "A8.4-02")]
    [Trait("id", "A8.4-03")]
    [Trait("id", "A8.4-04")]
    public void Params_skill_and_retries_are_in_the_hash()
    {
        var hashes = new[]
        {
            Step.Hash(), (Step with { Params = Json.Parse("""{"url":"https://example.test","n":2}""") }).Hash(), (Step with { SkillName = "echo" }).Hash(),
            (Step with { Retries = 1 }).Hash(), (Step with { StepIndex = 1 }).Hash(),
        };

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    [Trait("id", "A8.4-05")]
    public void The_order_of_parameters_does_not_matter() =>
        Assert.Equal(Step.Hash(), (Step with { Params = Json.Parse("""{"n":1,"url":"https://example.test"}""") }).Hash());

    [Fact]
    [Trait("id", "A8.4-06")]
    [Trait("id", "A8.4-07")]
    public void Traces_that_differ_in_nothing_or_in_data_and_cost_only_are_in_parity()
    {
        var parity = Parity.Of([Step, Step with { StepIndex = 1 }], [Other, Step with { StepIndex = 1 }]);

        Assert.Equal((true, null, null), (parity.IsParity, parity.Step, parity.Reason));
        Assert.Equal(parity.Original, parity.Replay);
        Assert.True(Parity.Of([Step], [Step]).IsParity);
    }

    [Fact]
    [Trait("id", "A8.4-08")]
    public void Another_skill_breaks_parity_at_its_step()
    {
        var parity = Parity.Of([Step], [Step with { SkillName = "echo" }]);

        Assert.Equal((false, 0), (parity.IsParity, parity.Step));
        Assert.Contains("skill: http_call vs echo", parity.Reason, StringComparison.Ordinal);
        Assert.NotEqual(parity.Original, parity.Replay);
    }

    [Fact]
    public void The_reason_names_everything_that_differs()
    {
        Assert.Equal(
            "status: success vs failure; retries: 0 vs 2; params differ",
            Parity.Of([Step], [Step with { Status = "failure", Retries = 2, Params = Json.EmptyObject }]).Reason);
        Assert.Equal("hash mismatch", Parity.Of([Step], [Step with { Code = "TIMEOUT" }]).Reason);
    }

    [Fact]
    [Trait("id", "A8.4-09")]
    public void Another_number_of_steps_breaks_parity_where_the_shorter_one_ends()
    {
        var parity = Parity.Of([Step, Step with { StepIndex = 1 }], [Step]);

        Assert.Equal((false, 1), (parity.IsParity, parity.Step));
        Assert.StartsWith("step count", parity.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.4-14")]
    [Trait("id", "A8.4-15")]
    public void A_step_that_waits_for_its_next_try_counts_as_a_retry()
    {
        const string Plan = """{"name":"p","steps":[{"id":"a","skill":"put","params":{},"retry":{"max_attempts":3,"backoff":"1s"}}]}""";
        var waiting = Answer(Start(Plan), "TIMEOUT");
        var done = Answer(Decide(waiting, new WakeRun(), TimeSpan.FromMinutes(1)), null);

        var step = Assert.Single(StepView.Server(waiting));
        var end = Assert.Single(StepView.Server(done));

        Assert.Equal(("retry", "TIMEOUT"), (step.Status, step.Code));
        Assert.Equal(("success", 1), (end.Status, end.Retries));
        Assert.NotEqual(Parity.Signature([end]), Parity.Signature(StepView.Server(Answer(Start(Plan), null))));
    }

    [Fact]
    [Trait("id", "A8.4-16")]
    [Trait("id", "A8.4-17")]
    public void The_class_of_an_error_is_in_the_hash_and_its_words_are_not()
    {
        const string Plan = """{"name":"p","steps":[{"id":"a","skill":"put","params":{}}]}""";
        string Hash(string code, string message) => Parity.Signature(StepView.Server(Answer(Start(Plan), code, message)));

        Assert.Equal(Hash("FILE_NOT_FOUND", "one"), Hash("FILE_NOT_FOUND", "two"));
        Assert.NotEqual(Hash("FILE_NOT_FOUND", "one"), Hash("PERMISSION_DENIED", "one"));
    }

    private static RunState Start(string text)
    {
        var terms = ImmutableSortedDictionary<string, SkillTerms>.Empty.Add(
            "put",
            new SkillTerms(
                "put", "1.0.0", EffectClass.Idempotent, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(30), [], [], []));
        var reading = PlanReader.Read(Json.Parse(text), terms);
        Assert.Empty(reading.Problems);
        return Decide(
            RunState.Empty,
            new StartRun(
                new RunId(new Guid("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", reading.Plan!, Json.EmptyObject, 42, null, terms,
                ImmutableSortedDictionary<string, string>.Empty, null),
            TimeSpan.Zero);
    }

    private static RunState Answer(RunState run, string? code, string message = "no") => Decide(
        run,
        new RecordOutcome(
            Assert.Single(RunMachine.Pending(run)).Id,
            code is null ? StructuredOutcome.Succeeded(Json.True) : StructuredOutcome.Failed(FailureCatalog.Fail(code, message))),
        TimeSpan.Zero);

    private static RunState Decide(RunState run, RunCommand command, TimeSpan later)
    {
        var decision = RunMachine.Decide(run, command, new Facts((run.Start is null ? new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero) : run.LastAt) + later));
        Assert.Null(decision.Refusal);
        return decision.Events.Aggregate(run, RunMachine.Evolve);
    }
}
