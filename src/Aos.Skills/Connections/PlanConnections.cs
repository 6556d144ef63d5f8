using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Says before anything runs which connections of a plan its calls would not get.</summary>
internal sealed class PlanConnections(ISkills skills, ConnectionOpener connections)
{
    internal async Task<IReadOnlyList<ConnectionProblem>> ProblemsAsync(Plan plan, TenantId tenant, string agentId, CancellationToken cancel)
    {
        var problems = new List<ConnectionProblem>();
        var asked = new Dictionary<(string Skill, string Name), Failure?>();
        foreach (var (path, contract, written) in Named(plan, ""))
        {
            if (written.ValueKind != JsonValueKind.String) continue; // A schema problem, told as such.
            var name = written.GetString()!;
            if (name.Contains("${{", StringComparison.Ordinal))
            {
                problems.Add(new ConnectionProblem(path, "INVALID_INPUT", "written", "connection is a name that stands in the plan itself: no template chooses it."));
                continue;
            }

            if (!asked.TryGetValue((contract.Name, name), out var refusal))
                asked[(contract.Name, name)] = refusal = (await connections.FindAsync(contract, name, tenant, agentId, cancel)).Refusal;
            if (refusal is not null) problems.Add(new ConnectionProblem(path, refusal.Code, refusal.Details?.GetText("reason") ?? "", refusal.Message));
        }

        return problems;
    }

    /// <summary>Every place of the plan, of its compensations and of child plans in it, that names a connection.</summary>
    private IEnumerable<(string Path, SkillContract Contract, JsonElement Name)> Named(Plan plan, string prefix)
    {
        foreach (var step in plan.Steps)
        {
            var path = $"{prefix}steps[{step.Index}]";
            if (Of(step.Skill, step.Params) is { } own) yield return ($"{path}.params.{ConnectionOpener.Param}", own.Contract, own.Name);
            if (step.Compensate is { } undo && Of(undo.Skill, undo.Params) is { } undoing) yield return ($"{path}.compensate.params.{ConnectionOpener.Param}", undoing.Contract, undoing.Name);
            if (step.Child?.Read is not { } child) continue;
            foreach (var found in Named(child, $"{path}.run.plan.")) yield return found;
        }
    }

    private (SkillContract Contract, JsonElement Name)? Of(string? skill, JsonElement parameters) =>
        skill is not null && skills.Contracts.TryGetValue(skill, out var contract) && ConnectionOpener.IsNamed(contract, parameters) ? (contract, parameters.Get(ConnectionOpener.Param)!.Value) : null;
}
