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
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = instrument.Name + (tags.Length > 0 ? $" {tags[0].Value}" : "");
            counted[name] = counted.GetValueOrDefault(name) + value;
        });
        listener.Start();
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
    public async Task What_this_process_has_stored_is_not_written_again()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var table = new Planted(refused: true);
        using var buffer = new ProvenanceBuffer(table, new ProvenanceMeter(services.GetRequiredService<IMeterFactory>()), new ManualClock(), new ProvenanceLog(NullLogger<ProvenanceLog>.Instance));
        foreach (var question in Enumerable.Range(0, ProvenanceBuffer.BatchMax).Concat(Enumerable.Range(0, ProvenanceBuffer.BatchMax + 1)))
            buffer.Add(() => Records.Provenance("acme", $"q{question}"));
        buffer.Add(() => Records.Provenance("rival", "q0"));

        await buffer.StartAsync(Cancel);
        await buffer.StopAsync(Cancel);

        Assert.Equal([ProvenanceBuffer.BatchMax, 2], table.Batches); // A new question, and what another tenant asked.
    }

    /// <summary>Refuses the first batch.</summary>
    private sealed class Planted(bool refused = false) : IProvenance
    {
        private bool refused = refused;

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
