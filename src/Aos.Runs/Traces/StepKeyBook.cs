using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Keys of the calls of own runs in the words of all keys: reserved when the call was ordered, by its run; completed with its outcome, or
/// failed. The journal is what is asked, so nothing has to be kept in step with it.
/// </summary>
internal sealed class StepKeyBook(IStepKeys keys, IRuns runs)
{
    /// <summary>Null: no call of this tenant was ordered under the key within the last day.</summary>
    internal async Task<(KeyRow Row, RunId Run, int Step)?> FindAsync(Caller caller, string key, CancellationToken cancel)
    {
        (KeyRow Row, RunId Run, int Step)? best = null;
        foreach (var (run, effect) in await keys.FindAsync(caller.Tenant, key, cancel))
        {
            if (await runs.ReadAsync(caller, run, cancel) is not { Start: not null } state || Of(state, effect, key) is not { } row) continue;
            if (row.State == KeyState.Completed) return (row, run, effect.Step);
            best ??= (row, run, effect.Step); // A later run may have done what an earlier one could not.
        }

        return best;
    }

    /// <summary>How the call stands; null: it was ordered under another key that begins alike.</summary>
    private static KeyRow? Of(RunState state, EffectId effect, string key)
    {
        if (effect.Step < 0 || effect.Step >= state.Steps.Length) return null;
        var step = state.Steps[effect.Step];
        var at = Math.Max(effect.Item, 0);
        var call = effect.Compensation ? step.Compensation : at < step.Calls.Length ? step.Calls[at] : null;
        if (call?.Started is not { } started || started.IdempotencyKey != key) return call?.Generation > effect.Generation ? Row(KeyState.Failed, null) : null;
        return call.Status switch
        {
            CallStatus.Succeeded => Row(KeyState.Completed, call.Outcome),
            CallStatus.Failed => Row(KeyState.Failed, null),
            _ => Row(KeyState.Reserved, null),
        };

        KeyRow Row(KeyState how, StructuredOutcome? outcome) => new(
            how, state.Start!.Run.ToString(), $"{state.Plan.Steps[effect.Step].Id}:{effect}", outcome?.Result, (call?.Started?.At ?? state.LastAt) + IStepKeys.Lifetime);
    }
}
