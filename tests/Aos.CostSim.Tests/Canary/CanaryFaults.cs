using System.Collections.Immutable;
using Aos.Contracts;
using static Aos.CostSim.Tests.CanaryHouse;

namespace Aos.CostSim.Tests;

/// <summary>A healthy system passes. Each fault is planted where it would come from, and the report names it.</summary>
public sealed class CanaryFaults
{
    private const string Secret = "acme-buys-rival-on-friday";

    [Fact]
    [Trait("id", "D5.1-01")]
    public async Task By_default_a_healthy_system_passes()
    {
        await using var house = await OpenAsync();

        var report = await house.RunAsync();

        Assert.Equal((CanaryStatus.Pass, true, 84, 0, 0, 0d), (report.Status, report.Passed, report.Samples, report.Recent, report.Failed, report.DriftScore));
        Assert.Empty(report.FailureReasons);
        Assert.Equal(report.Figures, report.ByDesign);
        Assert.Equal(84, report.Figures.Matching + report.Figures.MinorDrift + report.Figures.MajorDrift);
        Assert.InRange(report.Figures.MajorDrift, 9, 20); // More than a tenth of them, by design.
        Assert.Equal(
            """{"golden_loaded":true,"models":[{"model":"v1","version":"1.0.0","golden_version":"1.0.0","source":"shipped","changed_samples":0},{"model":"v2","version":"2.0.0","golden_version":"2.0.0","source":"shipped","changed_samples":0}]}""",
            report.Golden.GetRawText());
    }

    [Fact]
    [Trait("id", "D5.1-02")]
    public async Task What_tenants_ask_is_no_fault_of_the_models_however_odd_it_is()
    {
        await using var house = await OpenAsync();
        for (var i = 0; i < 40; i++)
        {
            await house.AskedAsync("acme", TimeSpan.FromHours(i), ("llm_invoke", $$"""{"prompt":"{{new string('x', 2_000 + i)}}"}"""));
            await house.AskedAsync("rival", TimeSpan.FromHours(i), ("acmes_own", $$"""{"n":{{i}}}"""));
        }

        var report = await house.RunAsync();

        Assert.Equal((CanaryStatus.Pass, 164, 80), (report.Status, report.Samples, report.Recent));
        Assert.True(report.Figures.MajorDrift > 80); // All of theirs are mismatches, as they were when they were asked.
        Assert.Equal(report.Figures, report.ByDesign);
        await house.PaidAsync("llm_invoke", 60, 5.5m); // A tenth more than estimated.
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
    }

