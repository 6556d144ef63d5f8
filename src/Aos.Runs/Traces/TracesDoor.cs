using System.Buffers;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Implements the door to what runs prove, from the journal alone: a live run is read as far as it is stored.</summary>
internal sealed class TracesDoor(Records records, IJournal journal, IRunRows rows, Signatures signatures, Replays replays, IKeyring keyring, Reexecution reexecution, TimeProvider clock, TraceMeter meter) : ITraces
{
    public async Task<ReplayResult?> ReplayAsync(Caller caller, RunId run, ReplayOrder order, CancellationToken cancel)
    {
        if (await records.LoadAsync(caller.Tenant, run, int.MaxValue, cancel) is not ({ } record, _)) return null;
        using var timeout = new CancellationTokenSource(order.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var result = await ReplayAsync(record, order, either.Token, cancel);
        meter.Replayed(order.Mode, result, caller.Tenant, SpecName.Of(record.State), timeout.IsCancellationRequested);
        if (record.Events.Count == 0) return result;
        var id = new RunId(Guid.CreateVersion7(clock.GetUtcNow()));
        var status = result.Success ? "completed" : timeout.IsCancellationRequested ? "timeout" : "failed";
        await replays.AddAsync(caller.Tenant, id, record.Events.Count, new ReplayOf(run, clock.GetUtcNow(), order.Mode, order.VerifyParity, status), cancel);
        return result with { Replay = id };
    }

    public async Task<TraceVerdict?> VerifyAsync(Caller caller, RunId run, CancellationToken cancel)
    {
        if (await records.LoadAsync(caller.Tenant, run, int.MaxValue, cancel) is not ({ } record, _)) return null;
        var made = await signatures.OfAsync(caller.Tenant, run, record, cancel);
        var verdict = record.Verdict([.. made.Select(signature => signature.KeyId).Distinct()], cancel);
        if (verdict.Ok)
        {
            var keys = await keyring.PublicKeysAsync(cancel);
            if (Signatures.Wrong(run, record, made, id => keys.FirstOrDefault(key => key.Id == id)?.PublicKey) is var (seq, reason))
                verdict = verdict with { Ok = false, Seq = seq, Reason = reason, Keys = [] };
        }

        meter.Verified(verdict, SpecName.Of(record.State));
        return verdict;
    }

    public async Task<bool> ExportAsync(Caller caller, RunId run, IBufferWriter<byte> output, CancellationToken cancel)
    {
        if (await records.LoadAsync(caller.Tenant, run, int.MaxValue, cancel) is not ({ } record, { } entries)) return false;
        var made = await signatures.OfAsync(caller.Tenant, run, record, cancel);
        var keys = await keyring.PublicKeysAsync(cancel);
        await using var writer = new Utf8JsonWriter(output);
        TraceFile.Write(writer, run, caller.Tenant, entries, record, made, keys);
        return true;
    }

    public async Task<RunTrace?> ReadAsync(Caller caller, RunId id, CancellationToken cancel)
    {
        if (await records.LoadAsync(caller.Tenant, id, int.MaxValue, cancel) is ({ } record, _)) return new RunTrace(id, Sound(id, record), null);
        if (await replays.FindAsync(caller.Tenant, id, cancel) is not var (replay, seq)) return null;
        return await records.LoadAsync(caller.Tenant, replay.Run, seq, cancel) is ({ } original, _) ? new RunTrace(id, Sound(replay.Run, original), replay) : null;
    }

    public async Task<IReadOnlyList<JournalEntry>?> EventsAsync(Caller caller, RunId run, int afterSeq, int max, CancellationToken cancel) =>
        await rows.GetAsync(caller.Tenant, run, cancel) is null ? null : await journal.ReadAsync(run, afterSeq, max, cancel);

    public async Task<IReadOnlyList<RunTrace>> ListAsync(Caller caller, int limit, int offset, CancellationToken cancel)
    {
        var traces = new List<RunTrace>();
        RunId? before = null;
        while (traces.Count < limit)
        {
            var page = await rows.ListAsync(new RunFilter(caller.Tenant, Before: before, Limit: Math.Min(offset + limit - traces.Count, 1_000)), cancel);
            if (page.Count == 0) break;
            before = page[^1].Id;
            foreach (var row in page.Skip(offset))
            {
                if (await records.LoadAsync(caller.Tenant, row.Id, int.MaxValue, cancel) is ({ State.Start: not null } record, _))
                    traces.Add(new RunTrace(row.Id, record.State, null, record.Reason));
            }

            offset = Math.Max(offset - page.Count, 0);
        }

        return traces;
    }

    private async Task<ReplayResult> ReplayAsync(Record record, ReplayOrder order, CancellationToken timeout, CancellationToken cancel)
    {
        if (!record.Ok) return new ReplayResult(false, null, null, record.Events.Count == 0 ? null : Open(record.State), record.Seq, record.Reason, null, null);
        try
        {
            var original = StepView.Server(record.State);
            var again = order.Mode == ReplayMode.Dry ? new MachineReplay(record.State, null, null) : record.Decide(timeout);
            var parity = Parity.Of(original, StepView.Server(again.State));
            var point = again.Seq is null ? parity.Step : parity.Step ?? Open(again.State);
            var root = RootHash.Of(again.State);
            var steps = order.Mode == ReplayMode.Execute && again.Seq is null
                ? await reexecution.OfAsync(record.State, timeout)
                : ReplayedStep.OfRecord(record.State, order.Mode != ReplayMode.Dry, point);
            var mismatch = order.Mode == ReplayMode.Execute ? steps.FirstOrDefault(step => step.Action == ReplayAction.Mismatch) : null;
            return new ReplayResult(
                (!order.VerifyParity || (parity.IsParity && again.Seq is null)) && mismatch is null, null, order.VerifyParity ? parity : null, point ?? mismatch?.Index, again.Seq,
                again.Reason ?? (mismatch is null ? null : $"Step {mismatch.Id}: {mismatch.Reason}"), RootHash.Of(record.State), root) { Steps = steps };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ReplayResult(false, null, null, null, null, $"The replay took longer than {order.Timeout.TotalSeconds:0.###} s and was given up.", null, null);
        }
    }

    /// <summary>The step a history stands at: the first that is not over.</summary>
    private static int? Open(RunState state)
    {
        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (!state.Steps[i].Status.IsOver()) return i;
        }

        return null;
    }

    private static RunState Sound(RunId run, Record record) =>
        record.Ok ? record.State : throw new JournalCorruptException(run, record.Seq ?? 0, record.Reason!);
}
