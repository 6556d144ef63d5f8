using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What a turn of a run writes.</summary>
internal static class RunAppend
{
    /// <param name="node">The node that drives the run.</param>
    /// <param name="chain">Chain hash of the last stored event.</param>
    /// <param name="parks">The run leaves memory.</param>
    /// <param name="read">Number of the last inbox item decided.</param>
    internal static JournalAppend Of(NodeId node, RunRow row, RunState before, RunState after, IReadOnlyList<RunEvent> events, byte[] chain, bool parks, long read)
    {
        var entries = new List<JournalEntry>(events.Count);
        var adoptions = row.Adoptions;
        foreach (var e in events)
        {
            var entry = EventCodec.Encode(row.Id, before.Seq + entries.Count + 1, e, chain);
            chain = entry.Chain;
            entries.Add(entry);
            if (e is CallSucceeded or CallFailed or CallUnknown or RunResumed or RunEnded) adoptions = 0;
        }

        var over = after.Status.IsOver();
        return new JournalAppend
        {
            By = node,
            ExpectedSeq = before.Seq,
            Entries = entries,
            Park = parks,
            Sends = over && !before.Status.IsOver() ? Mail.OfEnd(after) : [],
            Outbox = over && !before.Status.IsOver() && after.Start!.Webhook is { } url ? [Mail.Notice(url, after)] : [],
            Row = row with
            {
                Status = after.Status,
                Seq = after.Seq,
                Owner = parks || over ? null : row.Owner,
                InboxRead = Math.Max(read, row.InboxRead),
                WakeAt = parks ? RunMachine.NextWake(after) : null,
                Lane = parks ? LaneOf(after) : over ? null : row.Lane,
                Attempt = after.Attempt,
                Spent = after.Spent,
                Budget = after.Start is null ? row.Budget : after.Budget,
                MinRule = after.Raised is null ? row.MinRule : Math.Max(row.MinRule, (int)KernelRule.Raise),
                UpdatedAt = events.Count > 0 ? events[^1].At : row.UpdatedAt,
                EndedAt = after.EndedAt,
                FailureCode = after.End?.Failure?.Code,
                RootHash = after.End?.RootHash,
                Adoptions = adoptions,
            },
        };
    }

    /// <summary>Where a parked run stands in line. A child stands with those that have begun: its parent has.</summary>
    private static Lane? LaneOf(RunState state) => state.BegunAt is not null ? null
        : state.Status != RunStatus.Queued ? Lane.Held
        : state.Start!.Parent is null ? Lane.New
        : Lane.Begun;
}
