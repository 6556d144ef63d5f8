using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Workflow.Tests.Observing;

/// <summary>What the engine counts, by name and labels as a page of Prometheus writes them.</summary>
internal sealed class Counted : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, (double Sum, long Count)> all = new(StringComparer.Ordinal);

    internal Counted()
    {
        Factory = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, Factory)) listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    internal IMeterFactory Factory { get; }

    internal IEnumerable<string> Series => all.Keys.Order(StringComparer.Ordinal);

    /// <summary>The sum of a series; 0: there is none.</summary>
    internal double this[string series] => all.TryGetValue(series, out var found) ? found.Sum : 0;

    /// <summary>How often a histogram was told something.</summary>
    internal long Times(string series) => all.TryGetValue(series, out var found) ? found.Count : 0;

    public void Dispose()
    {
        listener.Dispose();
        services.Dispose();
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<string>();
        foreach (var tag in tags) labels.Add($"{tag.Key}={tag.Value}");
        all.AddOrUpdate(
            labels.Count == 0 ? instrument.Name : $"{instrument.Name}{{{string.Join(',', labels)}}}",
            _ => (value, 1), (_, before) => (before.Sum + value, before.Count + 1));
    }
}
