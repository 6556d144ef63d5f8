using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Simulation;

/// <summary>The world that calls reach: what happened there happened, whatever becomes of the node that asked for it.</summary>
internal sealed class Outside(World world)
{
    private readonly Dictionary<string, int> underWay = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (SimNode Node, long At)> answered = new(StringComparer.Ordinal);
    private readonly HashSet<string> failed = new(StringComparer.Ordinal);

    /// <summary>Every effect, in order.</summary>
    internal List<ScriptedCall> Effects { get; } = [];

    /// <summary>Somebody may still cause the effect under this key.</summary>
    internal bool IsUnderWay(string key) => underWay.GetValueOrDefault(key) > 0;

    /// <summary>The node that has got the outcome of this call, and when; null: none that lives.</summary>
    internal (SimNode Node, long At)? Knows(string key) => answered.TryGetValue(key, out var who) && !who.Node.IsDead ? who : null;

    internal ScriptedCall? Effect(string key) => Effects.Find(effect => effect.Call.IdempotencyKey == key);

    /// <summary>A call leaves a node.</summary>
    internal async Task<StructuredOutcome> CallAsync(SimNode node, string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (world.Faults.At(Point.AfterOrderBeforeCall, node) == Deed.Kill) return await new TaskCompletionSource<StructuredOutcome>().Task;
        var order = Order(call);
        if (order is null) world.Violate($"{skill} of step {call.StepId} of run {call.Run} was called before it was ordered");
        if (!node.HoldsLease) world.Violate($"{skill} of step {call.StepId} of run {call.Run} was called by a node whose lease is over");
        if (Row(call) is { Owner: { } owner } && !node.Is(owner)) world.Violate($"{skill} of step {call.StepId} of run {call.Run} was called by {node} while {owner} drives the run");
        if (skill == "flaky" && failed.Add($"{call.Run} {call.StepId}")) return StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "The script says so."));
        var outcome = await ReachAsync(node, skill, parameters, call, cancel);
        if (outcome is null) return StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", $"{skill} did not answer."), default, call.Timeout);
        answered[call.IdempotencyKey] = (node, world.Time.Now);
        if (world.Chance.OneIn(8) && order is { } effect) node.Answer(call.Run!.Value, effect, outcome);
        return outcome;
    }

    /// <summary>Null: no answer came in time.</summary>
    private async Task<StructuredOutcome?> ReachAsync(SimNode node, string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        var key = call.IdempotencyKey;
        var way = world.Chance.OneIn(6) ? world.Chance.Between(500, 7_000) : world.Chance.Between(0.5, 20);
        var isMute = world.Chance.OneIn(40);
        var answer = new TaskCompletionSource<StructuredOutcome>();
        underWay[key] = underWay.GetValueOrDefault(key) + 1;
        world.Time.After(way / 2, () => world.Faults.At(Point.DuringCall, node));
        world.Time.After(way, () =>
        {
            underWay[key]--;
            Effects.Add(new ScriptedCall(skill, parameters, call, Effects.Count + 1));
            world.Tell($"{skill} of {call.StepId} of {world.Name(call.Run!.Value)} happens");
            if (!node.IsDead && world.Faults.At(Point.AfterEffectBeforeOutcome, node) == Deed.Kill) return;
            if (!isMute) world.Time.After(way / 4, () => answer.TrySetResult(StructuredOutcome.Succeeded(skill == "llm_invoke" ? ScriptedModel.Answer(parameters) : parameters, Plans.Cost(skill))));
        });
        await using var registration = cancel.Register(() => answer.TrySetCanceled(cancel));
        try
        {
            return await answer.Task.WaitAsync(call.Timeout, node.Clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private RunRow? Row(SkillCall call) => world.Store.GetAsync(call.Tenant, call.Run!.Value, default).Result;

    /// <summary>The order of a call as it stands in the journal now.</summary>
    private EffectId? Order(SkillCall call)
    {
        var run = call.Run!.Value;
        foreach (var entry in world.Store.Events(run))
        {
            if (entry.Kind.StartsWith("step.started", StringComparison.Ordinal) && EventCodec.Decode(run, entry) is StepStarted ordered && ordered.IdempotencyKey == call.IdempotencyKey)
                return ordered.Effect;
        }

        return null;
    }
}
