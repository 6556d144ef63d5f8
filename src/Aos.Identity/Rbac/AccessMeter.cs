using System.Diagnostics.Metrics;
using System.Globalization;
using Aos.Contracts;
using Microsoft.Extensions.Logging;

namespace Aos.Identity;

/// <summary>Counts decisions and policies that were loaded. Names and labels are those that dashboards and alerts know.</summary>
internal sealed class AccessMeter
{
    private readonly Counter<long> decisions;
    private readonly Counter<long> loads;
    private long version;

    public AccessMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Identity");
        decisions = meter.CreateCounter<long>("rbac_engine_decisions_total", null, "Decisions about requests, by resource, action, decision (allowed, denied) and reason.");
        loads = meter.CreateCounter<long>("rbac_policy_loads_total", null, "Policies loaded, by status (success, default, error).");
        meter.CreateObservableGauge("rbac_policy_version_info", () => Interlocked.Read(ref version), null, "The policy in force: its hash's first 8 hex digits as a number.");
    }

    internal void Decided(Permission permission, AccessDecision decision) => decisions.Add(
        1, new("resource", permission.Resource), new("action", permission.Action), new("decision", decision.IsAllowed ? "allowed" : "denied"), new("reason", Reason(decision.Rule)));

    /// <summary>Null: none could be loaded.</summary>
    internal void Loaded(RbacPolicy? policy)
    {
        loads.Add(1, new KeyValuePair<string, object?>("status", policy is null ? "error" : ReferenceEquals(policy, PolicyReader.BuiltIn) ? "default" : "success"));
        if (policy is not null) Interlocked.Exchange(ref version, long.Parse(policy.Hash.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <summary>Without the role's name: a policy may have a thousand.</summary>
    private static string Reason(string rule) => rule.StartsWith("role:", StringComparison.Ordinal) ? "role" : rule;
}

internal sealed partial class AccessLog(ILogger<AccessLog> logger)
{
    [LoggerMessage(EventId = 4000, Level = LogLevel.Warning, Message = "The policy {Policy} would refuse {Permission} to {Principal} of {Tenant}; shadow mode allows it.")]
    internal partial void Shadowed(string policy, Permission permission, string principal, string tenant);
}
