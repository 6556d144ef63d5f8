using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.CostSim.Tests;

/// <summary>The second model beside the first, off the path of whoever simulates.</summary>
[Trait("store", "none")]
public sealed class ShadowRuns : IDisposable
{
    private static readonly Caller Somebody = new(new TenantId("acme"), "key:1", []);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ServiceProvider metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly SortedDictionary<string, long> dropped = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly ManualClock clock = new();
    private readonly Breaker breaker = new();
    private readonly Records records = new();

    public ShadowRuns()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "costsim_shadow_dropped_total" && instrument.Meter.Scope == metrics.GetRequiredService<IMeterFactory>()) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => dropped[(string)tags[0].Value!] = dropped.GetValueOrDefault((string)tags[0].Value!) + value);
        listener.Start();
    }

    public void Dispose()
    {
        listener.Dispose();
        metrics.Dispose();
    }

    [Fact]
    [Trait("id", "D3.1-01")]
    public async Task All_that_waits_is_compared_under_one_leave_one_report_and_one_write()
    {
        var (desk, worker) = Open();
        for (var i = 0; i < 3; i++) desk.Offer(Simulated("""[{"skill":"llm_invoke","params":{"prompt":"Hello world"}}]"""));
        desk.Offer(Simulated("""[{"skill":"wait","params":{"ms":1}}]""")); // Nothing of it costs.
        Assert.Equal(0, breaker.Asked);

        Assert.Equal(3, await worker.PassAsync(cancel));
        Assert.Equal((1, 1, 1), (breaker.Asked, breaker.Reports.Count, records.Writes));
        Assert.Equal((0.12, 3, 0, """{"verdicts":{"minor_drift":3}}"""), (Math.Round(breaker.Reports[0].DriftScore, 9), breaker.Reports[0].SampleCount, breaker.Reports[0].SchemaErrors, breaker.Reports[0].Details.GetRawText()));
        var record = records.All[0];
        Assert.Equal(("v2", "shadow", 5m, 4m, "minor_drift", "success", "acme", "2.0.0"), (record.Variant, record.Source, record.V1Cents, record.V2Cents, record.Verdict, record.Status, record.Tenant.Value, record.ModelVersion));
        Assert.Equal(0, await worker.PassAsync(cancel));
        Assert.Equal(1, breaker.Asked);
    }

    [Fact]
    [Trait("id", "D3.1-02")]
    public async Task What_finds_no_room_is_counted_and_let_go()
    {
        var (desk, worker) = Open();
        for (var i = 0; i < ModelDesk.QueueMax + 7; i++) desk.Offer(Simulated("""[{"skill":"email_send"}]"""));

        Assert.Equal(7, dropped["queue_full"]);
        Assert.Equal(ModelDesk.QueueMax, (await desk.StandingAsync(cancel)).Waiting);
        Assert.Equal(ModelDesk.QueueMax, await worker.PassAsync(cancel));
    }

    [Theory]
    [Trait("id", "D3.1-03")]
    [InlineData(true, "breaker_open")]
    [InlineData(false, "breaker_unavailable")]
    public async Task An_open_breaker_or_one_that_is_away_keeps_the_second_model_out(bool isThere, string reason)
    {
        var (desk, worker) = Open();
        breaker.Status = BreakerStatus.Open;
        breaker.IsAway = !isThere;
        desk.Offer(Simulated("""[{"skill":"email_send"}]"""));

        Assert.Equal(0, await worker.PassAsync(cancel));
        Assert.Empty(breaker.Reports);
        Assert.Equal(1, dropped[reason]);
        Assert.Empty(records.All);
    }

    [Fact]
    [Trait("id", "D3.1-04")]
    public async Task A_probe_is_one_question_with_its_own_report()
    {
        var (desk, worker) = Open();
        breaker.Status = BreakerStatus.HalfOpen;
        for (var i = 0; i < 5; i++) desk.Offer(Simulated("""[{"skill":"email_send"}]"""));

        Assert.Equal(1, await worker.PassAsync(cancel));
        Assert.Equal((1, breaker.Probe), (breaker.Reports[0].SampleCount, breaker.Reports[0].Probe));
        Assert.Equal("v2", Assert.Single(records.All).Variant);
    }

    [Fact]
    [Trait("id", "D3.1-05")]
    public async Task Records_wait_for_a_database_that_is_away()
    {
        var (desk, worker) = Open();
        records.IsAway = true;
        desk.Offer(Simulated("""[{"skill":"email_send"}]"""));
        await worker.PassAsync(cancel);
        Assert.Empty(records.All);

        records.IsAway = false;
        await worker.PassAsync(cancel);
        await worker.PassAsync(cancel);
        Assert.Single(records.All);
    }

    [Fact]
    [Trait("id", "D3.1-06")]
    public async Task Lists_children_and_agents_are_looked_at_as_the_calls_they_make()
    {
        var (desk, worker) = Open();
        desk.Offer(Simulated(
            """
            {"name":"p","steps":[{"id":"a","for_each":"${{ inputs.rows }}","skill":"email_send","params":{}},{"id":"f","fallback_only":true,"skill":"llm_invoke","params":{}},
             {"id":"b","run":{"plan":{"name":"c","steps":[{"id":"x","for_each":"${{ inputs.n }}","skill":"email_send","params":{}}]},"inputs":{"n":[1,2]}}},
             {"id":"e","agent":{"goal":"think","skills":["echo"]}},{"id":"g","skill":"http_call","params":{},"on_error":{"fallback":"f"}}]}
            """, """{"rows":[1,2,3]}"""));
        await worker.PassAsync(cancel);

        Assert.Equal(
            ["email_send", "email_send", "email_send", "email_send", "email_send", "llm_invoke", "http_call"],
            records.All[0].Payload.GetProperty("question").GetProperty("plan").EnumerateArray().Select(step => step.GetText("skill")!));
        desk.Offer(Simulated(
            """{"name":"p","steps":[{"id":"a","for_each":"${{ inputs.rows }}","skill":"email_send","params":{}},{"id":"b","for_each":"${{ inputs.rows }}","skill":"email_send","params":{}}]}""",
            $$"""{"rows":[{{string.Join(',', Enumerable.Repeat(0, 6_000))}}]}"""));
        Assert.Equal(0, await worker.PassAsync(cancel)); // 12,000 calls are too many.
    }

    [Fact]
    [Trait("id", "D3.1-07")]
    public async Task Off_it_asks_nobody_and_without_provenance_it_keeps_nothing()
    {
        var (desk, worker) = Open(isOn: false);
        desk.Offer(Simulated("""[{"skill":"email_send"}]"""));
        Assert.Equal(0, await worker.PassAsync(cancel));
        Assert.Equal((0, 0), (breaker.Asked, records.All.Count));

        var (alone, _) = Open(isOn: false, keeps: false);
        alone.Offer(Simulated("""[{"skill":"email_send"}]"""));
        Assert.Equal(0, (await alone.StandingAsync(cancel)).Waiting);
    }

    [Fact]
    [Trait("id", "D1.2-02")]
    public async Task Asked_for_its_own_sake_the_second_model_never_fails_the_first()
    {
        var (desk, worker) = Open();
        var question = GoldenVectors.Plan("llm:Hello world", 100);

        var both = await desk.AskAsync(Somebody.Tenant, null, question, cancel);
        Assert.Equal((5, 4, "minor_drift", true, null), (both.First.CostCents, both.Second!.CostCents, both.Comparison!.Verdict, both.IsOn, both.Problem));
        Assert.Equal((1, 1), (breaker.Reports.Count, breaker.Reports[0].SampleCount));

        breaker.Trips = true;
        var tripped = await desk.AskAsync(Somebody.Tenant, null, question, cancel);
        Assert.NotNull(tripped.Second);
        Assert.Contains("tripped", tripped.Problem, StringComparison.Ordinal);

        breaker.Status = BreakerStatus.Open;
        var open = await desk.AskAsync(Somebody.Tenant, null, question, cancel);
        Assert.Equal((5, null, false), (open.First.CostCents, open.Second, open.IsOn));
        Assert.Contains("disabled by the circuit breaker", open.Problem, StringComparison.Ordinal);

        breaker.IsAway = true;
        var unknown = await desk.AskAsync(Somebody.Tenant, null, question, cancel);
        Assert.Equal((5, null, true), (unknown.First.CostCents, unknown.Second, unknown.IsOn));
        Assert.Contains("cannot be read", unknown.Problem, StringComparison.Ordinal);
        Assert.True((await desk.StandingAsync(cancel)) is { IsOpen: true, IsBreakerKnown: false });

        var off = await Open(isOn: false).Desk.AskAsync(Somebody.Tenant, null, question, cancel);
        Assert.Equal((5, null, false, null), (off.First.CostCents, off.Second, off.IsOn, off.Problem));
        await worker.PassAsync(cancel);
        Assert.Equal(4, records.All.Count(record => record.Source == "manual"));
    }

    [Fact]
    [Trait("id", "D1.2-03")]
    public async Task A_breaker_that_does_not_answer_is_waited_for_two_seconds()
    {
        var (desk, _) = Open();
        breaker.Hangs = true;
        var asking = desk.AskAsync(Somebody.Tenant, null, GoldenVectors.Plan("email", 50), cancel);
        Assert.False(asking.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Contains("did not answer within 2 s", (await asking).Problem, StringComparison.Ordinal);
        Assert.Equal(1, (await asking).First.CostCents);
    }

    [Fact]
    [Trait("id", "D3.1-09")]
    public async Task Another_model_joins_by_its_name_and_what_it_throws_is_a_finding_about_it()
    {
        var (desk, worker) = Open(model: "thrower");
        var answers = await desk.AskAsync(Somebody.Tenant, null, GoldenVectors.Plan("llm:Hello", 100), cancel);
        desk.Offer(Simulated("""[{"skill":"email_send"}]"""));
        await worker.PassAsync(cancel);

        Assert.Equal((5, null, true, "planted"), (answers.First.CostCents, answers.Second, answers.IsOn, answers.Problem));
        Assert.Equal([(1, 1), (1, 1)], breaker.Reports.Select(report => (report.SchemaErrors, report.SampleCount)));
        Assert.Equal(1, breaker.Reports[1].DriftScore);
        Assert.Contains("InvalidOperationException: planted", breaker.Reports[1].Details.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("there are v2, thrower", Assert.Throws<InvalidOperationException>(() => Open(model: "v9")).Message, StringComparison.Ordinal);
    }

    private (ModelDesk Desk, ShadowWorker Worker) Open(bool isOn = true, bool keeps = true, string model = "v2")
    {
        var options = new CostSimOptions { Models = new CostModelOptions { IsShadowOn = isOn, KeepsProvenance = keeps, ShadowModel = model } };
        var meter = new ShadowMeter(metrics.GetRequiredService<IMeterFactory>());
        var desk = new ModelDesk(options, [new CoefficientModel(), new DatasetVerdicts.Thrower()], meter, clock, breaker, records);
        return (desk, new ShadowWorker(desk, meter, clock, NullLogger<ShadowWorker>.Instance, breaker, records));
    }

    private static SimulatedPlan Simulated(string plan, string inputs = "{}") =>
        new(Somebody.Tenant, SimulationWorld.Ask(plan).Reading.Plan!, Json.Parse(inputs), new Cents(100), new Cents(1));

    /// <summary>Says what the test tells it to.</summary>
    private sealed class Breaker : ICostBreaker
    {
        internal BreakerStatus Status { get; set; } = BreakerStatus.Closed;

        internal bool IsAway { get; set; }

        internal bool Hangs { get; set; }

        internal bool Trips { get; set; }

        internal int Asked { get; private set; }

        internal Guid Probe { get; } = Guid.Parse("00000000-0000-7000-8000-000000000001");

        internal List<BreakerReport> Reports { get; } = [];

        public Task<BreakerState> StateAsync(CancellationToken cancel) => IsAway ? throw new JournalUnavailableException("planted", TimeSpan.Zero) : Task.FromResult(State());

        public async Task<BreakerLeave> AdmitAsync(CancellationToken cancel)
        {
            Asked++;
            if (IsAway) throw new JournalUnavailableException("planted", TimeSpan.Zero);
            if (Hangs) await new TaskCompletionSource().Task.WaitAsync(cancel);
            return new BreakerLeave(Status != BreakerStatus.Open, Status == BreakerStatus.HalfOpen ? Probe : null, State());
        }

        public Task<BreakerIncident?> ReportAsync(BreakerReport report, CancellationToken cancel)
        {
            Reports.Add(report);
            return Task.FromResult(Trips ? new BreakerIncident("1", default, "drift", "P1", 1, 1, Json.EmptyObject, false, null, null, null, false, null) : null);
        }

        public Task<(bool Changed, BreakerIncident? Incident)> DisableAsync(Caller by, string reason, DateTimeOffset? until, CancellationToken cancel) => throw new NotSupportedException();

        public Task<bool> EnableAsync(Caller by, string reason, CancellationToken cancel) => throw new NotSupportedException();

        public Task<IReadOnlyList<BreakerIncident>> IncidentsAsync(bool withResolved, int limit, CancellationToken cancel) => throw new NotSupportedException();

        public Task<IReadOnlyList<BreakerChange>> HistoryAsync(int limit, CancellationToken cancel) => throw new NotSupportedException();

        public Task<BreakerAlerts> AlertsAsync(CancellationToken cancel) => throw new NotSupportedException();

        private BreakerState State() => new("costsim_v2", Status, null, "drift", null, 0, null, null, null, 0);
    }

    private sealed class Records : IProvenance
    {
        internal List<ProvenanceRecord> All { get; } = [];

        internal int Writes { get; private set; }

        internal bool IsAway { get; set; }

        public Task<int> WriteAsync(IReadOnlyList<ProvenanceRecord> written, CancellationToken cancel)
        {
            if (IsAway) throw new JournalUnavailableException("planted", TimeSpan.Zero);
            Writes++;
            All.AddRange(written);
            return Task.FromResult(written.Count);
        }

        public Task<IReadOnlyList<ProvenanceRecord>> QueryAsync(ProvenanceFilter filter, int limit, int offset, CancellationToken cancel) => throw new NotSupportedException();

        public Task<long> CountAsync(ProvenanceFilter filter, CancellationToken cancel) => throw new NotSupportedException();

        public Task<ProvenanceStats> StatsAsync(ProvenanceFilter filter, CancellationToken cancel) => throw new NotSupportedException();
    }
}
