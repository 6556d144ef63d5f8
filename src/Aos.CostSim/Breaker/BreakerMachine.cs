using System.Collections.Immutable;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>A question that a half open breaker let through.</summary>
internal sealed record BreakerProbe(Guid Id, DateTimeOffset GivenAt, bool IsGood);

/// <summary>The breaker as stored.</summary>
internal sealed record BreakerRow(
    BreakerStatus Status, DateTimeOffset? OpenedAt, string? Reason, string? IncidentId, int Failures, DateTimeOffset? LastFailureAt, DateTimeOffset? Until, string? By, ImmutableArray<BreakerProbe> Probes)
{
    internal static BreakerRow Closed { get; } = new(BreakerStatus.Closed, null, null, null, 0, null, null, null, []);
}

/// <summary>What something that happens does to the breaker.</summary>
/// <param name="Row">The same object as before: nothing is to be written.</param>
internal sealed record BreakerStep(BreakerRow Row)
{
    /// <summary>The incident that begins.</summary>
    internal BreakerIncident? Opened { get; init; }

    /// <summary>The incident that ends, who ended it, and why.</summary>
    internal (string Id, string By, string Notes)? Resolved { get; init; }

    /// <summary>For history and audit; null: it stands where it stood.</summary>
    internal BreakerChange? Change { get; init; }
}

/// <summary>
/// The rules of the breaker, without clock or store. Closed, it counts failures in a row. Open, it hears nothing until its time is over. Half open, it
/// hands out so many probes and hears nothing but their reports: all good, it closes; one bad, it is open again for the same incident.
/// </summary>
internal static class BreakerMachine
{
    internal const string Name = "costsim_v2";
    internal const string System = "circuit_breaker";
    internal const string Recovery = "system-auto-recover";

    /// <summary>A probe whose report does not come within this time is as if it had never been given.</summary>
    internal static readonly TimeSpan ProbeLifetime = TimeSpan.FromMinutes(10);

    /// <param name="id">Of the incident, should one begin.</param>
    internal static BreakerStep Report(BreakerOptions rules, BreakerRow row, BreakerReport report, DateTimeOffset now, string id)
    {
        if (row.Status == BreakerStatus.HalfOpen) return Probed(rules, row, report, now);
        if (row.Status == BreakerStatus.Open || report.Probe is not null) return new BreakerStep(row);
        if (report.SchemaErrors >= rules.SchemaErrorThreshold)
        {
            var reason = Text($"{report.SchemaErrors} answers could not be read, {rules.SchemaErrorThreshold} are too many");
            return Trip(row, System, reason, now + rules.DisableTtl, now, Incident(id, now, reason, "P3", report with { DriftScore = 1, SampleCount = report.SchemaErrors }));
        }

        if (report.DriftScore <= rules.DriftThreshold) return new BreakerStep(row.Failures == 0 ? row : row with { Failures = 0 });
        var failed = row with { Failures = row.Failures + 1, LastFailureAt = now };
        if (failed.Failures < rules.FailureThreshold) return new BreakerStep(failed);
        var drift = Text($"drift {report.DriftScore:0.0000} above {rules.DriftThreshold:0.0000}, {failed.Failures} in a row");
        return Trip(failed, System, drift, now + rules.DisableTtl, now, Incident(id, now, drift, "P1", report));
    }

    /// <summary>Opens it by hand. Open for the same reason already: nothing happens.</summary>
    internal static BreakerStep Disable(BreakerRow row, string by, string reason, DateTimeOffset? until, DateTimeOffset now, string id)
    {
        if (row.Status == BreakerStatus.Open && row.Reason == reason) return new BreakerStep(row);
        var details = Json.Parse("""{"manual_disable":true}""");
        return Trip(row, by, reason, until, now, Incident(id, now, reason, "P2", new BreakerReport(0, 0, details))) with
        {
            Resolved = row.IncidentId is { } standing ? (standing, by, $"superseded by {id}: {reason}") : null,
        };
    }

    /// <summary>Closes it by hand.</summary>
    internal static BreakerStep Enable(BreakerRow row, string by, string reason, DateTimeOffset now) =>
        row.Status == BreakerStatus.Closed ? new BreakerStep(row) : Close(row, "user", by, reason, now);

