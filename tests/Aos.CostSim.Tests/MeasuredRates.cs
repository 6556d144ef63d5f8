using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Testing;
using static Aos.CostSim.Tests.SimulationWorld;

namespace Aos.CostSim.Tests;

/// <summary>Risks as they were measured, blended with those foretold.</summary>
[Trait("store", "none")]
public sealed class MeasuredRates
{
    [Fact]
    [Trait("id", "D2.5-01")]
    public void A_measured_rate_weighs_against_fifty_foretold_calls()
    {
        var measured = Measured(("http_call", 150, "TIMEOUT", 60), ("json_transform", 50, "QUOTA_EXHAUSTED", 25));
        var simulation = Simulator.Simulate(House, Ask(Calls("http_call", "json_transform", "llm_invoke")) with { Measured = measured });

        // (0.1 · 50 + 60) / 200; (0.01 · 50 + 0) / 100, and a way to fail that was not foretold: 25 / 100.
        Assert.Equal([(0.325, "timeout"), (0.25, "quota"), (0.05, "rate_limit")], simulation.Steps.Select(step => (step.RiskProbability, step.RiskType)));
        Assert.Equal([("TIMEOUT", 0.325)], simulation.Steps[0].Failures.Select(risk => (risk.Code, risk.Probability)));
        Assert.Equal([("TRANSFORM_ERROR", 0.005), ("QUOTA_EXHAUSTED", 0.25)], simulation.Steps[1].Failures.Select(risk => (risk.Code, risk.Probability)));
        Assert.Equal(Math.Round(1 - (0.675 * 0.75 * 0.95), 6), simulation.CumulativeRisk);
        Assert.Equal(measured.Hash, simulation.FactVersions["measured_risks"]);
        Assert.Equal(Simulator.Simulate(House, Ask(Calls("http_call"))).EstimatedCost, Simulator.Simulate(House, Ask(Calls("http_call")) with { Measured = measured }).EstimatedCost);
    }

    [Fact]
    [Trait("id", "D2.5-02")]
    public void Too_few_calls_change_nothing_and_every_count_changes_the_facts()
    {
        var few = Measured(("http_call", MeasuredRisks.CallsMin - 1, "TIMEOUT", 49));

        Assert.Null(few.Hash);
        Assert.False(Simulator.Simulate(House, Ask(Calls("http_call")) with { Measured = few }).FactVersions.ContainsKey("measured_risks"));
        Assert.Equal(0.1, Simulator.Simulate(House, Ask(Calls("http_call")) with { Measured = few }).Steps[0].RiskProbability);
        Assert.Equal(Measured(("a", 50, "TIMEOUT", 1)).Hash, Measured(("a", 50, "TIMEOUT", 1)).Hash);
        Assert.Equal(3, new[] { Measured(("a", 50, "TIMEOUT", 1)).Hash, Measured(("a", 51, "TIMEOUT", 1)).Hash, Measured(("a", 50, "TIMEOUT", 2)).Hash }.Distinct().Count());
    }

    [Fact]
    [Trait("id", "D2.5-04")]
    public async Task A_database_that_is_slow_or_away_leaves_what_was_known()
    {
        var (clock, database, cancel) = (new ManualClock(), new SlowDatabase(), TestContext.Current.CancellationToken);
        var rates = new CallRates(new CallTable(database), clock);

        var first = rates.OfAsync(TenantId.Default, cancel);
        Assert.False(first.IsCompleted);
        while (clock.NextDue is null) await Task.Yield();
        clock.Advance(CallRates.FirstWait);
        Assert.Null((await first).Hash);

        database.Answer([new CallRate("http_call", 50, ImmutableSortedDictionary<string, long>.Empty)]);
        while ((await rates.OfAsync(TenantId.Default, cancel)).Hash is null) await Task.Yield();
        database.Hold();
        clock.Advance(CallRates.Fresh);
        var stale = rates.OfAsync(TenantId.Default, cancel); // Begins to read, and does not wait for it.
        Assert.True(stale.IsCompletedSuccessfully);
        Assert.NotNull((await stale).Hash);
        database.Fail();
        Assert.NotNull((await rates.OfAsync(TenantId.Default, cancel)).Hash);

        rates.Called(TenantId.Default, "echo", null);
        await Assert.ThrowsAsync<JournalUnavailableException>(() => rates.PassAsync(cancel));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => rates.PassAsync(cancel)); // Still there to be written.
    }

    private static MeasuredRisks Measured(params (string Skill, long Calls, string Code, long Failures)[] rates) =>
        new(rates.Select(rate => new CallRate(rate.Skill, rate.Calls, ImmutableSortedDictionary<string, long>.Empty.Add(rate.Code, rate.Failures))));

    /// <summary>Reads take until the test says what comes of them; writes fail.</summary>
    private sealed class SlowDatabase : IDatabase, ITables
    {
        private TaskCompletionSource<object> next = New();

        public Dialect Dialect => Dialect.Sqlite;

        public ITables ForHouse => this;

        public ITables For(TenantId tenant) => this;

        public void Lock(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, string name)
        {
        }

        public async Task<T> ReadAsync<T>(Func<System.Data.Common.DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel) => (T)await next.Task;

        public Task<T> WriteAsync<T>(Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, T> write, CancellationToken cancel) =>
            throw new JournalUnavailableException("planted", TimeSpan.Zero);

        internal void Answer(IReadOnlyList<CallRate> rates) => next.SetResult(rates);

        internal void Hold() => next = New();

        internal void Fail() => next.SetException(new JournalUnavailableException("planted", TimeSpan.Zero));

        private static TaskCompletionSource<object> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
