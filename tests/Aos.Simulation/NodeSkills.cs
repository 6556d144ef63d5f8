using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Simulation;

/// <summary>The skills of one node: pure ones answer there, the others reach outside.</summary>
internal sealed class NodeSkills(World world, SimNode node) : ISkills
{
    public IReadOnlyDictionary<string, SkillDescription> All => Plans.Skills.All;

    public IReadOnlyDictionary<string, SkillContract> Contracts => Plans.Skills.Contracts;

    public IReadOnlyDictionary<string, SkillTerms> Terms => Plans.Skills.Terms;

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) => Plans.Skills.Check(skill, parameters, path);

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (TaskScheduler.Current != node.Process) world.Violate($"a call of {node} left its scheduler");
        if (skill != "echo") return await world.Outside.CallAsync(node, skill, parameters, call, cancel);
        if (world.Chance.OneIn(4)) await Task.Delay(world.Chance.Between(1, 200), node.Clock, cancel);
        return StructuredOutcome.Succeeded(parameters, Cents.Zero);
    }
}
