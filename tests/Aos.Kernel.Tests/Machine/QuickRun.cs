using System.Collections.Immutable;

namespace Aos.Kernel.Tests.Machine;

/// <summary>A run without the checks of <see cref="MachineWorld"/>, which fold and replay the whole journal after every decision.</summary>
internal sealed class QuickRun
{
    private static readonly Facts Then = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <param name="rule">Null: the one the machine chooses.</param>
    internal QuickRun(string plan, KernelRule? rule = null, string inputs = "{}")
    {
        var reading = PlanReader.Read(Json.Parse(plan), MachineWorld.Skills);
        Assert.True(reading.Plan is not null, string.Join("\n", reading.Problems));
        var start = new StartRun(
            new RunId(new Guid("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", reading.Plan!, Json.Parse(inputs), 42, null, MachineWorld.Skills,
            ImmutableSortedDictionary<string, string>.Empty, null);
        var decision = RunMachine.Decide(State, start, Then);
        if (rule is not { } older)
        {
            Take(decision);
            return;
        }

        Take(Decision.Of(((RunStarted)decision.Events[0]) with { Rule = older }));
        Take(RunMachine.Decide(State, new WakeRun(), Then));
    }

    internal RunState State { get; private set; } = RunState.Empty;

    internal List<RunEvent> Journal { get; } = [];

    internal IReadOnlyList<InvokeSkill> Owed() => [.. RunMachine.Pending(State).Cast<InvokeSkill>()];

    /// <summary>The call gives back its parameters.</summary>
    internal void Answer(InvokeSkill call) => Take(RunMachine.Decide(State, new RecordOutcome(call.Id, StructuredOutcome.Succeeded(call.Params)), Then));

    internal void Fail(InvokeSkill call) =>
        Take(RunMachine.Decide(State, new RecordOutcome(call.Id, StructuredOutcome.Failed(FailureCatalog.Fail("INVALID_INPUT", "It failed."))), Then));

    /// <summary>Answers one call after another, the newest first, until nothing is owed; the number of events.</summary>
    internal int Finish()
    {
        var before = Journal.Count;
        while (RunMachine.Pending(State) is { Count: > 0 } owed) Answer((InvokeSkill)owed[^1]);
        return Journal.Count - before;
    }

    private void Take(Decision decision)
    {
        Journal.AddRange(decision.Events);
        State = decision.From(State);
    }
}
