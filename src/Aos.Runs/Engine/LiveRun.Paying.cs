using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// What a turn wants to pay is reserved before it is journaled that the calls are ordered. Where a budget has no room the turn is cut there: what
/// came in before is kept, calls under way go on, and the run waits, or its step fails, as the account says.
/// </summary>
internal sealed partial class LiveRun
{
    /// <summary>Null: not asked yet.</summary>
    private bool? isPriced;

    /// <summary>True: the turn was cut, and what is owed now is another thing.</summary>
    private async ValueTask<bool> PayAsync(DecidedTurn turn)
    {
        if (engine.Purse is not { } purse || turn.Events.Count == 0) return false;
        var start = turn.Next.Start!;
        if (!PaidCalls.Any(turn.Events, isPriced ??= PaidCalls.IsPriced(start))) return false;
        var reserved = new HashSet<string>(StringComparer.Ordinal);
        var (isCut, from, last) = (false, 0, (BudgetBreach?)null);
        while (true)
        {
            var facts = PaidCalls.Of(state, turn.Events);
            List<MoneyFact> asked = [.. facts.Calls.Where(fact => fact.Kind == MoneyKind.Opened && fact.Event >= from)];
            if (asked.Count > 0 && facts.Calls.Any(fact => fact.IsOver && fact.Event < asked[0].Event))
            {
                // What it means that a call cost more than it could is on record before anything more is paid.
                from = Hold(turn, asked[0].Event);
                isCut = true;
                continue;
            }

            var reply = asked.Count == 0 ? null : await ReserveAsync(purse, start, [.. asked.Select(fact => fact.Call)], turn.Letters);
            if (reply is not null) reserved.UnionWith(asked.Take(reply.Fits).Select(fact => fact.Call.Call));
            if (reply?.Breach is not { } breach)
            {
                turn.Money = Purse.Of(state, turn.Next, turn.Events, facts, reserved, last);
                return isCut;
            }

            var at = asked[reply.Fits].Event;
            isCut = true;
            if (facts.Calls.Any(fact => fact.Kind == MoneyKind.Settled && fact.Event < at) && !IsRefused(turn, turn.LetterOf(at), at))
            {
                from = Hold(turn, at); // There may be room once it is booked what calls before have really cost.
                continue;
            }

            last = breach;
            from = Cut(turn, at, breach);
        }
    }

    /// <summary>Takes the turn back to before an order, which is decided again once what came before is stored.</summary>
    private int Hold(DecidedTurn turn, int at)
    {
        turn.Cut(at, turn.LetterOf(at));
        Return(turn);
        turn.GoOn();
        return turn.Events.Count;
    }

    /// <summary>Outcomes that the next turn decides are of calls that are under way until then.</summary>
    private void Return(DecidedTurn turn)
    {
        foreach (var (of, effect) in turn.Removed)
        {
            if (of >= turn.Decided) inFlight.Add(effect);
        }
    }

    /// <summary>Takes the turn back to before an order that nothing pays. Gives the index from which on events are new.</summary>
    private int Cut(DecidedTurn turn, int at, BudgetBreach breach)
    {
        var (letter, order) = (turn.LetterOf(at), (StepStarted)turn.Events[at]);
        if (IsRefused(turn, letter, at))
        {
            turn.Refusals[letter] = breach.Why;
            turn.Cut(turn.Start(letter), letter);
        }
        else
        {
            turn.Cut(at, letter);
        }

        Return(turn);
        var from = turn.Events.Count;
        if (turn.Next.IsPaused || turn.Next.Status.IsOver()) return from;
        var facts = new Facts(engine.Now);
        turn.Add(breach.Account.Fails && !order.Effect.Compensation
            ? RunMachine.Decide(turn.Next, new WakeRun(), facts with { Refused = new RefusedCall(order.Effect, breach.Why) })
            : RunMachine.Decide(turn.Next, new PauseRun(breach.Why.Message) { Why = breach.Why }, facts));
        return from;
    }

    /// <summary>Whoever wants a run to go on again hears that it cannot, where nothing of what would follow is paid; the run stays as it is.</summary>
    private bool IsRefused(DecidedTurn turn, int letter, int at)
    {
        if (letter < 0) return false;
        if (turn.Letters[letter].Command is not RetryRun && !(turn.Letters[letter].Command is ResumeRun && state.Pause?.Why is not null)) return false;
        return !turn.Events.Skip(turn.Start(letter)).Take(at - turn.Start(letter)).Any(e => e is StepStarted);
    }

    /// <summary>Asks until there is an answer; asking twice for the same calls reserves them once. Whoever waits is told at once.</summary>
    private async Task<ReserveReply?> ReserveAsync(Purse purse, RunStarted start, IReadOnlyList<PaidCall> calls, List<Letter> letters)
    {
        if (!row.Owned) Take(await TakeAgainAsync());
        while (true)
        {
            try
            {
                var reply = await purse.ReserveAsync(Node, start, calls, engine.Stopping);
                if (reply is { IsFenced: true }) engine.Fenced(Node, new AppendReply.Fenced(WholeNode: true));
                if (reply is { IsFenced: true } or { IsLost: true }) throw new RunLostException(Id);
                return reply;
            }
            catch (JournalUnavailableException e)
            {
                foreach (var letter in letters) letter.Reply?.TrySetException(e);
                await engine.DelayAsync(e.RetryAfter);
                if (IsGone) throw new RunLostException(Id);
            }
        }
    }

    /// <summary>The next turn decides these first.</summary>
    private void Postpone(IReadOnlyList<Letter> letters)
    {
        if (letters.Count == 0) return;
        lock (gate)
        {
            if (!closed)
            {
                Letter[] later = [.. letters, .. mailbox];
                mailbox.Clear();
                foreach (var letter in later) mailbox.Enqueue(letter);
                return;
            }
        }

        foreach (var letter in letters) engine.Forward(row, letter);
    }
}
