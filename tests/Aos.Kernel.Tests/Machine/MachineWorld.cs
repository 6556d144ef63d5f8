using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel.Tests.Machine;

/// <summary>One run in a box: a plan, a clock, and a checker that folds and replays the journal after every decision.</summary>
internal sealed class MachineWorld
{
    internal static readonly ImmutableSortedDictionary<string, SkillTerms> Skills = new[]
    {
        Terms("echo", EffectClass.Pure, CostModel.Free),
        Terms("put", EffectClass.Idempotent, CostModel.Free),
        Terms("get", EffectClass.Idempotent, CostModel.Free) with { StableFields = ["status"] },
        Terms("post", EffectClass.AtMostOnce, CostModel.Free) with { KeyMakesIdempotent = true },
        Terms("call", EffectClass.Idempotent, CostModel.Free) with
        {
            EffectParam = "method", EffectByParam = ImmutableSortedDictionary<string, EffectClass>.Empty.Add("POST", EffectClass.AtMostOnce), KeyMakesIdempotent = true,
        },
        Terms("paid", EffectClass.Idempotent, new CostModel(5, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0)),
        Terms("llm_invoke", EffectClass.Idempotent, new CostModel(2, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0)),
        Terms("search", EffectClass.Idempotent, CostModel.Free) with
        {
            Tool = new ToolTerms("Finds texts.", Json.Parse("""{"type":"object","required":["q"],"properties":{"q":{"type":"string"}},"additionalProperties":false}""")),
        },
    }.ToImmutableSortedDictionary(terms => terms.Name, terms => terms, StringComparer.Ordinal);

    public RunState State { get; private set; } = RunState.Empty;

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public List<RunEvent> Journal { get; } = [];

    public Failure? Refusal { get; private set; }

    public static MachineWorld Started(string plan, string inputs = "{}", Cents? budget = null, bool queued = false, KernelRule? rule = null)
    {
        var reading = PlanReader.Read(Json.Parse(plan), Skills);
        Assert.True(reading.Plan is not null, string.Join("\n", reading.Problems));
        var world = new MachineWorld();
        world.Do(new StartRun(
            new RunId(new Guid("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", reading.Plan!, Json.Parse(inputs), 42,
            budget, Skills, ImmutableSortedDictionary<string, string>.Empty, null) { Queued = queued, Rule = rule });
        return world;
    }

    public MachineWorld Do(RunCommand command)
    {
        var decision = RunMachine.Decide(State, command, new Facts(Now));
        Refusal = decision.Refusal;
        foreach (var e in decision.Events)
        {
            Journal.Add(e);
            State = RunMachine.Evolve(State, e);
        }

        Check();
        return this;
    }

    public string[] Orders() => [.. RunMachine.Pending(State).Select(effect => effect switch
    {
        InvokeSkill invoke => invoke.StepId + (invoke.Id.Item >= 0 ? $"[{invoke.Id.Item}]" : ""),
        _ => effect.GetType().Name,
    })];

    public InvokeSkill Order(string step, int item = -1) =>
        RunMachine.Pending(State).OfType<InvokeSkill>().First(invoke => invoke.StepId == step && invoke.Id.Item == item);

    public MachineWorld Answer(string step, string result = "null", decimal cost = 0, int item = -1) =>
        Do(new RecordOutcome(Order(step, item).Id, StructuredOutcome.Succeeded(Json.Parse(result), new Cents(cost))));

    public MachineWorld Fail(string step, string code, int item = -1, TimeSpan? retryAfter = null) =>
        Do(new RecordOutcome(Order(step, item).Id, StructuredOutcome.Failed(FailureCatalog.Fail(code, "It failed.", retryAfter))));

    public MachineWorld After(TimeSpan time)
    {
        Now += time;
        return Do(new WakeRun());
    }

    public StepStatus Step(string id) => State.Steps[State.Plan.IndexOf(id)].Status;

    public string? Result(string id) => State.Steps[State.Plan.IndexOf(id)].Result?.GetRawText();

    /// <summary>An event with all its members, as text.</summary>
    public static string Stored(RunEvent e) => e.GetType().Name + JsonSerializer.Serialize(e, e.GetType());

    private void Check()
    {
        var again = Journal.Aggregate(RunState.Empty, RunMachine.Evolve);
        Assert.Equal(State.Seq, again.Seq);
        Assert.Equal(State.Status, again.Status);
        Assert.Equal(State.Spent, again.Spent);
        Assert.Equal(State.Reserved, again.Reserved);
        Assert.Equal(RootHash.Of(State), RootHash.Of(again));
        var replay = MachineReplay.Of(Journal, Stored);
        Assert.True(replay.Seq is null, replay.Reason);
        Assert.Equal(RootHash.Of(State), RootHash.Of(replay.State));
        Assert.True(State.Reserved >= Cents.Zero, "Money never goes negative.");
        if (State.Start?.Budget is { } budget) Assert.True(State.Spent + State.Reserved <= budget, "A hard limit is never overspent.");
    }

    private static SkillTerms Terms(string name, EffectClass effect, CostModel cost) => new(
        name, "1.0.0", effect, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, cost, TimeSpan.FromSeconds(30), [], [], []);
}
