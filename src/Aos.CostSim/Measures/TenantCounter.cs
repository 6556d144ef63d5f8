using System.Diagnostics.Metrics;

namespace Aos.CostSim;

/// <summary>Counts something of tenants by one more label of known values. Each tenant's series are there, as 0, from the moment it is first met: a first count is a rise.</summary>
internal sealed class TenantCounter
{
    private readonly Counter<long> counter;
    private readonly TenantLabels tenants = new();
    private readonly string label;
    private readonly string[] values;

    internal TenantCounter(Meter meter, string name, string description, string label, params string[] values)
    {
        (this.label, this.values) = (label, values);
        counter = meter.CreateCounter<long>(name, null, description);
        Begin(TenantLabels.House);
        Begin(TenantLabels.Others);
    }

    internal void Add(Kernel.TenantId tenant, string value, long count = 1)
    {
        var (of, isNew) = tenants.Of(tenant);
        if (isNew) Begin(of);
        counter.Add(count, TenantLabels.Tag(of), new KeyValuePair<string, object?>(label, value));
    }

    private void Begin(string of)
    {
        foreach (var value in values) counter.Add(0, TenantLabels.Tag(of), new KeyValuePair<string, object?>(label, value));
    }
}

/// <summary>Measures something of tenants.</summary>
internal sealed class TenantHistogram(Meter meter, string name, string? unit, string description, double[] bounds)
{
    private readonly Histogram<double> histogram = meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
    private readonly TenantLabels tenants = new();

    internal void Record(Kernel.TenantId tenant, double value) => histogram.Record(value, TenantLabels.Tag(tenants.Of(tenant).Label));
}
