using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Counts failed steps and what became of them. Labels are codes, categories and modes of the catalog alone: their number is bounded.</summary>
internal sealed class FailureMeter
{
    private readonly Counter<long> hits;
    private readonly Counter<long> misses;
    private readonly Counter<long> recovered;
    private readonly Counter<long> lost;
    private readonly Counter<long> dropped;
    private long aggregatedAt;

    public FailureMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Failures");
        hits = meter.CreateCounter<long>("failure_match_hits_total", null, "Failed calls and steps that the catalog knows, by error_code, category and recovery_mode.");
        misses = meter.CreateCounter<long>("failure_match_misses_total", null, "Failed calls and steps that it does not know.");
        recovered = meter.CreateCounter<long>("recovery_success_total", null, "Failures that were recovered from, by recovery_mode and error_code (UNMATCHED: not of the catalog).");
        lost = meter.CreateCounter<long>("recovery_failure_total", null, "Failures whose recovery did not succeed, by recovery_mode and error_code.");
        dropped = meter.CreateCounter<long>("failure_persist_dropped_total", null, "Failures that got no row of their own, by reason (list_item: beyond the first 100 items of a list).");
        meter.CreateObservableGauge("failure_aggregation_last_run_timestamp", Aggregation, "s", "When this node last gathered unknown failures of all tenants, seconds since 1970.");
    }

    internal void Failed(string? entry)
    {
        if (entry is not null && FailureCatalog.Find(entry) is { } known)
            hits.Add(1, Tag("error_code", known.Code), Tag("category", known.Category.ToString().ToUpperInvariant()), Tag("recovery_mode", Wire.Of(FailureTraits.RecoveryOf(known))));
        else misses.Add(1);
    }

    /// <param name="entry">The catalog's code; null: not known.</param>
    internal void Tried(string? entry, bool isRecovered)
    {
        var known = entry is null ? null : FailureCatalog.Find(entry);
        (isRecovered ? recovered : lost).Add(1, Tag("recovery_mode", known is null ? "NONE" : Wire.Of(FailureTraits.RecoveryOf(known))), Tag("error_code", known?.Code ?? "UNMATCHED"));
    }

    internal void LeftOut() => dropped.Add(1, Tag("reason", "list_item"));

    internal void Aggregated(DateTimeOffset at) => Interlocked.Exchange(ref aggregatedAt, at.ToUnixTimeSeconds());

    private IEnumerable<Measurement<long>> Aggregation() => Interlocked.Read(ref aggregatedAt) is var at and > 0 ? [new Measurement<long>(at)] : [];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
