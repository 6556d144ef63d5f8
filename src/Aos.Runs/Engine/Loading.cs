using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A run read from its journal, page by page, and held against its row.</summary>
internal static class Loading
{
    private const int PageMax = 1_000;

    /// <summary>Folds the events up to number <paramref name="last"/>. Throws <see cref="JournalCorruptException"/>.</summary>
    internal static Task<(RunState State, byte[] Chain)> FoldAsync(IJournal journal, RunId id, CancellationToken cancel, int last = int.MaxValue) =>
        GoOnAsync(journal, id, RunState.Empty, ChainHash.Start, last, cancel);

    /// <summary>Folds what came after <paramref name="state"/>, up to number <paramref name="last"/>.</summary>
    internal static async Task<RunState> GoOnAsync(IJournal journal, RunId id, RunState state, int last, CancellationToken cancel) =>
        (await GoOnAsync(journal, id, state, ChainHash.Start, last, cancel)).State;

    private static async Task<(RunState State, byte[] Chain)> GoOnAsync(IJournal journal, RunId id, RunState state, byte[] chain, int last, CancellationToken cancel)
    {
        while (state.Seq < last)
        {
            var page = await journal.ReadAsync(id, state.Seq, Math.Min(PageMax, last - state.Seq), cancel);
            foreach (var entry in page)
            {
                state = Evolve(state, id, entry);
                chain = entry.Chain;
            }

            if (page.Count < PageMax) break;
        }

        return (state, chain);
    }

    /// <summary>The row is a view of the journal: where they differ, one of them is not as it was written.</summary>
    internal static void Check(RunRow row, RunState state)
    {
        if (state.Seq < row.Seq)
            throw new JournalCorruptException(row.Id, state.Seq + 1, $"Event {state.Seq + 1} of run {row.Id} is missing: its row counts {row.Seq} events.");
        var wrong = Differences(row, state);
        if (wrong.Count > 0)
            throw new JournalCorruptException(row.Id, state.Seq, $"The row of run {row.Id} differs from its journal at event {state.Seq}: {string.Join(", ", wrong)}.");
    }

    private static List<string> Differences(RunRow row, RunState state)
    {
        var wrong = new List<string>();
        var isSetAside = row is { Status: RunStatus.Quarantined, FailureCode: "STORE_CORRUPT" };
        if (row.Seq != state.Seq) wrong.Add($"last_seq is {row.Seq}");
        if (row.Status != state.Status && !isSetAside) wrong.Add($"status is {row.Status.Wire()} instead of {state.Status.Wire()}");
        if (row.Tenant != state.Start?.Tenant) wrong.Add("tenant_id");
        if (row.AgentId != state.Start?.AgentId) wrong.Add("agent_id");
        if (row.Attempt != state.Attempt) wrong.Add("attempt");
        if (row.Spent.ToMicros() != state.Spent.ToMicros()) wrong.Add("spent");
        if (row.RootHash != state.End?.RootHash) wrong.Add("root_hash");
        if (row.EndedAt != state.EndedAt) wrong.Add("ended_at");
        return wrong;
    }

    private static RunState Evolve(RunState state, RunId id, JournalEntry entry)
    {
        try
        {
            return RunMachine.Evolve(state, EventCodec.Decode(id, entry));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
        {
            throw new JournalCorruptException(id, entry.Seq, $"Event {entry.Seq} of run {id} does not fit those before it: {e.Message}");
        }
    }
}
