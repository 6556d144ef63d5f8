using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>What the instruments of a factory were told, by name and labels: <c>name{label=value}</c>.</summary>
internal sealed class Measured : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, double> sums = new(StringComparer.Ordinal);
    private readonly IMeterFactory factory;

    /// <param name="of">Null: a factory of its own.</param>
    internal Measured(IMeterFactory? of = null)
    {
        factory = of ?? services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory)) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    internal IMeterFactory Factory => factory;

    internal IEnumerable<string> Series => sums.Keys;

    /// <summary>The sum of a series, of a gauge its value; null: nothing was ever said of it.</summary>
    internal double? this[string series] => sums.TryGetValue(series, out var sum) ? sum : null;

    /// <summary>Reads the gauges anew.</summary>
    internal void Look()
    {
        foreach (var gauge in sums.Keys.Where(gauges.ContainsKey).ToList()) sums.TryRemove(gauge, out _);
        listener.RecordObservableInstruments();
    }

    public void Dispose()
    {
        listener.Dispose();
        services.Dispose();
    }

    private readonly ConcurrentDictionary<string, bool> gauges = new(StringComparer.Ordinal);

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<string>();
        foreach (var tag in tags) labels.Add($"{tag.Key}={tag.Value}");
        var name = labels.Count == 0 ? instrument.Name : $"{instrument.Name}{{{string.Join(',', labels)}}}";
        if (instrument.IsObservable) gauges[name] = true;
        sums.AddOrUpdate(name, _ => value, (_, before) => instrument.IsObservable ? value : before + value);
    }
}
