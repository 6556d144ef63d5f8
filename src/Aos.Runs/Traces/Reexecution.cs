using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Makes the calls of a recorded run again and compares what comes of them. Only pure skills are called, in the version the run
/// had: whatever acts on the world, or depends on it, keeps its recorded outcome.
/// </summary>
internal sealed class Reexecution(ISkills skills)
{
    internal async Task<ImmutableArray<ReplayedStep>> OfAsync(RunState state, CancellationToken cancel)
    {
        var steps = ImmutableArray.CreateBuilder<ReplayedStep>();
        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (state.Steps[i].Status.IsOver() && !state.Steps[i].Calls.IsEmpty) steps.Add(await StepAsync(state, i, cancel));
            else if (state.Steps[i].Status.IsOver()) steps.Add(ReplayedStep.Of(state, i, ReplayAction.Skipped, "It called no skill."));
        }

        return steps.ToImmutable();
    }

    private async Task<ReplayedStep> StepAsync(RunState state, int index, CancellationToken cancel)
    {
        if (Kept(state, index) is { } why) return ReplayedStep.Of(state, index, ReplayAction.Skipped, why);
        var isCompared = state.Plan.Steps[index].Replay != ReplayBehavior.Execute;
        var calls = state.Steps[index].Calls;
        for (var item = 0; item < calls.Length; item++)
        {
            if (calls[item].Outcome is not { } recorded || recorded.Failure is { Retryable: true }) continue; // What passes by itself says nothing of the skill.
            cancel.ThrowIfCancellationRequested();
            var order = Order(state, index, item, calls[item]);
            if (order is null) return ReplayedStep.Of(state, index, ReplayAction.Mismatch, "Its parameters cannot be made again.");
            var outcome = await skills.InvokeAsync(order.Skill, order.Params, new SkillCall(state.Start!, order), cancel);
            if (!isCompared) continue;
            var stable = state.Start!.Terms[order.Skill].StableFields;
            var (was, now) = (Hash(recorded, stable), Hash(outcome, stable));
            if (was == now) continue;
            return ReplayedStep.Of(state, index, ReplayAction.Mismatch, (calls.Length > 1 ? $"Item {item}: " : "") + Differs(recorded, outcome)) with { Recorded = was, Now = now };
        }

        return isCompared
            ? ReplayedStep.Of(state, index, ReplayAction.Checked, "It was called again and gave what is recorded.")
            : ReplayedStep.Of(state, index, ReplayAction.Executed, "It was called again; its replay_behavior is execute, so nothing was compared.");
    }

    /// <summary>Why the recorded outcome is kept without a call; null: the skill is called.</summary>
    private string? Kept(RunState state, int index)
    {
        var plan = state.Plan.Steps[index];
        if (plan.Skill is not { } skill) return "It calls no skill.";
        if (plan.Replay == ReplayBehavior.Skip) return "Its replay_behavior is skip.";
        var terms = state.Start!.Terms[skill];
        if (terms.Effect != EffectClass.Pure) return $"{skill} has effects ({terms.Effect}).";
        if (plan.Repeat is not null) return "A repeated call depends on what it waits for.";
        var here = VersionRange.Read(terms.Version) is { } exact ? skills.Choose([new SkillAsk("", skill, exact)]).Skills : skills;
        if (!here.Terms.TryGetValue(skill, out var now)) return $"There is no skill {skill} any more.";
        return now.Version == terms.Version && now.Effect == EffectClass.Pure ? null : $"The run had {skill} {terms.Version}; here is {now.Version}.";
    }

    private static InvokeSkill? Order(RunState state, int index, int item, CallState call)
    {
        var (plan, terms) = (state.Plan.Steps[index], state.Start!.Terms[state.Plan.Steps[index].Skill!]);
        var at = state.Steps[index].Items is null ? -1 : item;
        return RunMachine.Params(state, index, at) is not { } parameters ? null : new InvokeSkill
        {
            Id = new EffectId(index, at, call.Generation), StepId = plan.Id, Skill = plan.Skill!, Version = terms.Version, Params = parameters, Written = plan.Params,
            Class = EffectClass.Pure, Run = state.Start.Run, Timeout = plan.Timeout ?? terms.TimeoutDefault, RunSeed = state.Start.Seed,
        };
    }

    /// <summary>Of the stable part of a result, or of the code of a failure.</summary>
    private static string Hash(StructuredOutcome outcome, ImmutableArray<string> stable)
    {
        if (outcome.Failure is { } failure) return ContentHash.Hex(Json.Of("failure:" + failure.Code));
        return ContentHash.Hex(StepView.Stable(outcome.Result, stable));
    }

    private static string Differs(StructuredOutcome recorded, StructuredOutcome now) => (recorded.Failure, now.Failure) switch
    {
        (null, { } failure) => $"It succeeded then and fails now with {failure.Code}.",
        ({ } failure, null) => $"It failed then with {failure.Code} and succeeds now.",
        ({ } was, { } fails) => $"It failed then with {was.Code} and now with {fails.Code}.",
        _ => $"Its result differs at {string.Join(", ", JsonDifference.Of(recorded.Result, now.Result, 3).Select(difference => difference.Path.Length == 0 ? "its root" : difference.Path))}.",
    };
}
