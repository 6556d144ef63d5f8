using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Aos.Contracts;
using Microsoft.Extensions.Logging;

namespace Aos.Identity;

/// <summary>Counts decisions and policies that were loaded. Names and labels are those that dashboards and alerts know.</summary>
internal sealed class AccessMeter
{
    private static readonly InstrumentAdvice<double> DecisionTimes = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1] };
    private readonly Counter<long> decisions;
    private readonly Counter<long> olderDecisions;
    private readonly Histogram<double> latency;
    private readonly Counter<long> loads;
    private readonly Counter<long> auditWrites;
    private long version;

    public AccessMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Identity");
        decisions = meter.CreateCounter<long>("rbac_engine_decisions_total", null, "Decisions about requests, by resource, action, decision (allowed, denied) and reason.");
        olderDecisions = meter.CreateCounter<long>("rbac_decisions_total", null, "The same as rbac_engine_decisions_total: one engine decides for all routes.");
        latency = meter.CreateHistogram("rbac_engine_latency_seconds", "s", "Time of one decision, the reading of a changed policy included.", null, DecisionTimes);
        auditWrites = meter.CreateCounter<long>("rbac_audit_writes_total", null, "Entries of the record, by status (success, error).");
        loads = meter.CreateCounter<long>("rbac_policy_loads_total", null, "Policies loaded, by status (success, default, parse_error, error).");
        meter.CreateObservableGauge("rbac_policy_version_info", () => Interlocked.Read(ref version), null, "The policy in force: its hash's first 8 hex digits as a number.");
    }

    internal void Decided(Permission permission, AccessDecision decision, TimeSpan took)
    {
        TagList tags = [new("resource", permission.Resource), new("action", permission.Action), new("decision", decision.IsAllowed ? "allowed" : "denied"), new("reason", Reason(decision.Rule))];
        decisions.Add(1, tags);
        olderDecisions.Add(1, tags);
        latency.Record(took.TotalSeconds, new("resource", permission.Resource), new("action", permission.Action));
    }

    internal void Loaded(RbacPolicy policy)
    {
        loads.Add(1, Status(ReferenceEquals(policy, PolicyReader.BuiltIn) ? "default" : "success"));
        Interlocked.Exchange(ref version, long.Parse(policy.Hash.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <param name="isNoText">True: it could not be read as JSON or YAML at all.</param>
    internal void NotLoaded(bool isNoText) => loads.Add(1, Status(isNoText ? "parse_error" : "error"));

    internal void AuditWritten(int entries, bool isDone) => auditWrites.Add(entries, Status(isDone ? "success" : "error"));

    private static KeyValuePair<string, object?> Status(string status) => new("status", status);

    /// <summary>Without the role's name: a policy may have a thousand.</summary>
    private static string Reason(string rule) => rule.StartsWith("role:", StringComparison.Ordinal) ? "role" : rule;
}

internal sealed partial class AccessLog(ILogger<AccessLog> logger)
{
    [LoggerMessage(EventId = 4000, Level = LogLevel.Warning, Message = "The policy {Policy} would refuse {Permission} to {Principal} of {Tenant}; shadow mode allows it.")]
    internal partial void Shadowed(string policy, Permission permission, string principal, string tenant);
}
