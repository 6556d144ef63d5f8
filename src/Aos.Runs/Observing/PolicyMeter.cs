using System.Diagnostics.Metrics;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Counts what was allowed, refused, and given to a person to decide.</summary>
internal sealed class PolicyMeter
{
    /// <summary>Their counts are there as 0 from the start: alerts ask how much they rise.</summary>
    private static readonly string[] BreachCodes = ["STEP_CEILING_EXCEEDED", "RUN_BUDGET_EXCEEDED", "BUDGET_EXCEEDED", "AGENT_BUDGET_EXCEEDED", "ACCOUNT_BUDGET_EXCEEDED", "QUOTA_EXHAUSTED"];
    private readonly Counter<long> decisions;
    private readonly Counter<long> violations;
    private readonly Counter<long> rejections;
    private readonly Counter<long> breaches;
    private readonly Counter<long> requests;
    private readonly Counter<long> actions;

    public PolicyMeter(Meter meter)
    {
        decisions = meter.CreateCounter<long>("nova_policy_decisions_total", null, "Decisions about runs and steps, by decision (allow, deny, escalate) and policy_type (admission, agent, quota, queue, capability, budget, emergency; of an approval its own).");
        violations = meter.CreateCounter<long>("nova_capability_violations_total", null, "Calls and starts that asked for what they may not, by violation_type (the code), skill_id and tenant_hash.");
        rejections = meter.CreateCounter<long>("nova_resource_budget_rejections_total", null, "Calls and starts that would have cost more than is left, by resource_type (the code) and skill_id (none: a start).");
        breaches = meter.CreateCounter<long>("nova_budget_breach_total", null, "The same by breach_type: step_ceiling, workflow_ceiling, agent_budget, account_budget, quota.");
        requests = meter.CreateCounter<long>("nova_approval_requests_total", null, "Steps and tool calls that began to wait for a person, by policy_type.");
        actions = meter.CreateCounter<long>("nova_approval_actions_total", null, "What became of them, by result (approved, rejected, expired).");
        foreach (var code in BreachCodes)
        {
            breaches.Add(0, WorkflowMeter.Tag("breach_type", Breach(code)!));
            rejections.Add(0, WorkflowMeter.Tag("resource_type", code), WorkflowMeter.Tag("skill_id", "none"));
        }
    }

    /// <summary>A run was started.</summary>
    internal void Allowed() => Decided("allow", "admission");

    /// <summary>A start was refused by this policy.</summary>
    internal void Denied(string policy, Failure why, TenantId tenant)
    {
        Decided("deny", policy);
        Counted(why, "none", tenant);
    }

    /// <summary>A step or tool call failed. Most failures are no refusals.</summary>
    internal void Refused(Failure why, string skill, RunState state)
    {
        if (Counted(why, skill, state.Start!.Tenant) is { } policy) Decided("deny", policy);
    }

    /// <summary>A step waits for a person.</summary>
    internal void Asked(PlanStep step)
    {
        var clause = step.Await?.Approval ?? step.Agent?.Approval;
        var type = clause?.PolicyType ?? "approval";
        requests.Add(1, WorkflowMeter.Tag("policy_type", type));
        Decided("escalate", type);
    }

    internal void Decided(ApprovalDecided decided) =>
        actions.Add(1, WorkflowMeter.Tag("result", decided.IsTimeout ? "expired" : decided.Approved ? "approved" : "rejected"));

    private void Decided(string decision, string policy) => decisions.Add(1, WorkflowMeter.Tag("decision", decision), WorkflowMeter.Tag("policy_type", policy));

    /// <summary>The kind of wall that refused; null: it was none.</summary>
    private string? Counted(Failure why, string skill, TenantId tenant)
    {
        if (Breach(why.Code) is { } breach)
        {
            breaches.Add(1, WorkflowMeter.Tag("breach_type", breach));
            rejections.Add(1, WorkflowMeter.Tag("resource_type", why.Code), WorkflowMeter.Tag("skill_id", skill));
            return "budget";
        }

        if (why.Code == "EMERGENCY_STOP") return "emergency"; // Nobody asked for what they may not.
        if (!IsViolation(why)) return null;
        violations.Add(1, WorkflowMeter.Tag("violation_type", why.Code), WorkflowMeter.Tag("skill_id", skill), WorkflowMeter.Tag("tenant_hash", SpecName.Hash(tenant)));
        return "capability";
    }

    private static string? Breach(string code) => code switch
    {
        "STEP_CEILING_EXCEEDED" => "step_ceiling",
        "RUN_BUDGET_EXCEEDED" or "BUDGET_EXCEEDED" => "workflow_ceiling",
        "AGENT_BUDGET_EXCEEDED" => "agent_budget",
        "ACCOUNT_BUDGET_EXCEEDED" => "account_budget",
        "QUOTA_EXHAUSTED" => "quota",
        _ => null,
    };

    /// <summary>What a person rejected, and a target's own refusal of a credential, are no walls of this house.</summary>
    private static bool IsViolation(Failure why) => why.Category is FailureCategory.Permission or FailureCategory.Security && why.Code is not ("APPROVAL_REJECTED" or "UNAUTHORIZED" or "LLM_AUTH_FAILED");
}
