using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// An ended run waits for its children without costing anything but a row: mail wakes no run that is over, so it looks for it, soon at
/// first, then as long after its end as that is old.
/// </summary>
internal static class Settling
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Last = TimeSpan.FromHours(1);

    /// <summary>The append, with the time to look again where children of the ended run are not settled.</summary>
    internal static JournalAppend Of(JournalAppend append, RunState after, DateTimeOffset now)
    {
        if (RunMachine.Unsettled(after).Count == 0) return append;
        var age = now - after.EndedAt!.Value;
        return append with { Row = append.Row with { WakeAt = now + (age < First ? First : age > Last ? Last : age) } };
    }

    /// <summary>The children that were never begun: their order died with the process, or came after the end.</summary>
    internal static async Task<List<RecordOutcome>> NeverBegunAsync(IRunRows rows, RunState over, CancellationToken cancel)
    {
        var found = new List<RecordOutcome>();
        foreach (var child in RunMachine.Unsettled(over))
        {
            if (await rows.GetAsync(over.Start!.Tenant, child.Run, cancel) is null) found.Add(Mail.NeverBegan(child));
        }

        return found;
    }
}
