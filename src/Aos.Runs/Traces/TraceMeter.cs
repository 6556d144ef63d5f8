using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
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

    public TraceMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Traces");
        duration = Histogram(meter, "aos_trace_request_duration_seconds", "s", "How long requests about traces took, by operation and status.", Seconds);
        requests = meter.CreateCounter<long>("aos_trace_requests_total", null, "Requests about traces, by operation and status.");
        replays = meter.CreateCounter<long>("aos_replay_enforcement_total", null, "Replays, by mode and outcome.");
        keys = meter.CreateCounter<long>("aos_idempotency_total", null, "Requests to store a trace that had an idempotency key, by what became of it.");
        steps = Histogram(meter, "aos_trace_steps_count", null, "Steps of stored traces.", Steps);
        size = Histogram(meter, "aos_trace_size_bytes", "By", "Bytes of stored traces as they came.", Bytes);
        parity = meter.CreateCounter<long>("aos_parity_failures_total", null, "Traces that were not as something else says: store, root_hash, content, replay, reported.");
        storing = Histogram(meter, "aos_trace_storage_duration_seconds", "s", "How long the transaction took that stored a trace.", StoreSeconds);
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
        storing.Record(took.TotalSeconds, Tag("operation", "store"), Tag("backend", dialect.ToString().ToLowerInvariant()));
        steps.Record(count, Of(tenant));
        size.Record(bytes, Of(tenant));
    }

    /// <param name="result"><c>reserved</c>, <c>repeat</c>, <c>atwork</c> or <c>conflict</c>.</param>
    internal void Key(string result, TenantId tenant) => keys.Add(1, Tag("result", result), Of(tenant));

    internal void Replayed(ReplayMode mode, ReplayResult result, TenantId tenant)
    {
        replays.Add(1, Tag("behavior", mode.ToString().ToLowerInvariant()), Tag("outcome", result.Success ? "match" : result.Seq is null && result.DivergencePoint is null ? "error" : "mismatch"), Of(tenant));
        if (!result.Success) Differs("replay", tenant);
    }

    internal void Differs(string kind, TenantId tenant) => parity.Add(1, Tag("failure_type", kind), Of(tenant));

    private static KeyValuePair<string, object?> Of(TenantId tenant) => Tag("tenant_id", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant.Value)))[..8]);

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static Histogram<double> Histogram(Meter meter, string name, string? unit, string description, double[] bounds) =>
        meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
