using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A command in a mailbox, and who waits for the answer.</summary>
internal sealed record Letter(RunCommand Command, string? InboxId, TaskCompletionSource<CommandReply>? Reply);

/// <summary>
/// A run in memory. One drain at a time decides all queued commands in turn and appends their events together; the state
/// moves on only after the commit, and only then are effects dispatched and callers answered.
/// </summary>
internal sealed class LiveRun(Engine engine, RunRow row, RunState state, byte[] chain)
{
    private readonly Lock gate = new();
    private readonly Queue<Letter> mailbox = new();
    private readonly HashSet<EffectId> inFlight = [];
    private readonly CancellationTokenSource cancelled = new();
    private RunState state = state;
    private RunRow row = row;
    private byte[] chain = chain;
    private bool draining;
    private bool closed;
    private bool crashed;

    internal RunId Id => row.Id;

    internal RunState State => Volatile.Read(ref state);

    internal RunRow Row => Volatile.Read(ref row);

    internal CancellationToken Cancelled => cancelled.Token;

    /// <summary>False when the run has just left memory: load it again.</summary>
    internal bool Post(Letter letter)
    {
        lock (gate)
        {
            if (closed) return false;
            mailbox.Enqueue(letter);
            if (draining) return true;
            draining = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static run => run.Drain(), this, preferLocal: true);
        return true;
    }

    /// <summary>Dispatches the first orders of a run that has just been started here.</summary>
    internal void Begin()
    {
        foreach (var effect in RunMachine.Pending(state)) Dispatch(effect);
    }

    /// <summary>Dispatches what the state asks for. What a dead process had started is asked for again, or declared unknown.</summary>
    internal void Recover()
    {
        foreach (var effect in RunMachine.Pending(state))
        {
            if (effect is InvokeSkill { Class: EffectClass.AtMostOnce or EffectClass.Reconcilable } lost)
                Post(new Letter(new RecordUnknown(lost.Id, "The process ended while the call was under way."), null, null));
            else Dispatch(effect);
        }

        Post(new Letter(new WakeRun(), null, null));
    }

    private void Drain() => engine.Track(DrainAsync());

    private async Task DrainAsync()
    {
        var letters = new List<Letter>();
        while (true)
        {
            letters.Clear();
            lock (gate)
            {
                while (mailbox.TryDequeue(out var letter)) letters.Add(letter);
                if (letters.Count == 0)
                {
                    draining = false;
                    if (state.Status.IsOver() && inFlight.Count == 0) Close();
                    return;
                }
            }

            try
            {
                if (!await TurnAsync(letters)) return;
            }
            catch (JournalUnavailableException e)
            {
                await engine.UnavailableAsync(this, letters, e);
            }
            catch (Exception e) when (e is InvariantBrokenException or InvalidOperationException)
            {
                Freeze(letters, e);
                return;
            }
        }
    }

    /// <summary>Decides, appends, folds, dispatches. False when the run has left memory.</summary>
    private async Task<bool> TurnAsync(List<Letter> letters)
    {
        var next = state;
        var events = new List<RunEvent>();
        var replies = new List<(Letter Letter, Failure? Refusal)>();
        var facts = new Facts(engine.Now);
        foreach (var letter in letters)
        {
            if (letter.Command is RecordOutcome answered) inFlight.Remove(answered.Effect);
            var decision = RunMachine.Decide(next, letter.Command, facts);
            foreach (var e in decision.Events)
            {
                next = RunMachine.Evolve(next, e);
                events.Add(e);
            }

            replies.Add((letter, decision.Refusal));
        }

        var pending = RunMachine.Pending(next);
        var parks = !next.Status.IsOver() && pending.Count == 0 && inFlight.Count == 0;
        var read = letters.Where(letter => letter.InboxId is not null).Select(letter => letter.InboxId!).ToList();
        if (events.Count > 0 || parks || read.Count > 0)
        {
            var append = engine.Append(row, state, next, events, chain, parks, read);
            var reply = await engine.Journal.AppendAsync(append, CancellationToken.None);
            if (reply is AppendReply.HasMail)
            {
                parks = false;
                append = append with { Park = false, Row = append.Row with { Owned = true } };
                reply = await engine.Journal.AppendAsync(append, CancellationToken.None);
                await engine.ReadInboxAsync(this);
            }

            if (reply is not AppendReply.Appended) throw new InvariantBrokenException($"Run {Id} was appended to by somebody else: {reply}.");
            if (append.Entries.Count > 0) chain = append.Entries[^1].Chain;
            Volatile.Write(ref row, append.Row);
            Volatile.Write(ref state, next);
        }

        foreach (var (letter, refusal) in replies)
            letter.Reply?.TrySetResult(refusal is null ? new CommandReply.Done(state) : new CommandReply.Refused(refusal));
        if (events.Count > 0) engine.Changed(this, events);
        if (next.Status.IsOver()) await cancelled.CancelAsync();
        foreach (var effect in pending) Dispatch(effect);
        return !(parks && TryClose());
    }

    private void Dispatch(RunEffect effect)
    {
        if (inFlight.Add(effect.Id)) engine.Track(engine.PerformAsync(this, effect));
    }

    private bool TryClose()
    {
        lock (gate)
        {
            if (mailbox.Count > 0) return crashed; // Mail came in meanwhile: it goes on, and owns itself again with the next append.
            draining = false;
            Close();
            return true;
        }
    }

    private void Close()
    {
        closed = true;
        engine.Forget(this);
    }

    /// <summary>A broken rule: the run stands still in memory and its journal stays as it is.</summary>
    private void Freeze(List<Letter> letters, Exception why)
    {
        crashed = true;
        engine.Froze(this, why);
        foreach (var letter in letters)
            letter.Reply?.TrySetResult(new CommandReply.Refused(FailureCatalog.Fail("STORE_CORRUPT", why.Message)));
        lock (gate)
        {
            draining = false;
            Close();
        }
    }
}
