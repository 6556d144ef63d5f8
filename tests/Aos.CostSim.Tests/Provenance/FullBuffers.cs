using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.CostSim.Tests;

/// <summary>What finds the buffer full is let go; what the store refuses holds up nothing.</summary>
[Trait("store", "none")]
public sealed class FullBuffers
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "D6.1-05")]
    [Trait("id", "D6.1-06")]
    public async Task Drops_are_counted_and_a_batch_that_is_refused_goes_alone()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var counted = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using var listener = Listen(factory, (name, value) => counted[name] = counted.GetValueOrDefault(name) + value);
        var table = new Planted();
        using var buffer = new ProvenanceBuffer(table, new ProvenanceMeter(factory), new ManualClock(), new ProvenanceLog(NullLogger<ProvenanceLog>.Instance));

        for (var n = 0; n < ProvenanceBuffer.Max + 3; n++)
        {
            var question = $"q{n}";
            buffer.Add(() => Records.Provenance("acme", question));
        }

        await buffer.StartAsync(Cancel);
        await buffer.StopAsync(Cancel);

        Assert.Equal(3, counted["costsim_provenance_dropped_total full"]);
        Assert.Equal(ProvenanceBuffer.BatchMax, counted["costsim_provenance_dropped_total refused"]);
        Assert.Equal(ProvenanceBuffer.Max - ProvenanceBuffer.BatchMax, table.Batches.Skip(1).Sum());
    }

    [Fact]
    [Trait("id", "D6.1-07")]
    public async Task A_plan_that_is_simulated_again_and_again_costs_its_record_once_a_day()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = Listen(factory, (name, count) =>
        {
            if (name == "costsim_provenance_dropped_total refused" && count > 0) refused.TrySetResult();
        });
        var (table, clock) = (new Planted(), new ManualClock());
        using var buffer = new ProvenanceBuffer(table, new ProvenanceMeter(factory), clock, new ProvenanceLog(NullLogger<ProvenanceLog>.Instance));
        var recorder = new SimulationRecorder(buffer, new ProvenanceOptions(), clock);
        await buffer.StartAsync(Cancel);

        Ask("acme", "a");
        for (var set = clock.Changed; clock.NextDue is null; set = clock.Changed) await set;
        clock.Advance(TimeSpan.FromSeconds(1));
        await refused.Task;
        foreach (var plan in "aaabab") Ask("acme", plan.ToString());
        Ask("rival", "a");
        Ask("acme", "a", budget: 7);
        clock.Advance(TimeSpan.FromDays(1));
        Ask("acme", "a");
        Ask("acme", "a");
        await buffer.StopAsync(Cancel);

        Assert.Equal(1 + 5, table.Batches.Sum());

        void Ask(string tenant, string plan, int? budget = null)
        {
            var request = SimulationWorld.Ask($$"""{"name":"{{plan}}","steps":[{"id":"a","skill":"echo"}]}""", budget) with { Tenant = new TenantId(tenant) };
            recorder.Record(request, () => Simulator.Simulate(SimulationWorld.House, request));
        }
    }

    private static MeterListener Listen(IMeterFactory factory, Action<string, long> counted)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counted(instrument.Name + (tags.Length > 0 ? $" {tags[0].Value}" : ""), value));
        listener.Start();
        return listener;
    }

    /// <summary>Refuses the first batch.</summary>
    private sealed class Planted : IProvenance
    {
        private bool refused;

        internal List<int> Batches { get; } = [];

        public Task<int> WriteAsync(IReadOnlyList<ProvenanceRecord> records, CancellationToken cancel)
        {
            Batches.Add(records.Count);
            if (refused) return Task.FromResult(records.Count);
            refused = true;
            throw new InvalidDataException("Never.");
        }

        public Task<IReadOnlyList<ProvenanceRecord>> QueryAsync(ProvenanceFilter filter, int limit, int offset, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<long> CountAsync(ProvenanceFilter filter, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<ProvenanceStats> StatsAsync(ProvenanceFilter filter, CancellationToken cancel) => throw new InvalidOperationException();
    }
}
