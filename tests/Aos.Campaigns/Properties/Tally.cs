using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>What came up in many runs: a construct that never did would be one that nothing was proved about.</summary>
internal sealed class Tally
{
    internal SortedDictionary<string, long> Seen { get; } = new(StringComparer.Ordinal);

    internal long Plans { get; set; }

    internal long Children { get; set; }

    internal long Forks { get; set; }

    internal long Uncut { get; set; }

    internal long Decisions { get; private set; }

    internal long Events { get; private set; }

    /// <summary>Hears of each command and what came of it; null: nobody listens.</summary>
    internal Action<string>? Story { get; init; }

    internal void Decided(RunId run, RunCommand command, Decision decision)
    {
        Story?.Invoke($"{run.ToString()[..8]} {command.GetType().Name}{Print.Of(decision)}");
        Decisions++;
        if (decision.Refusal is { } refusal) See($"refusal {refusal.Code}");
        foreach (var e in decision.Events)
        {
            Events++;
            See($"event {e.GetType().Name}");
            if (e is RunEnded end) See($"end {end.Status.Wire()}");
            if (e is StepEnded { Failure: { } failure }) See($"failure {failure.Code}");
        }
    }

    internal void Read(Plan plan)
    {
        Plans++;
        See(plan.IsGraph ? "plan graph" : "plan list");
        if (plan.Budget is not null) See("plan budget");
        if (plan.Timeout is not null) See("plan timeout");
        if (plan.CompensateOnFailure) See("plan on_failure");
        foreach (var step in plan.Steps) Read(step);
    }

    internal void Add(Tally other)
    {
        foreach (var (name, count) in other.Seen) Seen[name] = Seen.GetValueOrDefault(name) + count;
        Plans += other.Plans;
        Children += other.Children;
        Forks += other.Forks;
        Uncut += other.Uncut;
        Decisions += other.Decisions;
        Events += other.Events;
    }

    /// <summary>What has to come up, or the laws were not tried on it.</summary>
    internal ImmutableArray<string> Missing() =>
    [
        .. Wanted.Where(name => !Seen.ContainsKey(name)), .. typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).Select(type => $"event {type.Name}").Where(name => !Seen.ContainsKey(name)),
    ];

    private static IEnumerable<string> Wanted =>
    [
        "plan graph", "plan list", "plan budget", "plan timeout", "plan on_failure", "step Agent", "step Await", "step Child", "step Skill", "step Sleep", "step approval", "step compensate", "step fallback",
        "step for_each", "step idempotency_key", "step max_cost_cents", "step on_error Compensate", "step on_error Continue", "step repeat", "step retry", "step signal", "step timeout", "step when",
        "end succeeded", "end failed", "end cancelled",
    ];

    private void Read(PlanStep step)
    {
        See($"step {step.Kind}");
        if (step.Await is { } awaits) See(awaits.Approval is null ? "step signal" : "step approval");
        if (step.OnError is not OnError.Abort) See(step.OnError == OnError.Fallback ? "step fallback" : $"step on_error {step.OnError}");
        foreach (var (name, isThere) in new[]
                 {
                     ("step compensate", step.Compensate is not null), ("step for_each", step.ForEach is not null), ("step idempotency_key", step.IdempotencyKey is not null),
                     ("step max_cost_cents", step.MaxCost is not null), ("step repeat", step.Repeat is not null), ("step retry", step.Retry is not null), ("step timeout", step.Timeout is not null), ("step when", step.When is not null),
                 })
        {
            if (isThere) See(name);
        }
    }

    private void See(string name) => Seen[name] = Seen.GetValueOrDefault(name) + 1;
}
