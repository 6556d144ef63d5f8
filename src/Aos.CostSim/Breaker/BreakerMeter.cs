using System.Diagnostics.Metrics;
using Aos.Contracts;

namespace Aos.CostSim;

/// <summary>Counts what becomes of the breaker on this node, and of its alerts. What may be counted is there as 0 from the start.</summary>
internal sealed class BreakerMeter
{
    private static readonly string[] Severities = ["P1", "P2", "P3"];
    private readonly Counter<long> disabled;
    private readonly Counter<long> incidents;
    private readonly Counter<long> enabled;
    private readonly Counter<long> recovered;
    private readonly Counter<long> unsent;

    public BreakerMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.CostSim.Breaker");
        disabled = meter.CreateCounter<long>("costsim_cb_disabled_total", null, "Times that this node opened the breaker, by reason (drift, schema_errors, manual) and severity.");
        incidents = meter.CreateCounter<long>("costsim_cb_incidents_total", null, "Incidents that began (resolved false) and ended (resolved true) on this node, by severity.");
        enabled = meter.CreateCounter<long>("costsim_cb_enabled_total", null, "Times that this node closed it, by reason (manual, auto_recovery).");
        recovered = meter.CreateCounter<long>("costsim_cb_auto_recovery_total", null, "Times that it closed by itself, because its probes were good.");
        unsent = meter.CreateCounter<long>("costsim_cb_alert_send_failures_total", null, "Tries to send an alert that failed, by alert_type (disable, enable, budget, other) and error_type (timeout, connection, blocked, not_configured, invalid_answer, http_ and the status).");
        foreach (var (reason, severity) in new[] { ("drift", "P1"), ("manual", "P2"), ("schema_errors", "P3") }) disabled.Add(0, Tag("reason", reason), Tag("severity", severity));
        foreach (var severity in Severities)
        {
            foreach (var isResolved in new[] { "false", "true" }) incidents.Add(0, Tag("severity", severity), Tag("resolved", isResolved));
        }

        foreach (var reason in new[] { "manual", "auto_recovery" }) enabled.Add(0, Tag("reason", reason));
        recovered.Add(0);
        foreach (var type in AlertKinds.All) unsent.Add(0, Tag("alert_type", type), Tag("error_type", "connection"));
    }

    /// <summary>A change that is stored now.</summary>
    /// <param name="resolved">Severity of the incident that ended with it; null: none did.</param>
    internal void Changed(BreakerStep step, string? resolved)
    {
        if (step.Opened is { } opened)
        {
            disabled.Add(1, Tag("reason", opened.Severity switch { "P1" => "drift", "P3" => "schema_errors", _ => "manual" }), Tag("severity", opened.Severity));
            incidents.Add(1, Tag("severity", opened.Severity), Tag("resolved", "false"));
        }

        if (resolved is not null) incidents.Add(1, Tag("severity", resolved), Tag("resolved", "true"));
        if (step.Change is not { To: BreakerStatus.Closed } closed) return;
        var isSystem = closed.Actor == BreakerMachine.Recovery;
        enabled.Add(1, Tag("reason", isSystem ? "auto_recovery" : "manual"));
        if (isSystem) recovered.Add(1);
    }

    internal void Unsent(string type, string error) => unsent.Add(1, Tag("alert_type", type), Tag("error_type", error));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
