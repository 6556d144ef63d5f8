using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How a run leaves memory.</summary>
internal sealed partial class LiveRun
{
    /// <summary>
    /// The lease is over: nothing more is decided or written here. Calls under way go on, and what comes of them goes to the inbox;
    /// letters go where the run is now.
    /// </summary>
    internal void Lose()
    {
        Letter[] letters;
        lock (gate)
        {
            if (closed) return;
            Volatile.Write(ref closed, true);
            letters = Unanswered();
            if (!draining) Clear();
        }

        engine.Gone(this);
        foreach (var letter in letters) engine.Forward(Row, letter);
    }

    /// <summary>False: letters came in while the run was parked, and it was still there to be taken again.</summary>
    private async Task<bool> LeaveAsync()
    {
        if (TryClose()) return true;
        lock (gate)
        {
            if (Claimed(mailbox) is not null) return false;
        }

        var again = await engine.ReclaimAsync(row);
        if (again is not null && again.Seq == state.Seq)
        {
            Take(again);
            return false;
        }

        // While this process stood still another node went on with the run and freed it: what was claimed now is loaded anew.
        Drop(again is null ? [] : [new Letter(new WakeRun(), 0, null) { Claimed = again }]);
        return true;
    }

    /// <summary>
    /// The run was only visited, and what was asked for needs a slot: nothing of it is written, and each letter goes its own way
    /// again. Always false: it has left memory.
    /// </summary>
    private async Task<bool> YieldAsync(List<Letter> letters)
    {
        await engine.YieldAsync(row);
        Drop(letters);
        return false;
    }

    /// <summary>Another node has the run, or will: it leaves memory as it is, and its letters go where it is now.</summary>
    private void Drop(List<Letter> letters)
    {
        lock (gate)
        {
            letters = [.. letters, .. Unanswered()];
            draining = false;
            Volatile.Write(ref closed, true);
            Clear();
        }

        engine.Gone(this);
        foreach (var letter in letters) engine.Forward(row, letter);
    }

    /// <summary>This process has claimed the run under its next lease: the one it is driven under here is over.</summary>
    private bool IsTakenOver(List<Letter> letters)
    {
        foreach (var letter in letters)
        {
            if (letter.Claimed is { } mine && row.Owned && mine.Owner != row.Owner) return true;
        }

        return false;
    }

    private RunRow? Claimed(IEnumerable<Letter> letters)
    {
        foreach (var letter in letters)
        {
            if (letter.Claimed is { } mine && mine.Seq == state.Seq) return mine;
        }

        return null;
    }

    private bool TryClose()
    {
        lock (gate)
        {
            if (mailbox.Count > 0) return false;
            draining = false;
            if (!closed) Close();
            return true;
        }
    }

    private void Close()
    {
        Volatile.Write(ref closed, true);
        Clear();
        engine.Forget(this);
    }

    private void Clear()
    {
        alarm?.Dispose();
        if (inFlight.Count == 0) cancelled?.Dispose();
    }

    /// <summary>A broken rule: the run stands still, on record, until somebody resumes it.</summary>
    private async Task FreezeAsync(List<Letter> letters, Exception why)
    {
        await engine.QuarantineAsync(row, state, chain, why);
        lock (gate)
        {
            draining = false;
            if (!closed) Close();
            letters.AddRange(Unanswered());
        }

        foreach (var letter in letters)
            letter.Reply?.TrySetResult(new CommandReply.Refused(FailureCatalog.Fail("STORE_CORRUPT", why.Message)));
    }
}
