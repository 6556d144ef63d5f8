using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How a run leaves a node that drains.</summary>
internal sealed partial class LiveRun
{
    /// <summary>Letters for whoever drives the run next; under the gate.</summary>
    private readonly List<Letter> held = [];

    /// <summary>The node drains: looks whether the run can leave.</summary>
    internal void HandOver() => Post(new Letter(new WakeRun(), 0, null));

    /// <summary>
    /// Decides nothing: outcomes go to the inbox, commands with the run. Once no call is under way, or the grace has passed, the
    /// run is free and due, and out of memory: then true.
    /// </summary>
    private async Task<bool> HandOverAsync(List<Letter> letters)
    {
        foreach (var letter in letters)
        {
            if (letter.Begun is { } child) inFlight.Remove(child);
            if (letter.CalledOff is { } off) inFlight.Remove(off);
            if (letter.Command is RecordMemory memory) inFlight.Remove(memory.Effect); // It is read anew where the run goes on.
            if (letter is { Command: RecordOutcome came, InboxSeq: 0 })
            {
                if (!state.Status.IsOver()) await engine.KeepAsync(row, came.Effect, came.Outcome);
                inFlight.Remove(came.Effect);
            }
            else
            {
                Hold(letter);
            }
        }

        if (IsGone || (inFlight.Count > 0 && !engine.Draining.IsOver)) return false;
        if (row.Owned) await engine.FreeAsync(row);
        Drop([]);
        return true;
    }

    private void Hold(Letter letter)
    {
        if (letter.Reply is null && letter.Claimed is null) return; // Wakes come with the claim, mail is in the store.
        lock (gate)
        {
            if (!closed)
            {
                held.Add(letter);
                return;
            }
        }

        engine.Forward(row, letter);
    }

    /// <summary>What is still to be passed on; only under the gate.</summary>
    private Letter[] Unanswered()
    {
        Letter[] letters = [.. held, .. mailbox];
        held.Clear();
        mailbox.Clear();
        return letters;
    }

    /// <summary>
    /// A draining node makes no new calls but those that the journal says have begun and that nobody can make twice: the next
    /// driver would have to take them for lost.
    /// </summary>
    private bool IsLeft(RunEffect effect) =>
        engine.Draining.IsOn && effect is not InvokeSkill { Class: EffectClass.AtMostOnce or EffectClass.Reconcilable };
}