    /// <summary>Lets probes through when the time of an open breaker is over.</summary>
    internal static BreakerStep Expire(BreakerOptions rules, BreakerRow row, DateTimeOffset now)
    {
        if (!IsOver(rules, row, now)) return new BreakerStep(row);
        var probing = row with { Status = BreakerStatus.HalfOpen, Probes = [] };
        return new BreakerStep(probing) { Change = new BreakerChange(now, "system", Recovery, row.Status, probing.Status, Text($"its time is over; {rules.Probes} probes decide"), row.IncidentId) };
    }

    internal static bool IsOver(BreakerOptions rules, BreakerRow row, DateTimeOffset now) => rules.AutoRecover && row.Status == BreakerStatus.Open && row.Until <= now;

    /// <summary>Whether the model may be asked; half open, the question is the probe of this id.</summary>
    internal static (BreakerStep Step, bool IsAllowed) Admit(BreakerOptions rules, BreakerRow row, DateTimeOffset now, Guid probe)
    {
        var step = Expire(rules, row, now);
        if (step.Row.Status != BreakerStatus.HalfOpen) return (step, step.Row.Status == BreakerStatus.Closed);
        var alive = Alive(step.Row, now);
        if (alive.Length >= rules.Probes) return (step, false);
        return (step with { Row = step.Row with { Probes = alive.Add(new BreakerProbe(probe, now, false)) } }, true);
    }

    internal static int ProbesLeft(BreakerOptions rules, BreakerRow row, DateTimeOffset now) =>
        row.Status == BreakerStatus.HalfOpen ? Math.Max(0, rules.Probes - Alive(row, now).Length) : 0;

    private static ImmutableArray<BreakerProbe> Alive(BreakerRow row, DateTimeOffset now) => [.. row.Probes.Where(probe => probe.IsGood || now - probe.GivenAt < ProbeLifetime)];

    /// <summary>A report of no probe, of one of another round, or of one that has reported already says nothing.</summary>
    private static BreakerStep Probed(BreakerOptions rules, BreakerRow row, BreakerReport report, DateTimeOffset now)
    {
        if (row.Probes.FirstOrDefault(probe => probe.Id == report.Probe && !probe.IsGood) is not { } known) return new BreakerStep(row);
        if (report.SchemaErrors >= rules.SchemaErrorThreshold || report.DriftScore > rules.DriftThreshold)
        {
            var why = Text($"a probe failed: drift {report.DriftScore:0.0000}, {report.SchemaErrors} unreadable answers");
            var open = row with { Status = BreakerStatus.Open, LastFailureAt = now, Until = now + rules.DisableTtl, Probes = [] };
            return new BreakerStep(open) { Change = new BreakerChange(now, "system", System, row.Status, open.Status, why, row.IncidentId) };
        }

        var good = row.Probes.Replace(known, known with { IsGood = true });
        return good.Count(probe => probe.IsGood) < rules.Probes
            ? new BreakerStep(row with { Probes = good })
            : Close(row, "system", Recovery, Text($"{rules.Probes} of {rules.Probes} probes were good"), now);
    }

    private static BreakerStep Trip(BreakerRow row, string by, string reason, DateTimeOffset? until, DateTimeOffset now, BreakerIncident incident) => new(
        row with { Status = BreakerStatus.Open, OpenedAt = now, Reason = reason, IncidentId = incident.Id, Until = until, By = by, Probes = [] })
    {
        Opened = incident,
        Change = new BreakerChange(now, by == System ? "system" : "user", by, row.Status, BreakerStatus.Open, reason, incident.Id),
    };

    /// <summary>What it counted is forgotten with it.</summary>
    private static BreakerStep Close(BreakerRow row, string actor, string by, string notes, DateTimeOffset now) => new(BreakerRow.Closed with { LastFailureAt = row.LastFailureAt })
    {
        Resolved = row.IncidentId is { } standing ? (standing, by, notes) : null,
        Change = new BreakerChange(now, actor, by, row.Status, BreakerStatus.Closed, notes, row.IncidentId),
    };

    private static BreakerIncident Incident(string id, DateTimeOffset now, string reason, string severity, BreakerReport report) =>
        new(id, now, reason, severity, report.DriftScore, report.SampleCount, report.Details, false, null, null, null, false, null);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
