using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Calls without effects need no record before they are made: those that end at once are made within the turn, and what they give
/// is journaled with what led to them. A process that dies before the append makes them again and gets the same.
/// </summary>
internal sealed partial class LiveRun
{
    /// <summary>Such calls in one turn; the next ones follow its append.</summary>
    private const int PureMax = 64;

    /// <summary>No further call is made in a turn whose calls have given more, bytes: an append is to stay small.</summary>
    private const int PureBytes = 1024 * 1024;

    /// <summary>No further call is made in a turn that has lasted longer, so that what is done comes on record.</summary>
    private static readonly TimeSpan PureTime = TimeSpan.FromMilliseconds(5);

    /// <summary>Makes pure calls and decides what comes of them, up to the first that takes its time or has an effect.</summary>
    private async ValueTask<IReadOnlyList<RunEffect>> GoOnAsync(DecidedTurn turn)
    {
        var pending = RunMachine.Pending(turn.Next, inFlight);
        var (made, bytes, began) = (0, 0L, engine.Clock.GetTimestamp());
        while (true)
        {
            var before = made;
            foreach (var effect in pending)
            {
                if (effect is not InvokeSkill { Class: EffectClass.Pure } call || IsLeft(call) || inFlight.Contains(call.Id)) continue;
                if (made >= PureMax || bytes > PureBytes || engine.Clock.GetElapsedTime(began) > PureTime) return RunMachine.Pending(turn.Next, inFlight);
                if (await engine.Dispatcher.AtOnceAsync(this, call) is not { } outcome)
                {
                    inFlight.Add(call.Id);
                    continue;
                }

                made++;
                bytes += outcome.Result.Bytes();
                turn.Add(RunMachine.Decide(turn.Next, new RecordOutcome(call.Id, outcome), new Facts(engine.Now)));
            }

            if (made == before) return pending;
            pending = RunMachine.Pending(turn.Next, inFlight);
        }
    }
}
