using System.Diagnostics.Metrics;

namespace Aos.Memory;

/// <summary>Figures of recall; names and labels are those that dashboards know.</summary>
internal sealed class RecallMeter
{
    private readonly Counter<long> calls, errors, tokens, fallbacks, exhausted, notes;
    private readonly Histogram<double> callSeconds, querySeconds, batchSeconds;
    private readonly Histogram<long> results;
    private long success, pending, failed, callsToday;

    public RecallMeter(IMeterFactory factory, NoteIndexes indexes)
    {
        var meter = factory.Create("Aos.Memory");
        calls = meter.CreateCounter<long>("aos_embedding_api_calls_total", null, "Questions for vectors, by provider and status (success, error).");
        callSeconds = Histogram<double>(meter, "aos_embedding_api_latency_seconds", "How long providers took to give vectors.", [0.1, 0.25, 0.5, 1, 2, 5, 10]);
        errors = meter.CreateCounter<long>("aos_embedding_errors_total", null, "What providers of vectors failed with, by provider and error_type (rate_limit, timeout, auth, other).");
        tokens = meter.CreateCounter<long>("aos_embedding_tokens_total", null, "Tokens that providers read for vectors.");
        querySeconds = Histogram<double>(meter, "aos_vector_query_latency_seconds", "How long questions to the memory took, the question's own vector included.", [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]);
        results = Histogram<long>(meter, "aos_vector_query_results_count", "Notes that were found by a question.", [0, 1, 5, 10, 20, 50, 100]);
        fallbacks = meter.CreateCounter<long>("aos_vector_fallback_total", null, "Questions answered without the vectors that they should have, by reason (disabled, no_embedding, below_threshold, error).");
        exhausted = meter.CreateCounter<long>("aos_embedding_quota_exhausted_total", null, "How often no vector was asked for since a tenant had used its day's quota.");
        notes = meter.CreateCounter<long>("aos_memory_notes_total", null, "What was done with notes, by operation (add, get, list, delete, forget, search) and status (success, absent, refused, existing).");
        batchSeconds = Histogram<double>(meter, "aos_memory_backfill_batch_duration_seconds", "How long a batch of notes took to get its vectors.", [0.5, 1, 2, 5, 10, 30, 60]);
        meter.CreateObservableGauge("aos_memory_backfill_progress_total", () => new Measurement<long>[] { new(success, Status("success")), new(pending, Status("pending")), new(failed, Status("failed")) }, null, "Notes of all tenants, by whether they have the model's vector (success), wait for it (pending) or are given up (failed), as last counted.");
        meter.CreateObservableGauge("aos_vector_index_size", () => indexes.Count, null, "Notes whose vectors this node keeps in memory.");
        meter.CreateObservableGauge("aos_vector_index_null_count", () => pending + failed, null, "Notes of all tenants without the model's vector, as last counted.");
        meter.CreateObservableGauge("aos_embedding_daily_calls", () => callsToday, null, "Texts that providers were asked about today, of all tenants, as last counted.");
    }

    internal void Called(string provider, TimeSpan took, string? code, long read)
    {
        calls.Add(1, new("provider", provider), new("status", code is null ? "success" : "error"));
        callSeconds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("provider", provider));
        if (code is not null) errors.Add(1, new("provider", provider), new("error_type", code switch { "RATE_LIMITED" => "rate_limit", "TIMEOUT" => "timeout", "LLM_AUTH_FAILED" => "auth", _ => "other" }));
        if (read > 0) tokens.Add(read, new KeyValuePair<string, object?>("provider", provider));
    }

    internal void Answered(TimeSpan took, int hits)
    {
        querySeconds.Record(took.TotalSeconds);
        results.Record(hits);
    }

    internal void FellBack(string reason) => fallbacks.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Exhausted() => exhausted.Add(1);

    internal void Batch(TimeSpan took) => batchSeconds.Record(took.TotalSeconds);

    internal void Done(string operation, string status) => notes.Add(1, new("operation", operation), new("status", status));

    internal void Stand(long done, long waiting, long dead, long today) => (success, pending, failed, callsToday) = (done, waiting, dead, today);

    private static KeyValuePair<string, object?> Status(string status) => new("status", status);

    private static Histogram<T> Histogram<T>(Meter meter, string name, string description, T[] bounds)
        where T : struct => meter.CreateHistogram(name, null, description, null, new InstrumentAdvice<T> { HistogramBucketBoundaries = bounds });
}
