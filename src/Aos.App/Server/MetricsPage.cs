using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Aos.App.Server;

/// <summary>
/// Listens to the rooms' instruments (meters named <c>Aos.*</c>) and prints them in the text format of Prometheus 0.0.4.
/// An instrument has at most <see cref="SeriesMax"/> series and <see cref="LabelsMax"/> labels; further values are counted under
/// <c>other</c>, so that no caller can grow the page.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    private const int SeriesMax = 200;
    private const int LabelsMax = 4;
    private static readonly double[] Usual = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120];
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, Family> families = new();
    private readonly Lock reading = new();

    public MetricsPage(IMeterFactory factory)
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            // Listeners hear the whole process; this host's factory marks its own meters.
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name.StartsWith("Aos.", StringComparison.Ordinal))
                listening.EnableMeasurementEvents(instrument, families.GetOrAdd(instrument, known => new Family(known)));
        };
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((Family)family!).Take(value, tags));
        listener.Start();
    }

    public void Dispose() => listener.Dispose();

    /// <summary>What is observed is read anew each time: what is told of no more is not there, and what counts under <c>other</c> is a sum.</summary>
    internal string Text()
    {
        lock (reading)
        {
            foreach (var family in families.Values) family.Forget();
            listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var family in families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)) family.Write(text);
            return text.ToString();
        }
    }

    /// <summary>Values of up to four labels; the names are the instrument's, in the order of its first measurement.</summary>
    private readonly record struct Labels(string? A, string? B, string? C, string? D)
    {
        internal Labels Other() => new(A is null ? null : "other", B is null ? null : "other", C is null ? null : "other", D is null ? null : "other");
    }

    private sealed class Series(double[] bounds)
    {
        private readonly Lock gate = new();
        private readonly long[] buckets = new long[bounds.Length];

        internal double Sum { get; private set; }

        internal long Count { get; private set; }

        internal void Add(double value)
        {
            lock (gate)
            {
                Sum += value;
                Count++;
            }
        }

        internal void Set(double value)
        {
            lock (gate)
            {
                Sum = value;
                Count = 1;
            }
        }

        internal void Observe(double value)
        {
            lock (gate)
            {
                Sum += value;
                Count++;
                for (var i = 0; i < bounds.Length; i++)
                {
                    if (value <= bounds[i]) buckets[i]++;
                }
            }
        }

        internal (double Sum, long Count, long[] Buckets) Read()
        {
            lock (gate) return (Sum, Count, [.. buckets]);
        }
    }

    private sealed class Family(Instrument instrument)
    {
        private readonly ConcurrentDictionary<Labels, Series> all = new();
        private readonly string kind = Kind(instrument);
        private readonly bool isObserved = instrument.IsObservable;

        /// <summary>It tells where it stands, not how far it went.</summary>
        private readonly bool isLast = instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);

        /// <summary>Bounds of a histogram: those that it was made with, else the usual ones.</summary>
        private readonly double[] bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : Usual;

        private string[]? names;

        internal string Name => instrument.Name;

        internal void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            names ??= Names(tags);
            var labels = new Labels(Value(tags, 0), Value(tags, 1), Value(tags, 2), Value(tags, 3));
            if (!all.TryGetValue(labels, out var series)) series = all.GetOrAdd(all.Count < SeriesMax ? labels : labels.Other(), _ => new Series(bounds));
            if (kind == "histogram") series.Observe(value);
            else if (isLast) series.Set(value);
            else series.Add(value);
        }

        /// <summary>Of an instrument that is observed.</summary>
        internal void Forget()
        {
            if (isObserved) all.Clear();
        }

        internal void Write(StringBuilder text)
        {
            text.Append("# HELP ").Append(Name).Append(' ').Append((instrument.Description ?? "").Replace("\n", " ", StringComparison.Ordinal)).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(kind).Append('\n');
            foreach (var (labels, series) in all.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal)) Write(text, labels, series);
        }

        private void Write(StringBuilder text, Labels labels, Series series)
        {
            var (sum, count, buckets) = series.Read();
            if (kind != "histogram")
            {
                Line(text, Name, labels, null, sum);
                return;
            }

            for (var i = 0; i < bounds.Length; i++) Line(text, Name + "_bucket", labels, Number(bounds[i]), buckets[i]);
            Line(text, Name + "_bucket", labels, "+Inf", count);
            Line(text, Name + "_sum", labels, null, sum);
            Line(text, Name + "_count", labels, null, count);
        }

        private void Line(StringBuilder text, string name, Labels labels, string? le, double value)
        {
            text.Append(name);
            var pairs = new List<string>(LabelsMax + 1);
            string?[] values = [labels.A, labels.B, labels.C, labels.D];
            for (var i = 0; i < (names?.Length ?? 0); i++) pairs.Add($"{names![i]}=\"{Escaped(values[i] ?? "")}\"");
            if (le is not null) pairs.Add($"le=\"{le}\"");
            if (pairs.Count > 0) text.Append('{').AppendJoin(',', pairs).Append('}');
            text.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string[] Names(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var names = new string[Math.Min(tags.Length, LabelsMax)];
            for (var i = 0; i < names.Length; i++) names[i] = tags[i].Key;
            return names;
        }

        private static string? Value(ReadOnlySpan<KeyValuePair<string, object?>> tags, int index) =>
            index < tags.Length ? tags[index].Value as string ?? Convert.ToString(tags[index].Value, CultureInfo.InvariantCulture) : null;

        private static string Kind(Instrument instrument)
        {
            var type = instrument.GetType().Name;
            return type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
                : type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal) ? "counter" : "gauge";
        }

        private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

        private static string Escaped(string text) =>
            text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
    }
}
