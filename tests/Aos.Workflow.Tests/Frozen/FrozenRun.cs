using System.Collections.Immutable;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Workflow.Tests.Frozen;

/// <summary>A run under one rule of the machine, by a clock of its own, with its journal as it would be stored.</summary>
internal sealed class FrozenRun
{
    internal static readonly ImmutableSortedDictionary<string, SkillTerms> Skills = new[]
    {
        Terms("echo", EffectClass.Pure, CostModel.Free),
        Terms("put", EffectClass.Idempotent, new CostModel(5, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0)),
        Terms("post", EffectClass.AtMostOnce, CostModel.Free),
        Terms("llm_invoke", EffectClass.Idempotent, new CostModel(2, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0)),
        Terms("search", EffectClass.Idempotent, CostModel.Free) with { Tool = new ToolTerms("Finds texts.", Json.Parse("""{"type":"object"}""")) },
    }.ToImmutableSortedDictionary(terms => terms.Name, terms => terms, StringComparer.Ordinal);

    internal static readonly RunId Id = new(Guid.Parse("01900000-0000-7000-8000-00000000f00d"));

    private static readonly WorkflowLinks Links = new()
    {
        Found = ImmutableSortedDictionary<string, LinkedWorkflow>.Empty.WithComparers(StringComparer.Ordinal).Add(
            "workflow:inner", new LinkedWorkflow(new WorkflowPin("inner", "1.0.0", "h"), Json.Parse("""{"name":"inner","steps":[{"id":"x","skill":"echo"}]}"""))),
    };

    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal RunState State { get; private set; } = RunState.Empty;

    internal List<RunEvent> Events { get; } = [];

    /// <summary>The journal, one stored body a line.</summary>
    internal IEnumerable<string> Lines() => Events.Select((e, at) => System.Text.Encoding.UTF8.GetString(EventCodec.Encode(Id, at + 1, e, ChainHash.Start).Body.Span));

    internal static FrozenRun Start(KernelRule rule, string plan, Func<StartRun, StartRun>? change = null)
    {
        var reading = PlanReader.Read(Json.Parse(plan), Skills, allowUnknownSkills: false, links: Links);
        Assert.True(reading.Plan is not null, string.Join('\n', reading.Problems));
        var run = new FrozenRun();
        var start = new StartRun(
            Id, TenantId.Default, "agent", reading.Plan!, Json.Parse("""{"who":"ada"}"""), 42, null, Skills, ImmutableSortedDictionary<string, string>.Empty.Add("team", "a"), null) { Rule = rule };
        run.Do(change is null ? start : change(start));
        return run;
    }

    internal FrozenRun Do(RunCommand command)
    {
        now += TimeSpan.FromMilliseconds(10);
        var decision = RunMachine.Decide(State, command, new Facts(now));
        Assert.True(decision.Refusal is null, decision.Refusal?.Message);
        Events.AddRange(decision.Events);
        State = decision.From(State);
        return this;
    }

    internal FrozenRun After(TimeSpan time)
    {
        now += time;
        return Do(new WakeRun());
    }

    internal FrozenRun Answer(string step, string result = "{}", decimal cost = 0, int item = -1) =>
        Do(new RecordOutcome(Order(step, item), StructuredOutcome.Succeeded(Json.Parse(result), new Cents(cost))));

    internal FrozenRun Fail(string step, string code, int item = -1) => Do(new RecordOutcome(Order(step, item), StructuredOutcome.Failed(FailureCatalog.Fail(code, "It failed."))));

    internal FrozenRun Lose(string step) => Do(new RecordUnknown(Order(step, -1), "The process ended."));

    internal FrozenRun Remembers(params MemoryEntry[] entries) => Do(new RecordMemory(RunMachine.Pending(State).OfType<ReadMemory>().Single().Id, [.. entries], null));

    private EffectId Order(string step, int item) => RunMachine.Pending(State).First(effect => effect is InvokeSkill or StartChild
        && effect.Id.Step == State.Plan.IndexOf(step) && (item < 0 || effect.Id.Item == item)).Id;

    private static SkillTerms Terms(string name, EffectClass effect, CostModel cost) => new(
        name, "1.0.0", effect, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, cost, TimeSpan.FromSeconds(30), [], [], []);
}