    [Fact]
    [Trait("id", "D5.2-01")]
    public async Task A_coefficient_of_one_skill_that_changed_under_the_same_version_is_named()
    {
        var bent = new OtherModel(OtherModel.With("email_send", row => row with { Cents = 2.4m }), CoefficientModel.ShippedVersion);
        await using var house = await OpenAsync(second: bent);

        var report = await house.RunAsync();

        Assert.Equal(CanaryStatus.Fail, report.Status);
        Assert.Equal(
            "v2 2.0.0 does not answer as its golden says, though its version is the same: email_send cost_cents is 2.4 instead of 0.8 in mixed_city/mc_evening_0 and 5 more.", report.FailureReasons[0]);
        Assert.DoesNotContain(report.FailureReasons, reason => reason.StartsWith("v1 ", StringComparison.Ordinal));
        Assert.Equal(6, report.Golden.GetProperty("models")[1].GetProperty("changed_samples").GetInt32());
        Assert.Contains("\"v2_changed\":{\"approved\":\"golden\",\"version\":\"2.0.0\",\"cost_cents\":4", await house.ArtifactAsync(report, "diffs.jsonl"), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "D5.2-02")]
    [InlineData("llm_invoke", "latency_ms is 2800.04 instead of 1800.04")]
    [InlineData("kv_get", "latency_ms is 1003 instead of 3")]
    public async Task So_is_one_that_moves_no_money(string skill, string what)
    {
        await using var house = await OpenAsync(second: new OtherModel(OtherModel.With(skill, row => row with { LatencyMs = row.LatencyMs + 1_000 }), CoefficientModel.ShippedVersion));

        var report = await house.RunAsync();

        Assert.Equal(CanaryStatus.Fail, report.Status);
        Assert.Contains(report.FailureReasons, reason => reason.Contains($"{skill} latency_ms", StringComparison.Ordinal));
        if (skill == "kv_get") Assert.Contains(what, report.FailureReasons[0], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D5.2-03")]
    public async Task A_price_table_of_the_production_model_that_nobody_approved_is_named_until_it_is_approved()
    {
        await using var house = await OpenAsync(options => options.Models.Table = ImmutableDictionary<string, TableRow>.Empty.Add("llm_invoke", TableModel.Rows["llm_invoke"] with { Cents = 50 }));
        var version = house.Get<ICostModels>().Production.Version;

        var report = await house.RunAsync();

        Assert.Equal(CanaryStatus.Fail, report.Status);
        Assert.Matches($"^v1 {version.Replace("+", @"\+", StringComparison.Ordinal)} differs from the golden of 1.0.0; approve it with aos costsim canary golden --save when it is meant: llm_invoke cost_cents is 50 instead of 5 in high_variance/hv_llm_0 and [0-9]+ more.$", report.FailureReasons[0]);
        Assert.Contains(report.FailureReasons, reason => reason.StartsWith("Outlier percentage is", StringComparison.Ordinal));
        Assert.Contains(report.FailureReasons, reason => reason.StartsWith("Major drift samples are", StringComparison.Ordinal) && reason.EndsWith("the limit is 10 %.", StringComparison.Ordinal));

        var saved = await house.Desk.SaveGoldensAsync(Admin, Cancel);

        Assert.Equal([("v1", version, "saved", true), ("v2", "2.0.0", "shipped", true)], saved.Select(golden => (golden.Model, golden.Version, golden.Source, golden.IsOfVersion)));
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
    }

    [Fact]
    [Trait("id", "D5.2-04")]
    public async Task A_second_model_that_throws_is_named_with_what_it_threw()
    {
        var torn = new OtherModel(new CoefficientModel(), null, question => _ = question.Steps.Any(step => step.Skill == "webhook_send") ? throw new InvalidOperationException("no weights") : 0);
        await using var house = await OpenAsync(second: torn);

        var report = await house.RunAsync();

        Assert.Equal((CanaryStatus.Fail, 84, 7), (report.Status, report.Samples, report.Failed));
        Assert.Equal("v2 2.0.0 threw on 7 of 84 samples, mixed_city/mc_afternoon_0 first: InvalidOperationException: no weights", Assert.Single(report.FailureReasons));
        Assert.Contains("\"error\":\"v2: InvalidOperationException\"", await house.ArtifactAsync(report, "comparisons.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D5.2-05")]
    public async Task A_second_model_that_never_answers_is_named_and_the_run_is_over_when_its_time_is()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var silent = new OtherModel(new CoefficientModel(), null, question =>
        {
            if (question.Steps is not [{ Skill: "email_send" or "llm_invoke" }, ..]) return;
            entered.Set();
            release.Wait(TimeSpan.FromMinutes(5));
        });
        await using var house = await OpenAsync(options => options.Canary.MaxRuntime = TimeSpan.FromSeconds(30), silent);
        try
        {
            var run = Task.Run(() => house.RunAsync());
            Assert.True(entered.Wait(TimeSpan.FromMinutes(1), Cancel));
            house.Clock.Advance(TimeSpan.FromSeconds(29));
            Assert.False(run.IsCompleted);
            house.Clock.Advance(TimeSpan.FromSeconds(2));
            var report = await run;

            Assert.Equal(CanaryStatus.Fail, report.Status);
            Assert.Equal("v2 2.0.0 about high_variance/hv_llm_0 did not answer: the run was over after 30 s, see COSTSIM_CANARY_MAX_RUNTIME_SECONDS.", Assert.Single(report.FailureReasons));
            // It is not asked again while it is silent: each time would cost a thread.
            var again = await house.RunAsync();
            Assert.Equal((CanaryStatus.Fail, $"v2 2.0.0 about high_variance/hv_llm_0 has not answered since run {report.RunId} of this node; restart it when the model is mended."), (again.Status, Assert.Single(again.FailureReasons)));
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    [Trait("id", "D5.2-06")]
    public async Task Calls_that_really_cost_thirty_percent_more_than_estimated_are_named_by_their_skill()
    {
        await using var house = await OpenAsync();
        await house.PaidAsync("calm", 40, 5);
        await house.PaidAsync("told_by_hand", 40, 50, "manual");
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
        await house.PaidAsync("paid", 40, 6.5m);

        var report = await house.RunAsync();

        Assert.Equal(CanaryStatus.Fail, report.Status);
        Assert.Equal("Calls of paid cost 29.9 % more than estimated: the median of the newest 40, the limit is 25 %. Look at aos costsim drift.", Assert.Single(report.FailureReasons));
    }

    [Theory]
    [Trait("id", "D5.2-07")]
    [InlineData("payload = (SELECT payload FROM costsim_provenance WHERE tenant_id = 'rival')", "hash mismatch, its question is not the one that was asked")]
    [InlineData("output_hash = input_hash", "hash mismatch, its answer is not the one that was given")]
    [InlineData("payload = ?", "its payload cannot be read")]
    public async Task A_stored_payload_that_is_not_what_was_written_is_named(string damage, string why)
    {
        await using var house = await OpenAsync();
        await house.AskedAsync("acme", TimeSpan.FromHours(1), ("llm_invoke", """{"prompt":"one"}"""));
        await house.AskedAsync("rival", TimeSpan.FromHours(2), ("llm_invoke", """{"prompt":"two"}"""));
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
        var bytes = house.Store.Kind == Testing.TestStoreKind.Sqlite ? "x'01ff00ff'" : @"'\x01ff00ff'::bytea";
        Assert.Equal(1, await house.WriteAsync($"UPDATE costsim_provenance SET {damage.Replace("?", bytes, StringComparison.Ordinal)} WHERE tenant_id = 'acme'"));

        var report = await house.RunAsync();

        Assert.Equal((CanaryStatus.Fail, 1), (report.Status, report.Recent));
        Assert.Matches($"^The provenance is damaged: record [0-9a-f]{{16}} of 2026-03-31: {why}. Look at the disk", Assert.Single(report.FailureReasons));
    }

    [Fact]
    [Trait("id", "D5.2-08")]
    public async Task A_model_that_answers_what_was_asked_otherwise_than_then_is_named_without_a_word_of_the_plan()
    {
        var later = false;
        var shifting = new ShiftingModel(() => later);
        await using var house = await OpenAsync(second: shifting);
        await house.AskedAsync("acme", TimeSpan.FromHours(1), (Secret, $$"""{"whose":"{{Secret}}"}"""));
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
        later = true;

        var report = await house.RunAsync();

        Assert.Equal(CanaryStatus.Fail, report.Status);
        Assert.Matches("^v2 2.0.0 does not answer as it did before, though its version is the same: a skill cost_cents is 9 instead of 5 in recent/[0-9a-f]{16}.$", Assert.Single(report.FailureReasons));
        var kept = string.Concat(await Task.WhenAll(report.Artifacts.Select(name => house.ArtifactAsync(report, name)))) + report.FailureReasons[0];
        Assert.DoesNotContain(Secret, kept, StringComparison.Ordinal);
        Assert.DoesNotContain("acme", kept, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "D5.2-09")]
    public async Task A_new_version_may_differ_within_the_limits_and_no_further()
    {
        var little = OtherModel.With("email_send", row => row with { Cents = 0.9m });
        await using (var house = await OpenAsync(second: new OtherModel(little, "2.1.0")))
        {
            var report = await house.RunAsync();
            Assert.Equal((CanaryStatus.Pass, 6), (report.Status, report.Golden.GetProperty("models")[1].GetProperty("changed_samples").GetInt32()));
        }

        var much = OtherModel.With("llm_invoke", row => row with { Cents = 35m });
        await using (var house = await OpenAsync(second: new OtherModel(much, "2.1.0")))
        {
            var report = await house.RunAsync();
            Assert.Equal(CanaryStatus.Fail, report.Status);
            Assert.StartsWith("v2 2.1.0 differs from the golden of 2.0.0; approve it", report.FailureReasons[0], StringComparison.Ordinal);
            Assert.Contains(report.FailureReasons, reason => reason.StartsWith("Dataset mixed_city does not accept v2 2.1.0: mean error 12.6 above 5,", StringComparison.Ordinal));
            // The datasets' own limits hold also for what was approved.
            await house.Desk.SaveGoldensAsync(Admin, Cancel);
            Assert.All((await house.RunAsync()).FailureReasons, reason => Assert.StartsWith("Dataset ", reason, StringComparison.Ordinal));
        }
    }

    [Fact]
    [Trait("id", "D5.2-10")]
    public async Task What_keeps_it_from_judging_is_an_error_and_no_fault_of_the_models()
    {
        await using var house = await OpenAsync(second: new OtherModel(new CoefficientModel(), "2.1.0"));
        await house.Desk.SaveGoldensAsync(Admin, Cancel);
        Assert.Equal(CanaryStatus.Pass, (await house.RunAsync()).Status);
        Assert.Equal(1, await house.WriteAsync($"UPDATE costsim_canary_goldens SET body = {(house.Store.Kind == Testing.TestStoreKind.Sqlite ? "x'ff00'" : @"'\xff00'::bytea")}"));

        var report = await house.RunAsync();

        Assert.Equal((CanaryStatus.Error, false, 0d), (report.Status, report.Passed, report.DriftScore));
        Assert.StartsWith("It could not judge: InvalidDataException: A payload", Assert.Single(report.FailureReasons), StringComparison.Ordinal);
        Assert.Equal(report.RunId, Assert.Single((await house.Desk.ReportsAsync(CanaryStatus.Error, 10, 0, Cancel)).Reports).RunId);
        Assert.Equal(0, (await house.Get<ICostBreaker>().StateAsync(Cancel)).ConsecutiveFailures);
    }

    /// <summary>Another price for skills that no dataset knows, from some time on.</summary>
    private sealed class ShiftingModel(Func<bool> isLater) : ICostModel
    {
        private readonly CoefficientModel before = new();
        private readonly CoefficientModel after = OtherModel.With(Secret, row => row with { Cents = 9 });

        public string Name => "v2";

        public string Version => before.Version;

        public CostEstimate Estimate(CostQuestion question) => (isLater() ? after : before).Estimate(question) with { ModelVersion = Version };
    }
}
