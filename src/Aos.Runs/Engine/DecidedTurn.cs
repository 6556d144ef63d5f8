using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What a turn of a run has decided so far, and nobody but the turn knows yet.</summary>
internal sealed class DecidedTurn
{
    private readonly RunState before;
    private readonly long readBefore;

    /// <summary>Events after each letter.</summary>
    private readonly List<int> marks;

    private readonly List<long> reads;

    /// <param name="before">The run as it is stored.</param>
    /// <param name="read">Number of the last inbox item decided before.</param>
    internal DecidedTurn(RunState before, long read, List<Letter> letters)
    {
        (this.before, readBefore, Next, Read, Letters, Decided) = (before, read, before, read, letters, letters.Count);
        (marks, reads, Refusals) = (new List<int>(letters.Count), new List<long>(letters.Count), new Failure?[letters.Count]);
    }

    internal List<Letter> Letters { get; }

    /// <summary>Letters that this turn decides, from the first on.</summary>
    internal int Decided { get; private set; }

    internal RunState Next { get; private set; }

    internal List<RunEvent> Events { get; } = [];

    internal Failure?[] Refusals { get; }

    /// <summary>Calls that were under way and whose outcomes the letters brought.</summary>
    internal List<(int Letter, EffectId Effect)> Removed { get; } = [];

    /// <summary>Number of the last inbox item decided.</summary>
    internal long Read { get; private set; }

    /// <summary>Letters that the next turn decides: what this one had to hold on to comes first.</summary>
    internal IReadOnlyList<Letter> Postponed { get; private set; } = [];

    /// <summary>What the events mean for shared budgets, or null.</summary>
    internal AppendMoney? Money { get; set; }

    /// <summary>The letter at this place, if it is to be decided.</summary>
    internal Letter? Reads(int at)
    {
        var letter = Letters[at];
        if (letter.InboxSeq > 0 && letter.InboxSeq <= Read) return null; // It was read twice from the inbox.
        Read = Math.Max(Read, letter.InboxSeq);
        Refusals[at] = letter.Refusal;
        return letter.Refusal is null ? letter : null;
    }

    /// <summary>The call whose outcome a letter brings, or null.</summary>
    internal static EffectId? Answered(Letter letter) => letter.Command switch
    {
        RecordOutcome outcome => outcome.Effect,
        RecordMemory memory => memory.Effect,
        _ => null,
    };

    internal void Add(Decision decision)
    {
        Events.AddRange(decision.Events);
        Next = decision.From(Next);
    }

    /// <summary>A letter is decided.</summary>
    internal void Mark()
    {
        marks.Add(Events.Count);
        reads.Add(Read);
    }

    /// <summary>The letter that brought about an event; -1: what followed the last one did.</summary>
    internal int LetterOf(int at) => marks.FindIndex(mark => mark > at);

    /// <summary>Index of the first event that a letter brought about.</summary>
    internal int Start(int letter) => letter == 0 ? 0 : marks[letter - 1];

    /// <summary>Holds the events up to <paramref name="keep"/>, and the letters up to and including this one; the other letters are postponed.</summary>
    internal void Cut(int keep, int letter)
    {
        Events.RemoveRange(keep, Events.Count - keep);
        Next = Events.Aggregate(before, RunMachine.Evolve);
        if (letter < 0) return;
        marks[letter] = keep;
        if (letter == Decided - 1) return;
        (Decided, Read) = (letter + 1, reads[letter]);
        Postponed = [.. Letters.Skip(Decided)];
        marks.RemoveRange(Decided, marks.Count - Decided);
    }

    /// <summary>Once the events are stored the run decides on, before anything else.</summary>
    internal void GoOn() => Postponed = [new Letter(new WakeRun(), 0, null), .. Postponed];

    /// <summary>Replies to letters that other nodes wait for.</summary>
    internal IReadOnlyList<InboxAnswer> Answers()
    {
        List<InboxAnswer>? answers = null;
        for (var i = 0; i < Decided; i++)
        {
            if (Letters[i].IsAsked && Letters[i].InboxSeq > 0 && IsRead(i)) (answers ??= []).Add(CommandCodec.Answer(Letters[i].InboxSeq, Refusals[i], Next.Seq));
        }

        return answers ?? (IReadOnlyList<InboxAnswer>)[];
    }

    internal void Answer(RunState after)
    {
        for (var i = 0; i < Decided; i++) Letters[i].Reply?.TrySetResult(Refusals[i] is { } why ? new CommandReply.Refused(why) : new CommandReply.Done(after));
    }

    /// <summary>It was decided here, and not one that had been read before.</summary>
    private bool IsRead(int at) => Letters[at].InboxSeq > (at == 0 ? readBefore : reads[at - 1]);
}
