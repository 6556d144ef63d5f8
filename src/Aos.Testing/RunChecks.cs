using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Testing;

/// <summary>The promises of a journal, checked on one run: what counts, counts once; money holds; folding is stable.</summary>
internal sealed class RunChecks(RunRow row, MemoryJournal journal, IReadOnlyList<ScriptedCall> effects, Action<string> violated)
{
    private readonly List<RunEvent> events = [];

    internal async Task CheckAsync()
    {
        try
        {
            foreach (var entry in await journal.ReadAsync(row.Id, 0, int.MaxValue, CancellationToken.None))
            {
                if (entry.Seq != events.Count + 1) violated($"Run {row.Id} has a gap at event {events.Count + 1}.");
                events.Add(EventCodec.Decode(row.Id, entry));
            }

            Loading.Check(row, CheckFold());
        }
        catch (JournalCorruptException e)
        {
            violated(e.Message);
        }

        CheckOutcomes();
        CheckEffects();
    }

    private RunState CheckFold()
    {
        var (state, again) = (RunState.Empty, RunState.Empty);
        foreach (var e in events)
        {
            (state, again) = (RunMachine.Evolve(state, e), RunMachine.Evolve(again, e));
            if (state.Budget is { } budget && state.Spent + state.Reserved > budget) violated($"Run {row.Id} overspent its budget at event {state.Seq}.");
            if (state.Reserved < Cents.Zero) violated($"Run {row.Id} has a negative reservation at event {state.Seq}.");
        }

        if (RootHash.Of(state) != RootHash.Of(again)) violated($"Run {row.Id} folds to two states.");
        return state;
    }

    /// <summary>An order's outcome counts once, and every order of a run that succeeded has one.</summary>
    private void CheckOutcomes()
    {
        var outcomes = events.OfType<CallSucceeded>().GroupBy(e => e.Effect).Where(group => group.Count() > 1);
        foreach (var twice in outcomes) violated($"Run {row.Id} counted {twice.Key} {twice.Count()} times.");
        if (row.Status != RunStatus.Succeeded) return;
        foreach (var ordered in events.OfType<StepStarted>())
        {
            var isAnswered = events.Exists(e => e switch
            {
                CallSucceeded done => done.Effect == ordered.Effect,
                CallFailed failed => failed.Effect == ordered.Effect,
                CallResolved resolved => resolved.Effect == ordered.Effect,
                _ => false,
            });
            if (!isAnswered) violated($"Run {row.Id} succeeded without an outcome of {ordered.Effect}.");
        }
    }

    /// <summary>What happened outside: an at-most-once effect once, another only under one key; and what counts as done happened.</summary>
    private void CheckEffects()
    {
        var byKey = events.OfType<StepStarted>().GroupBy(e => e.IdempotencyKey, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        var happened = effects.Where(effect => effect.Call.Run == row.Id && byKey.ContainsKey(effect.Call.IdempotencyKey)).ToList();
        foreach (var place in happened.GroupBy(effect => (byKey[effect.Call.IdempotencyKey].Effect.Step, byKey[effect.Call.IdempotencyKey].Effect.Item, byKey[effect.Call.IdempotencyKey].Effect.Compensation)))
        {
            var ordered = byKey[place.First().Call.IdempotencyKey];
            if (ordered.Class is EffectClass.AtMostOnce or EffectClass.Reconcilable && place.Count() > 1)
                violated($"Run {row.Id}: the at-most-once effect of {ordered.Effect} happened {place.Count()} times.");
            var keys = place.Select(effect => effect.Call.IdempotencyKey).Distinct(StringComparer.Ordinal).Count();
            if (keys > 1) violated($"Run {row.Id}: the effect of {ordered.Effect} happened under {keys} keys.");
        }

        foreach (var done in events.OfType<CallSucceeded>())
        {
            var ordered = events.OfType<StepStarted>().LastOrDefault(e => e.Effect == done.Effect);
            // A pure call has no effect that could have happened.
            if (ordered is { Class: not EffectClass.Pure } && !happened.Exists(effect => effect.Call.IdempotencyKey == ordered.IdempotencyKey))
                violated($"Run {row.Id}: {done.Effect} counts as done and never happened.");
        }
    }
}
