using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// A run in memory. One drain at a time decides all queued commands in turn and appends their events together; the state
/// moves on only after the commit, and only then are effects dispatched and callers answered.
/// </summary>
internal sealed partial class LiveRun(Engine engine, RunRow row, RunState state, byte[] chain, long bytes)
{
    private static readonly TimeSpan AlarmMax = TimeSpan.FromDays(1);
    private readonly Lock gate = new();
    private readonly Queue<Letter> mailbox = new();

    // These belong to the drain.
    private readonly HashSet<EffectId> inFlight = [];
    private readonly HashSet<EffectId> begun = [];
    private CancellationTokenSource? cancelled;
    private RunState state = state;
    private RunRow row = row;
    private RunRow claim = row;
    private byte[] chain = chain;
    private long bytes = bytes;
    private ITimer? alarm;
    private DateTimeOffset? alarmAt;
    private volatile bool rang;

    private bool draining = true; // Until Begin or Resume.
    private bool closed;

    internal RunId Id => row.Id;

    internal RunState State => Volatile.Read(ref state);

    internal RunRow Row => Volatile.Read(ref row);

    /// <summary>The node it is driven under; it writes under no other.</summary>
    internal NodeId Node => Volatile.Read(ref claim).Owner!.Value;

    /// <summary>Its node's lease is over, or it has left memory otherwise: nothing new may be done for it from here.</summary>
    internal bool IsGone => Volatile.Read(ref closed);

    internal long JournaledBytes => bytes;

    /// <summary>Whoever started the run waited for its end and has got it: nobody is likely to ask again at once.</summary>
    internal bool WasHanded { get; set; }

    /// <summary>Ends with the current attempt, and with this process. Made for the first call that may take long.</summary>
    internal CancellationToken Cancelled
    {
        get
        {
            if (Volatile.Read(ref cancelled) is { } made) return made.Token;
            var mine = CancellationTokenSource.CreateLinkedTokenSource(engine.Stopping);
            if (Interlocked.CompareExchange(ref cancelled, mine, null) is not { } other) return mine.Token;
            mine.Dispose();
            return other.Token;
        }
    }

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

