using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.Runs;

/// <summary>Counts calls that wait for their targets. Labels are kinds, never names of hosts or skills.</summary>
internal sealed class FlowMeter
{
    private readonly Histogram<double> waits;
    private readonly UpDownCounter<long> waiting;
    private readonly Counter<long> refused;
    private readonly Counter<long> penalties;

    public FlowMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Flow");
        waits = meter.CreateHistogram<double>("aos_target_wait_seconds", "s", "How long calls waited for their target, those that did not wait left out, by kind of target.");
        waiting = meter.CreateUpDownCounter<long>("aos_target_waiting", null, "Calls that wait for their target now.");
        refused = meter.CreateCounter<long>("aos_target_refusals_total", null, "Calls that failed because too many waited (full) or they would have waited too long (long), by kind of target.");
        penalties = meter.CreateCounter<long>("aos_target_penalties_total", null, "Answers that slowed a target down for all, by kind of target.");
    }

    internal void Began() => waiting.Add(1);

    internal void Ended(TargetKind kind, TimeSpan time)
    {
        waiting.Add(-1);
        waits.Record(time.TotalSeconds, Kind(kind));
    }

    internal void Refused(TargetKind kind, string why) => refused.Add(1, Kind(kind), new("why", why));

    internal void Penalised(TargetKind kind) => penalties.Add(1, Kind(kind));

    private static KeyValuePair<string, object?> Kind(TargetKind kind) => new("kind", NeedsReader.Word(kind));
}
