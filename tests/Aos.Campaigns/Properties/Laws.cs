using System.Text.Json;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Campaigns;

/// <summary>
/// One run that grows by commands, held to the laws at each of them: deciding twice gives the same and changes nothing, what was decided
/// folds, what is read back from its stored form decides the same, money holds, and nothing goes out under the key of something done.
/// </summary>
internal sealed class Laws(RunId id, Action<string> broken)
{
    private readonly HashSet<EffectId> succeeded = [];
    private RunState stored = RunState.Empty;
    private byte[] chain = ChainHash.Start;

    internal RunState State { get; private set; } = RunState.Empty;

    internal List<RunEvent> Journal { get; } = [];

    /// <summary>The state after each event.</summary>
    internal List<RunState> States { get; } = [];

    internal int Decisions { get; private set; }

    internal Decision Do(RunCommand command, DateTimeOffset now)
    {
        Decisions++;
        var before = Print.Of(State);
        var facts = new Facts(now);
        var decision = RunMachine.Decide(State, command, facts);
        var told = Print.Of(decision);
        if (Print.Of(RunMachine.Decide(State, command, facts)) != told) Break($"{command.GetType().Name} is decided in two ways");
        if (Print.Of(RunMachine.Decide(stored, command, facts)) != told) Break($"{command.GetType().Name} is decided in another way from the stored events");
        if (Print.Of(State) != before) Break($"deciding about {command.GetType().Name} has changed the state it was asked about");
        foreach (var e in decision.Events) Fold(e);
        if (Print.Of(decision.After ?? State) != Print.Of(State)) Break($"the state that {command.GetType().Name} leaves is not that of its events");
        return decision;
    }

    /// <summary>What holds of a run as a whole, over or not: decided again from its facts it is the same run.</summary>
    internal void Replay()
    {
        var replay = MachineReplay.Of(Journal, Print.Of);
        if (replay.Seq is not null) Break($"its replay differs: {replay.Reason}");
        else if (Print.Of(replay.State) != Print.Of(State)) Break("its replay ends in another state");
        if (State.End is { } end && end.RootHash != RootHash.Of(replay.State)) Break("the root hash on record is not that of its replay");
    }

    /// <summary>What a fork has taken over is what its origin did.</summary>
    internal void ComparePrefix(RunState origin)
    {
        for (var i = 0; i < State.Steps.Length; i++)
        {
            var (was, now) = (origin.Steps[i], State.Steps[i]);
            if (now.Taken is null) continue;
            var differs = was.Status != now.Status ? "status" : was.Failure?.Code != now.Failure?.Code ? "failure" : was.Fallback != now.Fallback ? "fallback"
                : !JsonElement.DeepEquals(was.Result ?? Json.Null, now.Result ?? Json.Null) ? "result"
                : !JsonElement.DeepEquals(StepView.Params(origin, i), StepView.Params(State, i)) ? "parameters" : Differ(was.Calls, now.Calls);
            if (differs is not null) Break($"the {differs} of step {State.Plan.Steps[i].Id} that it took over is not as in its origin");
            if (now.Cost != Cents.Zero) Break($"the step {State.Plan.Steps[i].Id} that it took over is charged again");
        }
    }

    private static string? Differ(IReadOnlyList<CallState> was, IReadOnlyList<CallState> now) =>
        was.Count != now.Count ? "number of calls"
        : !was.Zip(now).All(pair => Taken(pair.First.Status) == pair.Second.Status && pair.First.InputHash == pair.Second.InputHash && pair.First.Outcome?.Failure?.Code == pair.Second.Outcome?.Failure?.Code) ? "calls"
        : null;

    /// <summary>A call that was under way when its step ended is not the fork's.</summary>
    private static CallStatus Taken(CallStatus was) => was is CallStatus.Started or CallStatus.Delayed or CallStatus.Unknown ? CallStatus.Failed : was;

    internal void Break(string what) => broken($"{what} (event {State.Seq} of run {id})");

    private void Fold(RunEvent e)
    {
        try
        {
            State = RunMachine.Evolve(State, e);
            var entry = EventCodec.Encode(id, State.Seq, e, chain);
            chain = entry.Chain;
            var read = EventCodec.Decode(id, entry);
            if (Print.Of(read) != Print.Of(e)) Break($"{e.GetType().Name} reads back as another event");
            stored = RunMachine.Evolve(stored, read);
        }
        catch (Exception ex) when (ex is not OutOfMemoryException)
        {
            Break($"{e.GetType().Name} was decided and does not fold: {ex.GetType().Name}: {ex.Message}");
            throw new LawBrokenException();
        }

        Journal.Add(e);
        States.Add(State);
        if (e is CallSucceeded done) succeeded.Add(done.Effect);
        if (e is StepStarted started && succeeded.Contains(started.Effect)) Break($"it orders {started.Effect} again, which has succeeded under that key");
        if (State.Reserved < Cents.Zero) Break("it has reserved less than nothing");
        if (State.Start?.Budget is { } budget && State.Spent + State.Reserved > budget) Break($"it may spend {State.Spent + State.Reserved} of {budget}");
    }
}

/// <summary>A run cannot go on after this; what broke was told.</summary>
internal sealed class LawBrokenException : Exception;