        Stage.Queue(static run => run.Drain(), this);
        return true;
    }

    /// <summary>Dispatches the first orders of a run that has just been started here.</summary>
    /// <param name="goesOn">True: what it does first is still to be decided.</param>
    internal void Begin(bool goesOn)
    {
        if (goesOn) Post(new Letter(new WakeRun(), 0, null));
        foreach (var effect in RunMachine.Pending(state)) Dispatch(effect);
        Arm(RunMachine.NextWake(state));
        Drain();
    }

    /// <summary>
    /// Goes on with a run read from its journal, after the letters posted so far. What a dead process had started is asked
    /// for again, or declared unknown.
    /// </summary>
    internal void Resume()
    {
        foreach (var effect in RunMachine.Pending(state))
        {
            if (effect is InvokeSkill { Class: EffectClass.AtMostOnce or EffectClass.Reconcilable } lost && !engine.Mistakes.ForgetsStarted)
                Post(new Letter(new RecordUnknown(lost.Id, "The process ended while the call was under way."), 0, null));
        }

        if (!state.Status.IsOver()) Post(new Letter(new WakeRun(), 0, null));
        Drain();
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
                if (closed)
                {
                    Clear();
                    return;
                }

                while (mailbox.TryDequeue(out var letter)) letters.Add(letter);
                var leaves = state.Status.IsOver() && inFlight.Count == 0 && !row.Owned;
                if (letters.Count == 0 && (leaves || !state.Status.IsOver() || inFlight.Count > 0))
                {
                    draining = false;
                    if (leaves) Close();
                    return;
                }
            }

            try
            {
                if (engine.Draining.IsOn ? await HandOverAsync(letters) : !await TurnAsync(letters)) return;
            }
            catch (Exception) when (engine.IsStopping)
            {
                // The next process goes on from the journal.
                foreach (var letter in letters) letter.Reply?.TrySetException(new JournalUnavailableException("The server is stopping.", TimeSpan.FromSeconds(1)));
                return;
            }
            catch (JournalUnavailableException) when (engine.Mistakes.DecidesAnew)
            {
                foreach (var letter in letters) Post(letter);
            }
            catch (RunLostException)
            {
                Drop(letters);
                return;
            }
            catch (Exception e)
            {
                // The last catch of a run: whatever broke, this run stands still and the others go on.
                await FreezeAsync(letters, e);
                return;
            }
        }
    }

    /// <summary>Decides, appends, folds, dispatches. False when the run has left memory.</summary>
    private async Task<bool> TurnAsync(List<Letter> letters)
    {
        if (IsGone || IsTakenOver(letters)) throw new RunLostException(Id);
        if (!row.Owned && Claimed(letters) is { } mine) Take(mine);
        var turn = new DecidedTurn(state, row.InboxRead, letters);
        Decide(turn);
        if (row.Lane is not null && RunMachine.Pending(turn.Next, inFlight).Count > 0) return await YieldAsync(letters);
        var pending = await GoOnAsync(turn);
        if (await PayAsync(turn)) pending = RunMachine.Pending(turn.Next, inFlight);
        var (next, events) = (turn.Next, turn.Events);
        var over = next.Status.IsOver();
        var parks = !over && inFlight.Count == 0 && turn.Postponed.Count == 0 && IsIdle(pending);
        var answers = turn.Answers();
        if (events.Count > 0 || parks || turn.Read > row.InboxRead || (over && row.Owned)) parks = await WriteAsync(turn, parks, answers, letters);
        turn.Answer(state);
        if (events.Count > 0) engine.Changed(this, events);
        await TurnTokenAsync(over);
        Postpone(turn.Postponed);
        if (IsGone) return true;
        foreach (var effect in pending)
        {
            if (!begun.Contains(effect.Id)) Dispatch(effect);
        }

        Arm(parks || over ? null : RunMachine.NextWake(next));
        return !(parks && await LeaveAsync());
    }

    /// <summary>Decides the letters in turn; a queued run that has a slot begins.</summary>
    private void Decide(DecidedTurn turn)
    {
        var facts = new Facts(engine.Now);
        for (var i = 0; i < turn.Letters.Count; i++)
        {
            if (turn.Reads(i) is { } letter) Decide(turn, i, letter, facts);
            turn.Mark();
        }

        if (turn.Next.Status == RunStatus.Queued && row.Lane is null) turn.Add(RunMachine.Decide(turn.Next, new BeginRun(), facts)); // It has a slot: its turn has come.
    }

    private void Decide(DecidedTurn turn, int i, Letter letter, Facts facts)
    {
        if (letter.InboxSeq > 0 && Mail.IsMoot(turn.Next, letter.Command)) return;
        if (DecidedTurn.Answered(letter) is { } answered && inFlight.Remove(answered)) turn.Removed.Add((i, answered));
        if (letter.Begun is { } child)
        {
            begun.Add(child);
            inFlight.Remove(child);
        }

        if (letter.CalledOff is { } off) inFlight.Remove(off);
        var decision = RunMachine.Decide(turn.Next, letter.Command, facts);
        turn.Refusals[i] = decision.Refusal;
        turn.Add(decision);
    }

    /// <summary>Nothing is owed but the ends of child runs, which come by mail.</summary>
    private bool IsIdle(IReadOnlyList<RunEffect> pending)
    {
        foreach (var effect in pending)
        {
            if (!begun.Contains(effect.Id)) return false;
        }

        return true;
    }

    /// <summary>Appends and moves on. True when the run is parked now.</summary>
    private async Task<bool> WriteAsync(DecidedTurn turn, bool parks, IReadOnlyList<InboxAnswer> answers, List<Letter> letters)
    {
        var (next, events) = (turn.Next, turn.Events);
        if (!row.Owned) Take(await TakeAgainAsync());
        var append = Settling.Of(RunAppend.Of(Node, row, state, next, events, chain, parks, turn.Read) with { Answers = answers, Money = turn.Money }, next, engine.Now);
        append = engine.Failing?.Add(append, next, events) ?? append;
        var reply = await StoreAsync(append, letters);
        if (reply is AppendReply.HasMail)
        {
            parks = false;
            append = append with { Park = false, Row = append.Row with { Owner = row.Owner } };
            reply = await StoreAsync(append, letters);
            await engine.InsistAsync(() => engine.ReadInboxAsync(this));
        }

        if (reply is AppendReply.Fenced fenced)
        {
            engine.Fenced(Node, fenced);
            throw new RunLostException(Id);
        }

        if (reply is not AppendReply.Appended) throw new InvariantBrokenException($"Run {Id} was appended to by somebody else: {reply}.");
        if (append.Entries.Count > 0) chain = append.Entries[^1].Chain;
        bytes += append.Bytes();
        engine.Failing?.Stored(append, state);
        Volatile.Write(ref row, append.Row);
        Volatile.Write(ref state, next);
        if (append.Row is { Owned: false, Scope: not null }) engine.Queue.Poke(); // Its slot is free.
        return parks;
    }

    /// <summary>An ended run that is still in memory belongs to nobody: whoever goes on with it takes it first.</summary>
    private async Task<RunRow> TakeAgainAsync()
    {
        var again = await engine.ReclaimAsync(row);
        if (again is not null && again.Seq == state.Seq) return again;
        if (again is not null) engine.Forward(row, new Letter(new WakeRun(), 0, null) { Claimed = again }); // Another node went on with it meanwhile: it is loaded anew.
        throw new RunLostException(Id);
    }

    private void Take(RunRow mine)
    {
        Volatile.Write(ref row, mine);
        Volatile.Write(ref claim, mine);
    }

    /// <summary>Sends the same bytes until they are stored, deciding nothing anew; whoever waits for an answer is told at once.</summary>
    private async Task<AppendReply> StoreAsync(JournalAppend append, List<Letter> letters)
    {
        var doubt = false;
        while (true)
        {
            try
            {
                var reply = await engine.Journal.AppendAsync(append, CancellationToken.None);
                if (!doubt || reply is not AppendReply.Conflict) return reply;
                // Either our first try was stored, or it freed the run and somebody else has gone on with it since.
                return await engine.IsStoredAsync(append) ? new AppendReply.Appended() : new AppendReply.Fenced();
            }
            catch (JournalUnavailableException e) when (!engine.Mistakes.DecidesAnew)
            {
                doubt = true;
                foreach (var letter in letters) letter.Reply?.TrySetException(e);
                await engine.DelayAsync(e.RetryAfter);
                if (IsGone) throw new RunLostException(Id);
            }
        }
    }

    /// <summary>The end of an attempt cancels its calls; a new attempt starts with a token of its own.</summary>
    private async Task TurnTokenAsync(bool over)
    {
        if (cancelled is not { } calls) return;
        if (over) await Stage.CancelAsync(calls);
        else if (calls.IsCancellationRequested && !engine.IsStopping) Volatile.Write(ref cancelled, null);
    }

    /// <summary>Calls off what is under way, and leaves it at that.</summary>
    internal Task CallOffAsync() => Volatile.Read(ref cancelled) is { } calls ? Stage.CancelAsync(calls) : Task.CompletedTask;

    private void Dispatch(RunEffect effect)
    {
        if (!IsLeft(effect) && inFlight.Add(effect.Id)) engine.Track(engine.Dispatcher.PerformAsync(this, effect));
    }

    /// <summary>While other steps keep the run in memory, sleeps, retries and timeouts come from a timer instead of the row.</summary>
    private void Arm(DateTimeOffset? at)
    {
        // What is due and was not taken up waits for a place, not for a time: the run's next change takes it up.
        if (at == alarmAt && !(rang && at > engine.Now)) return;
        rang = false;
        alarmAt = at;
        alarm?.Dispose();
        alarm = null;
        if (at is not { } time) return;
        var due = time - engine.Now;
        due = due < TimeSpan.Zero ? TimeSpan.Zero : due > AlarmMax ? AlarmMax : due + TimeSpan.FromMilliseconds(1);
        alarm = engine.Clock.CreateTimer(static run => ((LiveRun)run!).Ring(), this, due, Timeout.InfiniteTimeSpan);
    }

    private void Ring()
    {
        rang = true; // It is set anew after the turn, should it have rung too early.
        Post(new Letter(new WakeRun(), 0, null));
    }
}
