using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Alerts as the Alertmanager takes them (version 2 of its API), each in an outbox item with the incident it is about. Labels name an alert: what
/// resolves one has the same as what fired it.
/// </summary>
internal static class AlertPayload
{
    internal const string Component = "costsim";

    /// <summary>An alert without an end is ended by the Alertmanager after minutes. This one ends when it is resolved.</summary>
    internal static readonly TimeSpan Lasting = TimeSpan.FromDays(365);

    internal static byte[] Fired(BreakerIncident incident, DateTimeOffset? until, string instance, string runbook) =>
        Item(AlertKinds.Disable, incident.Id, writer => WriteDisabled(writer, incident, until, instance, runbook, incident.At + Lasting));

    /// <summary>The same alert with its end.</summary>
    internal static byte[] Resolved(BreakerIncident incident, DateTimeOffset at, string instance, string runbook) =>
        Item(AlertKinds.Disable, null, writer => WriteDisabled(writer, incident, at, instance, runbook, at));

    internal static byte[] Reenabled(BreakerChange change, string instance) => Item(AlertKinds.Enable, null, writer =>
    {
        writer.WriteStartObject("labels");
        WriteLabels(writer, "CostSimV2Reenabled", "info", instance);
        writer.WriteEndObject();
        writer.WriteStartObject("annotations");
        writer.WriteString("summary", "The second cost model is asked again");
        writer.WriteString("description", $"Closed by {change.Actor}: {change.Reason}");
        writer.WriteEndObject();
        WriteTimes(writer, change.At, change.At);
    });

    /// <summary>What it is about, the incident whose alert this fires (null: none), and the array to be posted.</summary>
    internal static (string Kind, string? Incident, byte[] Alerts) Read(OutboxItem item)
    {
        var body = Json.Parse(item.Body.Span);
        var kind = body.GetText("kind") is { } said && AlertKinds.All.Contains(said) ? said : AlertKinds.Other;
        return (kind, body.GetText("incident_id"), Encoding.UTF8.GetBytes(body.GetProperty("alerts").GetRawText()));
    }

    private static void WriteDisabled(Utf8JsonWriter writer, BreakerIncident incident, DateTimeOffset? until, string instance, string runbook, DateTimeOffset ends)
    {
        writer.WriteStartObject("labels");
        WriteLabels(writer, "CostSimV2Disabled", incident.Severity.ToLowerInvariant(), instance);
        writer.WriteString("incident_id", incident.Id);
        writer.WriteEndObject();
        writer.WriteStartObject("annotations");
        writer.WriteString("summary", $"The second cost model is switched off ({incident.Severity})");
        writer.WriteString("description", string.Create(
            CultureInfo.InvariantCulture,
            $"Reason: {incident.Reason}\nDrift score: {incident.DriftScore:0.0000}\nSamples: {incident.SampleCount}\nDisabled until: {(until is { } end ? Time(end) : "it is closed by hand")}"));
        writer.WriteString("runbook_url", runbook);
        writer.WriteEndObject();
        WriteTimes(writer, incident.At, ends);
    }

    private static void WriteLabels(Utf8JsonWriter writer, string name, string severity, string instance)
    {
        writer.WriteString("alertname", name);
        writer.WriteString("severity", severity);
        writer.WriteString("component", Component);
        writer.WriteString("circuit_breaker", BreakerMachine.Name);
        writer.WriteString("instance", instance);
    }

    internal static void WriteTimes(Utf8JsonWriter writer, DateTimeOffset starts, DateTimeOffset ends)
    {
        writer.WriteString("startsAt", Time(starts));
        writer.WriteString("endsAt", Time(ends));
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    internal static byte[] Item(string kind, string? incident, Action<Utf8JsonWriter> alert) => Encoding.UTF8.GetBytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind", kind);
        if (incident is not null) writer.WriteString("incident_id", incident);
        writer.WriteStartArray("alerts");
        writer.WriteStartObject();
        alert(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }).GetRawText());
}
