using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Measures what is asked of traces. Labels are few: operations and outcomes by name, tenants as the first 8 hex digits of SHA-256.</summary>
internal sealed class TraceMeter
{
    private static readonly double[] Seconds = [.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private static readonly double[] StoreSeconds = [.001, .005, .01, .025, .05, .1, .25, .5, 1];
    private static readonly double[] Steps = [1, 5, 10, 25, 50, 100, 250, 500];
    private static readonly double[] Bytes = [1024, 10240, 102400, 1048576, 10485760];
    private readonly Histogram<double> duration;
    private readonly Counter<long> requests;
    private readonly Counter<long> replays;
    private readonly Counter<long> keys;
    private readonly Histogram<double> steps;
    private readonly Histogram<double> size;
    private readonly Counter<long> parity;
    private readonly Histogram<double> storing;
    private readonly Counter<long> verifications;
    private readonly Counter<long> replayFailures;
    private readonly ConcurrentDictionary<string, bool> newest = new(StringComparer.Ordinal);

    public TraceMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Traces");
        duration = Histogram(meter, "aos_trace_request_duration_seconds", "s", "How long requests about traces took, by operation and status.", Seconds);
        requests = meter.CreateCounter<long>("aos_trace_requests_total", null, "Requests about traces, by operation and status.");
        replays = meter.CreateCounter<long>("aos_replay_enforcement_total", null, "Replays, by mode and outcome.");
        keys = meter.CreateCounter<long>("aos_idempotency_total", null, "Requests to store a trace that had an idempotency key, by what became of it.");
        steps = Histogram(meter, "aos_trace_steps_count", null, "Steps of stored traces.", Steps);
        size = Histogram(meter, "aos_trace_size_bytes", "By", "Bytes of stored traces as they came.", Bytes);
        verifications = meter.CreateCounter<long>("workflow_replay_verifications_total", null, "Replays and verifications of runs, by status (passed, failed).");
        replayFailures = meter.CreateCounter<long>("workflow_replay_failures_total", null, "Those that failed, by failure_type (timeout, record, divergence) and spec_id (the stored workflow).");
        parity = meter.CreateCounter<long>("aos_parity_failures_total", null, "Traces that were not as something else says: store, root_hash, content, replay, reported.");
        storing = Histogram(meter, "aos_trace_storage_duration_seconds", "s", "How long the store took, by operation (store, load, delete) and backend.", StoreSeconds);
        meter.CreateObservableGauge(
            "aos_trace_parity_status",
            () => newest.Select(check => new Measurement<int>(check.Value ? 1 : 0, Tag("check_type", check.Key))), null,
            "1: the newest check of this kind (store, compare, replay) found what it should; 0: it did not.");
        meter.CreateObservableGauge(
            "aos_traces_build_info",
            () => new Measurement<long>(1, new KeyValuePair<string, object?>("version", "1.1"), new KeyValuePair<string, object?>("schema_version", Trace11.SchemaVersion), new KeyValuePair<string, object?>("determinism", "enabled")),
            null, "The schema of traces.");
    }

    /// <summary>Does the work and measures it. What throws counts as an error.</summary>
    internal async Task<T> OfAsync<T>(string operation, TenantId tenant, Func<Task<T>> work, Func<T, bool> isOk)
    {
        var began = Stopwatch.GetTimestamp();
        var ok = false;
        try
        {
            var result = await work();
            ok = isOk(result);
            return result;
        }
        finally
        {
            KeyValuePair<string, object?>[] tags = [Tag("operation", operation), Tag("status", ok ? "success" : "error"), Of(tenant)];
            requests.Add(1, tags);
            duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
    }

    internal void Stored(TenantId tenant, Dialect dialect, TimeSpan took, int count, int bytes)
    {
        Kept("store", dialect, took);
        Checked("store", true);
        steps.Record(count, Of(tenant));
        size.Record(bytes, Of(tenant));
    }

    /// <summary>A stored trace was read, or deleted.</summary>
    internal void Kept(string operation, Dialect dialect, TimeSpan took) =>
        storing.Record(took.TotalSeconds, Tag("operation", operation), Tag("backend", dialect.ToString().ToLowerInvariant()));

    /// <summary>Two traces were compared.</summary>
    internal void Compared(bool match) => Checked("compare", match);

    /// <summary>The record of a run was verified.</summary>
    internal void Verified(TraceVerdict verdict, string spec) => Proved(verdict.Ok, "record", spec);

    /// <param name="result"><c>reserved</c>, <c>repeat</c>, <c>atwork</c> or <c>conflict</c>.</param>
    internal void Key(string result, TenantId tenant) => keys.Add(1, Tag("result", result), Of(tenant));

    internal void Replayed(ReplayMode mode, ReplayResult result, TenantId tenant, string spec, bool isTimeout)
    {
        Checked("replay", result.Success);
        Proved(result.Success, isTimeout ? "timeout" : result.Seq is not null && result.Parity is null ? "record" : "divergence", spec);
        replays.Add(1, Tag("behavior", mode.ToString().ToLowerInvariant()), Tag("outcome", result.Success ? "match" : result.Seq is null && result.DivergencePoint is null ? "error" : "mismatch"), Of(tenant));
        if (!result.Success) Differs("replay", tenant);
    }

    internal void Differs(string kind, TenantId tenant)
    {
        parity.Add(1, Tag("failure_type", kind), Of(tenant));
        if (kind == "store") Checked("store", false);
    }

    private void Proved(bool isPassed, string failure, string spec)
    {
        verifications.Add(1, Tag("status", isPassed ? "passed" : "failed"));
        if (!isPassed) replayFailures.Add(1, Tag("failure_type", failure), Tag("spec_id", spec));
    }

    private void Checked(string check, bool match) => newest[check] = match;

    private static KeyValuePair<string, object?> Of(TenantId tenant) => Tag("tenant_id", SpecName.Hash(tenant));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static Histogram<double> Histogram(Meter meter, string name, string? unit, string description, double[] bounds) =>
        meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
