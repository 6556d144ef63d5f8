using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;

namespace Aos.Workflow.Tests.Planning;

/// <summary>Requests, and a model that answers what the test wrote down.</summary>
internal static class PlannerWorld
{
    internal static readonly PlanCheck Anything = (_, _) => Task.FromResult<IReadOnlyList<PlanProblem>>([]);

    internal static RulePlanner Rules() => new(TimeProvider.System);

    internal static PlannerRequest Ask(string goal, params string[] manifest) => new()
    {
        Tenant = TenantId.Default,
        AgentId = "agent-1",
        Goal = goal,
        Manifest = [.. manifest.Select(name => new ManifestSkill(name, "1.0.0", name + " it", Json.Parse("""{"type":"object"}""")))],
    };

    internal static PlannerOutput Planned(this PlannerReply reply)
    {
        Assert.Null(reply.Error);
        return reply.Output!;
    }

    internal static PlannerError Refused(this PlannerReply reply)
    {
        Assert.Null(reply.Output);
        return reply.Error!;
    }
}

/// <summary>Stands for the skills room: its model answers in turn what the test says, and remembers what it was asked.</summary>
internal sealed class TalkingModel(params StructuredOutcome[] answers) : ISkills
{
    internal List<JsonElement> Asked { get; } = [];

    public IReadOnlyDictionary<string, SkillDescription> All => ImmutableDictionary<string, SkillDescription>.Empty;

    public IReadOnlyDictionary<string, SkillContract> Contracts => ImmutableDictionary<string, SkillContract>.Empty;

    public IReadOnlyDictionary<string, SkillTerms> Terms => ImmutableDictionary<string, SkillTerms>.Empty;

    public Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        Assert.Equal("llm_invoke", skill);
        Asked.Add(parameters);
        return Task.FromResult(answers[Asked.Count - 1]);
    }

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) => [];

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

    internal static StructuredOutcome Says(string text, decimal cost = 0) => StructuredOutcome.Succeeded(
        Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("response_text", text);
            writer.WriteNumber("input_tokens", 100);
            writer.WriteNumber("output_tokens", 20);
            writer.WriteEndObject();
        }),
        new Cents(cost));

    internal static StructuredOutcome Fails(string code) => StructuredOutcome.Failed(FailureCatalog.Fail(code, "It failed."), new Cents(1));
}
