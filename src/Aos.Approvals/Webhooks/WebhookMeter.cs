using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.Approvals;

/// <summary>Counts what comes in. No label is taken from a request: whoever sends cannot grow the page.</summary>
internal sealed class WebhookMeter
{
    private readonly Counter<long> received;
    private readonly Counter<long> refused;
    private readonly Counter<long> exceeded;
    private readonly Counter<long> allowed;
    private readonly Counter<long> forwarded;
    private readonly Histogram<double> time;

    public WebhookMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Approvals");
        received = meter.CreateCounter<long>("webhooks_received_total", null, "Deliveries with a right signature, by status: stored, duplicate, conflict.");
        refused = meter.CreateCounter<long>("webhook_signature_failures_total", null, "Deliveries that were refused, by reason: endpoint, disabled, secret, form, version, time, signature.");
        exceeded = meter.CreateCounter<long>("webhook_rate_limit_exceeded_total", null, "Deliveries beyond a limit, by limit_type: ip, endpoint.");
        allowed = meter.CreateCounter<long>("webhook_rate_limit_allowed_total", null, "Deliveries within the limits.");
        forwarded = meter.CreateCounter<long>("webhooks_forwarded_total", null, "Tries to signal a run, by status: done, failed.");
        time = meter.CreateHistogram<double>("webhook_processing_time_seconds", "s", "From the whole body to the answer.");
    }

    internal void Limited(string? by)
    {
        if (by is null) allowed.Add(1);
        else exceeded.Add(1, new KeyValuePair<string, object?>("limit_type", by));
    }

    internal void Refused(string reason) => refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Received(WebhookResult result) => received.Add(1, new KeyValuePair<string, object?>("status", result.ToString().ToLowerInvariant()));

    internal void Took(TimeSpan elapsed) => time.Record(elapsed.TotalSeconds);

    internal void Forwarded(bool isDone) => forwarded.Add(1, new KeyValuePair<string, object?>("status", isDone ? "done" : "failed"));
}
